#include "conf/stray.h"

#include "base/nearest.h"

#define PLACES_MAX 3u	/* a key like "url" may be valid in many places; the first few teach enough */
#define HINT_MAX 4096u

/* The section right below that has the key: the most likely home. */
static void name_child(const struct section *here, struct slice key, struct buf *out)
{
	for (size_t i = 0; i < here->n_rows && buf_len(out) == 0; i++)
		if (here->rows[i].of && row_find(here->rows[i].of, key))
			buf_addf(out, " (\"%.*s\" belongs one level deeper, in %s)", SLICE_ARG(key),
				here->rows[i].name);
}

/* Up to three sections that have the key. */
static void list_places(const struct section *root, struct slice key, struct buf *out)
{
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n = row_sites(root, sites), found = 0;

	for (size_t i = 0; i < n && found < PLACES_MAX; i++) {
		if (row_find(sites[i].of, key) == NULL)
			continue;
		buf_addf(out, found++ == 0 ? " (\"%.*s\" belongs " : " or ", SLICE_ARG(key));
		buf_addf(out, "%s", i == 0 ? "at the top level" : "in ");
		row_site_print(sites, i, out);
	}
	if (found)
		buf_add_char(out, ')');
}

static void list_keys(const struct section *here, struct buf *out)
{
	buf_addf(out, "; valid here: ");
	for (size_t i = 0; i < here->n_rows; i++)
		buf_addf(out, "%s%s", i ? ", " : "", here->rows[i].name);
}

void stray_explain(struct arena *a, const struct section *root, const struct section *here, struct slice key,
	struct slice *out_hint, struct slice *out_nearest)
{
	struct nearest near;
	struct buf hint;

	buf_init(&hint, HINT_MAX + ROW_ROWS_MAX * ROW_NAME_MAX);
	nearest_init(&near, key);
	for (size_t i = 0; i < here->n_rows; i++)
		nearest_offer(&near, slice_str(here->rows[i].name));
	*out_nearest = nearest_name(&near);
	name_child(here, key, &hint);
	if (buf_len(&hint) == 0)
		list_places(root, key, &hint);
	/* A key at home elsewhere was rather misplaced than mistyped. */
	if (buf_len(&hint))
		*out_nearest = SLICE_EMPTY;
	else if (out_nearest->n == 0)
		list_keys(here, &hint);
	*out_hint = arena_copy(a, buf_slice(&hint));
	buf_done(&hint);
}
