#include "conf/stray.h"

#include "base/nearest.h"

#define PLACES_MAX 3u	/* a key like "url" may be valid in many places; the first few teach enough */
#define HINT_MAX 4096u

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
	list_places(root, slice_of(key.p, MIN_OF(key.n, (size_t)ROW_NAME_MAX)), &hint);
	/* A key at home elsewhere was rather misplaced than mistyped. */
	if (buf_len(&hint))
		*out_nearest = SLICE_EMPTY;
	else if (out_nearest->n == 0)
		list_keys(here, &hint);
	*out_hint = arena_copy(a, buf_slice(&hint));
	buf_done(&hint);
}
