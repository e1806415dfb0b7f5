#include "conf/diff.h"

#define NAME_SHOWN 64u	/* bytes of one name in a path */

struct diff {
	struct buf *out;
	size_t n;
};

struct level {
	const struct level *up;
	struct slice name;
	size_t index;		/* when there is no name */
};

static void print_level(const struct level *l, struct buf *out)
{
	if (l == NULL)
		return;
	print_level(l->up, out);
	if (l->name.p == NULL)
		buf_addf(out, "[%zu]", l->index);
	else
		buf_addf(out, "%s%.*s", l->up ? "." : "", (int)MIN_OF(l->name.n, (size_t)NAME_SHOWN), l->name.p);
}

static void report(struct diff *d, const struct level *at)
{
	if (d->n++ >= DIFF_NAMES_MAX)
		return;
	if (d->n > 1)
		buf_addf(d->out, ", ");
	print_level(at, d->out);
}

static void compare_sections(struct diff *d, const struct section *of, const void *a, const void *b,
	const struct level *at);

static bool same_strs(const struct row_strs *a, const struct row_strs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!slice_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool same_value(const struct row *r, const void *a, const void *b)
{
	if (r->kind == ROW_STR)
		return slice_eq(*(const struct slice *)a, *(const struct slice *)b);
	if (r->kind == ROW_SECRET)
		return slice_eq(((const struct secret *)a)->bytes, ((const struct secret *)b)->bytes);
	if (r->kind == ROW_STR_LIST)
		return same_strs(a, b);
	return memcmp(a, b, row_size(r)) == 0;
}

/* Index of the item called `name`, or items->n. */
static size_t find_name(const struct row_items *items, struct slice name)
{
	size_t i = 0;

	while (i < items->n && !slice_eq(items->names[i], name))
		i++;
	return i;
}

static void compare_maps(struct diff *d, const struct row *r, const struct row_items *a, const struct row_items *b,
	const struct level *at)
{
	bool same_names = a->n == b->n;

	for (size_t i = 0; i < a->n; i++) {
		size_t j = find_name(b, a->names[i]);
		same_names = same_names && j < b->n;
		if (j < b->n)
			compare_sections(d, r->of, row_item(a, r->of, i), row_item(b, r->of, j),
				&(struct level){ at, a->names[i], 0 });
	}
	if (!same_names && !r->reload)
		report(d, at);
}

static void compare_lists(struct diff *d, const struct row *r, const struct row_items *a, const struct row_items *b,
	const struct level *at)
{
	for (size_t i = 0; i < MIN_OF(a->n, b->n); i++)
		compare_sections(d, r->of, row_item(a, r->of, i), row_item(b, r->of, i),
			&(struct level){ at, SLICE_EMPTY, i });
	if (a->n != b->n && !r->reload)
		report(d, at);
}

static void compare_sections(struct diff *d, const struct section *of, const void *a, const void *b,
	const struct level *at)
{
	for (size_t i = 0; i < of->n_rows; i++) {
		const struct row *r = &of->rows[i];
		const void *x = row_field_const(r, a), *y = row_field_const(r, b);
		struct level here = { at, slice_str(r->name), 0 };
		if (r->kind == ROW_SECTION)
			compare_sections(d, r->of, x, y, &here);
		else if (r->kind == ROW_MAP)
			compare_maps(d, r, x, y, &here);
		else if (r->kind == ROW_LIST)
			compare_lists(d, r, x, y, &here);
		else if (!r->reload && !same_value(r, x, y))
			report(d, &here);
	}
}

size_t diff_confs(const struct conf *before, const struct conf *after, struct buf *out)
{
	struct diff d = { out, 0 };

	must(before->of == after->of);
	compare_sections(&d, before->of, before->root, after->root, NULL);
	if (d.n > DIFF_NAMES_MAX)
		buf_addf(out, " and %zu more", d.n - DIFF_NAMES_MAX);
	return d.n;
}
