#include "conf/show.h"

#include <stdio.h>

#include "base/utf8.h"
#include "conf/value.h"

struct show {
	const struct conf *c;
	struct buf *out;
	bool is_full;
	bool dash;		/* the next line starts a list item */
};

static void put(struct show *s, struct slice text)
{
	if (!s->is_full && !buf_put(s->out, text))
		s->is_full = true;
}

static void put_str(struct show *s, const char *text)
{
	put(s, slice_str(text));
}

static void indent(struct show *s, unsigned depth)
{
	for (unsigned i = s->dash; i < depth; i++)
		put_str(s, "  ");
	if (s->dash)
		put_str(s, "- ");
	s->dash = false;
}

static void end_line(struct show *s, bool is_default)
{
	put_str(s, is_default ? "  # default\n" : "\n");
}

/* ---- texts ---- */

/* Other YAML readers must see a text too, so words and numbers that mean something to them are quoted. */
static bool is_plain(struct slice t)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "null", "y", "n" };

	if (t.n == 0 || (!(t.p[0] >= 'a' && t.p[0] <= 'z') && !(t.p[0] >= 'A' && t.p[0] <= 'Z') && t.p[0] != '/'))
		return false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_case_eq(t, slice_str(words[i])))
			return false;
	for (size_t i = 0; i < t.n; i++) {
		bool is_word = (t.p[i] >= 'a' && t.p[i] <= 'z') || (t.p[i] >= 'A' && t.p[i] <= 'Z') ||
			       (t.p[i] >= '0' && t.p[i] <= '9');
		if (!is_word && memchr("_-./@+", t.p[i], 6) == NULL && (t.p[i] != ':' || i + 1 == t.n))
			return false;
	}
	return true;
}

static unsigned code_point(struct slice c)
{
	unsigned first = (unsigned char)c.p[0], v = c.n == 1 ? first : first & (0x7fu >> c.n);

	for (size_t i = 1; i < c.n; i++)
		v = v << 6 | ((unsigned char)c.p[i] & 0x3f);
	return v;
}

/* What YAML 1.2 does not call printable (5.1), and line ends in the eyes of YAML 1.1. */
static bool needs_escape(unsigned v)
{
	return v < 0x20 || (v >= 0x7f && v < 0xa0) || v == 0x2028 || v == 0x2029 || v == 0xfeff || v == 0xfffe ||
	       v == 0xffff;
}

/* `dollars`: double them, for values (keys are not expanded). */
static void put_quoted(struct show *s, struct slice t, bool dollars)
{
	char hex[16];

	put_str(s, "\"");
	for (size_t i = 0, len; i < t.n; i += len) {
		len = MAX_OF(utf8_len(slice_skip(t, i)), (size_t)1);
		unsigned v = code_point(slice_of(t.p + i, len));
		if (v == '"' || v == '\\')
			put_str(s, "\\");
		if (v == '$' && dollars)
			put_str(s, "$");
		if (needs_escape(v)) {
			snprintf(hex, sizeof(hex), "\\u%04x", v);
			put_str(s, hex);
		} else {
			put(s, slice_of(t.p + i, len));
		}
	}
	put_str(s, "\"");
}

static void put_text(struct show *s, struct slice t, bool dollars)
{
	if (is_plain(t))
		put(s, t);
	else
		put_quoted(s, t, dollars);
}

static void put_secret(struct show *s, struct secret k)
{
	char tag[8];

	if (k.bytes.n == 0) {
		put_str(s, "\"\"");
	} else if (slice_starts(k.bytes, SLICE("<secret "))) {
		put(s, k.bytes);	/* a fingerprint that was read back; real secrets cannot look so (walk.c) */
	} else {
		put_str(s, "<secret ");
		put_str(s, secret_tag(k, tag, sizeof(tag)));
		put_str(s, ">");
	}
}

/* ---- rows ---- */

static void show_section(struct show *s, const struct section *of, const void *from, unsigned depth);

static bool same_strs(const struct row_strs *v, const char *dflt)
{
	struct slice rest = slice_str(dflt), piece;
	size_t i = 0;

	for (; slice_next(&rest, ',', &piece); i++)
		if (i >= v->n || !slice_eq(piece, v->v[i]))
			return false;
	return i == v->n;
}

