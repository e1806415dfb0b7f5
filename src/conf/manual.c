#include "conf/manual.h"

#include "conf/value.h"

struct manual {
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n;
	struct arena arena;
	struct buf *out;
};

/* A cell of a Markdown table: a bar would end it. */
static void add_cell(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '|')
			buf_add_char(out, '\\');
		buf_add_char(out, text.p[i] == '\n' ? ' ' : text.p[i]);
	}
}

static void add_places(struct manual *m, size_t site)
{
	struct buf first;
	size_t found = 0;

	buf_init(&first, ROW_TEXT_MAX);
	for (size_t i = 0; i < m->n; i++) {
		for (size_t j = 0; j < m->sites[i].of->n_rows; j++) {
			const struct row *r = &m->sites[i].of->rows[j];
			if (r->of != m->sites[site].of || (r == m->sites[site].via && i == m->sites[site].up))
				continue;
			buf_clear(&first);
			row_print(m->sites, i, r, &first);
			buf_addf(m->out, "%s`%.*s`", found++ ? ", " : "\nAlso at ", SLICE_ARG(buf_slice(&first)));
		}
	}
	if (found)
		buf_addf(m->out, ".\n");
	buf_done(&first);
}

static void add_head(struct manual *m, size_t site)
{
	const struct row_site *s = &m->sites[site];

	buf_addf(m->out, "\n## ");
	if (s->via) {
		buf_add_char(m->out, '`');
		row_site_print(m->sites, site, m->out);
		buf_addf(m->out, "`\n\n");
		add_cell(m->out, slice_str(s->via->help));
		buf_addf(m->out, ".\n");
	} else {
		buf_addf(m->out, "Top level\n");
	}
	add_places(m, site);
	if (s->of->scalar)
		buf_addf(m->out, "\nA single value in place of the mapping is its `%s`.\n", s->of->scalar);
}

static void add_default(struct buf *out, const struct row *r)
{
	if (r->dflt == NULL)
		buf_addf(out, "required");
	else if (r->dflt[0] == '\0')
		buf_addf(out, r->kind == ROW_SECTION ? "" : "empty");
	else
		buf_addf(out, r->kind == ROW_STR_LIST ? "`[%s]`" : "`%s`", r->dflt);
}

static void add_row(struct manual *m, const struct row *r)
{
	char range[128];

	buf_addf(m->out, "| `%s` | ", r->name);
	add_cell(m->out, value_wants(&m->arena, r));
	buf_addf(m->out, " | %s | ", value_range(r, range, sizeof(range)));
	add_default(m->out, r);
	/* What is inside a section says for itself. */
	buf_addf(m->out, " | %s | ", r->kind == ROW_SECTION ? "" : r->reload ? "reload" : "restart");
	add_cell(m->out, slice_str(r->help));
	buf_addf(m->out, " |\n");
}

void manual_rows(const struct section *root, struct buf *out)
{
	struct manual m = { .out = out };

	arena_init(&m.arena, 0);
	m.n = row_sites(root, m.sites);
	for (size_t i = 0; i < m.n; i++) {
		add_head(&m, i);
		buf_addf(out, "\n| key | what | range | default | changed by | meaning |\n|---|---|---|---|---|---|\n");
		for (size_t j = 0; j < m.sites[i].of->n_rows; j++)
			add_row(&m, &m.sites[i].of->rows[j]);
	}
	arena_done(&m.arena);
}
