/* Look-ups in row tables, and the proof that a table can work. */
#include "conf/row.h"

#include "conf/value.h"

const struct row *row_find(const struct section *s, struct slice name)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (slice_eq(name, slice_str(s->rows[i].name)))
			return &s->rows[i];
	return NULL;
}

const struct row *row_scalar(const struct section *s)
{
	return s->scalar ? row_find(s, slice_str(s->scalar)) : NULL;
}

struct slice row_name(const struct row *r, size_t i)
{
	struct slice rest = slice_str(r->names), name;

	for (; slice_next(&rest, '|', &name); i--)
		if (i == 0)
			return name;
	return SLICE_EMPTY;
}

int row_name_index(const struct row *r, struct slice name)
{
	struct slice rest = slice_str(r->names), valid;

	for (int i = 0; slice_next(&rest, '|', &valid); i++)
		if (slice_eq(valid, name))
			return i;
	return -1;
}

static bool is_listed(const struct row_site *sites, size_t n, const struct section *of)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].of == of)
			return true;
	return false;
}

size_t row_sites(const struct section *root, struct row_site out[ROW_SECTIONS_MAX])
{
	size_t n = 0;

	out[n++] = (struct row_site){ root, NULL, 0 };
	for (size_t at = 0; at < n; at++) {
		const struct section *s = out[at].of;
		for (size_t i = 0; i < s->n_rows; i++) {
			const struct row *r = &s->rows[i];
			if (r->of == NULL || is_listed(out, n, r->of))
				continue;
			must(n < ROW_SECTIONS_MAX);
			out[n++] = (struct row_site){ r->of, r, at };
		}
	}
	return n;
}

void row_site_print(const struct row_site *sites, size_t i, struct buf *out)
{
	if (sites[i].via)
		row_print(sites, sites[i].up, sites[i].via, out);
}

void row_print(const struct row_site *sites, size_t i, const struct row *r, struct buf *out)
{
	row_site_print(sites, i, out);
	buf_addf(out, "%s%s%s", sites[i].via ? "." : "", r->name,
		r->kind == ROW_MAP ? ".<name>" : r->kind == ROW_LIST ? "[]" : "");
}

size_t row_size(const struct row *r)
{
	switch (r->kind) {
	case ROW_BOOL: return sizeof(bool);
	case ROW_INT: return sizeof(int64_t);
	case ROW_RATIO: return sizeof(double);
	case ROW_MS:
	case ROW_BYTES: return sizeof(uint64_t);
	case ROW_STR: return sizeof(struct slice);
	case ROW_SECRET: return sizeof(struct secret);
	case ROW_ENUM: return sizeof(int);
	case ROW_STR_LIST: return sizeof(struct row_strs);
	case ROW_SECTION: return r->of->size;
	case ROW_MAP:
	case ROW_LIST: return sizeof(struct row_items);
	}
	must_never("a row of no kind");
}

/* The default must be a value that the file could hold too. */
static void prove_default(const struct row *r)
{
	union { bool b; int64_t i; double d; uint64_t u; struct slice s; struct secret k; int e; } field;
	struct arena a;
	struct value_fault why;

	arena_init(&a, 0);
	must(value_parse(&a, r, slice_str(r->dflt), slice_str(r->dflt), &field, &why));
	must(r->kind == ROW_STR || r->kind == ROW_SECRET || r->dflt[0] != '\0');
	arena_done(&a);
}

static void prove_strs_default(const struct row *r)
{
	struct slice rest = slice_str(r->dflt), piece;
	size_t n = 0;

	for (; slice_next(&rest, ',', &piece); n++)
		must(piece.n > 0);
	must(n == 0 || (n >= r->min && n <= r->max));
}

static void prove_row(const struct section *s, const struct row *r)
{
	must(r->name && r->name[0] && r->help && r->help[0]);
	must(row_find(s, slice_str(r->name)) == r);
	must((r->kind == ROW_SECTION || r->kind == ROW_MAP || r->kind == ROW_LIST) == (r->of != NULL));
	must((r->kind == ROW_ENUM) == (r->names != NULL));
	must(r->offset + row_size(r) <= s->size);
	must(r->kind == ROW_INT ? (int64_t)r->min <= (int64_t)r->max : r->min <= r->max);
	must(r->kind != ROW_STR || (r->max > 0 && r->max <= ROW_TEXT_MAX));
	if (r->dflt == NULL)
		return;
	if (r->kind == ROW_STR_LIST)
		prove_strs_default(r);
	else if (r->of)
		must(r->dflt[0] == '\0');
	else
		prove_default(r);
}

void row_proof(const struct section *root)
{
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n = row_sites(root, sites);

	for (size_t i = 0; i < n; i++) {
		const struct section *s = sites[i].of;
		must(s->name && s->name[0] && s->n_rows > 0 && s->n_rows <= ROW_ROWS_MAX);
		for (size_t j = 0; j < i; j++)
			must(!slice_eq(slice_str(s->name), slice_str(sites[j].of->name)));
		for (size_t j = 0; j < s->n_rows; j++) {
			prove_row(s, &s->rows[j]);
			must(s->rows[j].of != root);
		}
		must(s->scalar == NULL || (row_scalar(s) && row_scalar(s)->of == NULL));
		must(s->scalar == NULL || row_scalar(s)->kind != ROW_STR_LIST);
	}
}