/* Kinds with one plain form: prints it, and tells whether it is the default's form too. */
static bool put_plain(struct show *s, const struct row *r, const void *field)
{
	union { bool b; int64_t i; double d; uint64_t u; int e; } dflt = { .u = 0 };
	struct value_fault why;
	struct arena a;
	struct buf now, then;

	arena_init(&a, 0);
	buf_init(&now, ROW_TEXT_MAX);
	buf_init(&then, ROW_TEXT_MAX);
	value_print(r, field, &now);
	if (r->dflt && value_parse(&a, r, slice_str(r->dflt), slice_str(r->dflt), &dflt, &why))
		value_print(r, &dflt, &then);
	put(s, buf_slice(&now));
	bool is_default = slice_eq(buf_slice(&now), buf_slice(&then));
	buf_done(&now);
	buf_done(&then);
	arena_done(&a);
	return is_default;
}

static void show_strs(struct show *s, const struct row *r, const struct row_strs *v)
{
	put_str(s, " [");
	for (size_t i = 0; i < v->n; i++) {
		put_str(s, i ? ", " : "");
		put_text(s, v->v[i], true);
	}
	put_str(s, "]");
	end_line(s, r->dflt && same_strs(v, r->dflt));
}

static void show_items(struct show *s, const struct row *r, const struct row_items *items, unsigned depth)
{
	if (items->n == 0) {
		put_str(s, r->kind == ROW_MAP ? " {}" : " []");
		end_line(s, r->dflt != NULL);
		return;
	}
	put_str(s, "\n");
	for (size_t i = 0; i < items->n; i++) {
		const void *item = row_item(items, r->of, i);
		if (r->kind == ROW_MAP) {
			indent(s, depth + 1);
			put_text(s, items->names[i], false);
			put_str(s, ":\n");
		}
		s->dash = r->kind == ROW_LIST;
		show_section(s, r->of, item, depth + 2);
	}
}

/* A section that is not there and cannot be written empty, because it has keys without default. */
static bool is_absent(const struct show *s, const struct row *r, const void *field)
{
	if (r->dflt == NULL || conf_given(s->c, field, r->of->size))
		return false;
	for (size_t i = 0; i < r->of->n_rows; i++)
		if (r->of->rows[i].dflt == NULL)
			return true;
	return false;
}

static void show_row(struct show *s, const struct row *r, const void *field, unsigned depth)
{
	if (r->of == NULL && r->kind != ROW_STR_LIST)
		put_str(s, " ");
	switch (r->kind) {
	case ROW_BOOL:
	case ROW_INT:
	case ROW_RATIO:
	case ROW_MS:
	case ROW_BYTES:
	case ROW_ENUM: end_line(s, put_plain(s, r, field)); return;
	case ROW_STR:
		put_text(s, *(const struct slice *)field, true);
		end_line(s, r->dflt && slice_eq(*(const struct slice *)field, slice_str(r->dflt)));
		return;
	case ROW_SECRET:
		put_secret(s, *(const struct secret *)field);
		end_line(s, r->dflt && ((const struct secret *)field)->bytes.n == 0);
		return;
	case ROW_STR_LIST: show_strs(s, r, field); return;
	case ROW_MAP:
	case ROW_LIST: show_items(s, r, field, depth); return;
	case ROW_SECTION:
		put_str(s, is_absent(s, r, field) ? " null  # default\n" : "\n");
		if (!is_absent(s, r, field))
			show_section(s, r->of, field, depth + 1);
		return;
	}
	must_never("a row of no kind");
}

static void show_section(struct show *s, const struct section *of, const void *from, unsigned depth)
{
	for (size_t i = 0; i < of->n_rows && !s->is_full; i++) {
		indent(s, depth);
		put_str(s, of->rows[i].name);
		put_str(s, ":");
		show_row(s, &of->rows[i], row_field_const(&of->rows[i], from), depth);
	}
}

bool show_conf(const struct conf *c, struct buf *out)
{
	struct show s = { .c = c, .out = out };

	show_section(&s, c->of, c->root, 0);
	return !s.is_full;
}
