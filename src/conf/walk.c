#include "conf/walk.h"

#include "base/span.h"
#include "conf/expand.h"
#include "conf/stray.h"
#include "conf/value.h"

#define SHORT_WORD 8u		/* nobody issues keys below this length */
#define PATH_MAX_BYTES 16384u	/* 32 levels (codec/yaml.h) of names */

struct walk {
	struct conf *c;
	const struct source *from;
	size_t text_left;
};

/* One level of the walk; `up` leads to the root, so a message can name the whole path. */
struct step {
	const struct step *up;		/* NULL: the root */
	struct slice key;
	size_t index;			/* in a list, when there is no key */
	const struct yaml *node;	/* NULL: the root of an empty file */
	const struct yaml *after;	/* the node that follows in the file: where this one has surely ended */
};

static struct step step_into(const struct step *up, const struct yaml *child, size_t index)
{
	return (struct step){ up, child->key, index, child, child->next ? child->next : up->after };
}

/* Appends `models."gpt-4.1".tiers[0]`. */
static void print_path(const struct step *s, struct buf *out)
{
	bool is_plain = s->key.n > 0;

	if (s->up == NULL)
		return;
	print_path(s->up, out);
	if (s->up->node->kind == YAML_LIST) {
		buf_addf(out, "[%zu]", s->index);
		return;
	}
	for (size_t i = 0; i < s->key.n; i++)
		is_plain = is_plain && s->key.p[i] != '.' && s->key.p[i] != '[' && s->key.p[i] != ' ';
	struct slice key = slice_of(s->key.p, MIN_OF(s->key.n, (size_t)ROW_NAME_MAX));
	buf_addf(out, is_plain ? "%s%.*s" : "%s\"%.*s\"", s->up->up ? "." : "", SLICE_ARG(key));
}

static struct slice path_of(struct walk *w, const struct step *s)
{
	struct buf b;

	buf_init(&b, PATH_MAX_BYTES);
	print_path(s, &b);
	struct slice path = arena_copy(&w->c->arena, buf_slice(&b));
	buf_done(&b);
	return path;
}

/* Scalars are pointed at; for what spans lines, its key is. */
static struct conf_place place_of(const struct step *s)
{
	const struct yaml *n = s->node;

	if (n == NULL || (s->up == NULL && n->kind == YAML_MAP))
		return (struct conf_place){ 0 };
	if (n->kind != YAML_SCALAR && n->key_line)
		return (struct conf_place){ NULL, n->key_line, n->key_column };
	return (struct conf_place){ NULL, n->line, n->column };
}

static void complain(struct walk *w, const struct step *s, struct slice nearest, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
static void complain(struct walk *w, const struct step *s, struct slice nearest, const char *fmt, ...)
{
	struct conf_place at = place_of(s);
	struct slice path = SLICE("the file"), what;
	va_list args;

	if (s->up && !flaw_is_full(&w->c->faults))
		path = path_of(w, s);
	va_start(args, fmt);
	what = arena_vprintf(&w->c->arena, fmt, args);
	va_end(args);
	flaw_add(&w->c->faults, at.line, at.column, nearest, "%.*s %.*s", SLICE_ARG(path), SLICE_ARG(what));
}

static void remember(struct walk *w, const void *field, size_t size, struct conf_place at)
{
	place_add(&w->c->places, &w->c->arena, (struct place){ field, size, at.line, at.column, 0 });
}

/* Nothing written: `key:`, `key: ~`, `key: null` (YAML core schema). */
static bool is_null(const struct yaml *n)
{
	return n->kind == YAML_SCALAR && !n->quoted &&
	       (n->text.n == 0 || slice_eq(n->text, SLICE("~")) || slice_eq(n->text, SLICE("null")) ||
		slice_eq(n->text, SLICE("Null")) || slice_eq(n->text, SLICE("NULL")));
}

/* ---- what must not be shown ---- */

static bool is_reference(struct slice text)
{
	return slice_starts(text, SLICE("file:")) || expand_is_name(text);
}

/* No secret: references, numbers with or without unit, short words. */
static bool is_harmless(struct slice text)
{
	uint64_t v;

	return text.n < SHORT_WORD || is_reference(text) || span_parse_ms(text, &v) || span_parse_bytes(text, &v);
}

/* Under a key that means nothing, or in place of something else, any text may be a key that went astray. */
static void hide_texts(struct walk *w, const struct yaml *node, const struct yaml *after)
{
	if (node->kind == YAML_SCALAR && !is_harmless(node->text))
		mask_add(&w->c->faults.mask, node, after);
	for (const struct yaml *child = node->first; child; child = child->next)
		hide_texts(w, child, child->next ? child->next : after);
}

static void wrong_kind(struct walk *w, const struct row *r, const struct step *s)
{
	static const char *const found[] = { [YAML_SCALAR] = "a single value", [YAML_MAP] = "a mapping",
		[YAML_LIST] = "a list" };
	struct slice wants = value_wants(&w->c->arena, r);

	if (r->kind == ROW_SECRET)
		mask_tree(&w->c->faults.mask, s->node, s->after);
	hide_texts(w, s->node, s->after);
	complain(w, s, SLICE_EMPTY, "wants %.*s, not %s", SLICE_ARG(wants), found[s->node->kind]);
}

/* ---- scalars ---- */

static bool charge(struct walk *w, const struct step *s, size_t n)
{
	if (n > w->text_left) {
		complain(w, s, SLICE_EMPTY, "is too much: all texts together pass %u bytes", WALK_TEXT_MAX);
		return false;
	}
	w->text_left -= n;
	return true;
}

static bool read_secret_file(struct walk *w, const struct step *s, struct slice path, struct slice *out)
{
	struct conf *c = w->c;
	struct slice shown = value_sample(&c->arena, s->node->text), text;
	const char *why = "files cannot be read here";

	if (path.n == 0 || slice_find(path, '\0') < path.n) {
		complain(w, s, SLICE_EMPTY, "names no file: write file:/path");
		return false;
	}
	const char *name = source_beside(&c->arena, c->file, path);
	if (w->from->file == NULL || !w->from->file(w->from->arg, &c->arena, name, ROW_SECRET_MAX, &text, &why)) {
		complain(w, s, SLICE_EMPTY, "cannot read \"%.*s\": %s", SLICE_ARG(shown), why);
		return false;
	}
	*out = slice_trim(text);
	if (out->n == 0)
		complain(w, s, SLICE_EMPTY, "takes its value from \"%.*s\", which is empty", SLICE_ARG(shown));
	return out->n > 0;
}

/* A line end after a key in a file or variable is a habit of editors and `echo`, never part of the key. */
static bool read_secret(struct walk *w, const struct step *s, struct slice text, struct slice *out)
{
	if (slice_starts(s->node->text, SLICE("file:")))
		return read_secret_file(w, s, slice_skip(text, 5), out) && charge(w, s, out->n);
	*out = slice_trim(text);
	if (slice_starts(*out, SLICE("<secret ")) && !w->from->takes_fingerprints) {
		complain(w, s, SLICE_EMPTY, "is the fingerprint that \"weir config show\" prints, not the secret: "
			"write ${NAME} or file:/path");
		return false;
	}
	return true;
}

/* The scalar's text with its references filled in, in the arena, a NUL after it. */
static bool read_text(struct walk *w, const struct row *r, const struct step *s, struct slice *out)
{
	struct conf *c = w->c;
	struct slice raw = s->node->text, text, why;

	if (s->node->kind != YAML_SCALAR) {
		wrong_kind(w, r, s);
		return false;
	}
	if (r->kind == ROW_SECRET && !is_reference(raw))
		mask_add(&c->faults.mask, s->node, s->after);
	if (slice_starts(raw, SLICE("os.environ/"))) {
		complain(w, s, SLICE_EMPTY, "is written as LiteLLM has it; write ${NAME} for a variable");
		return false;
	}
	if (!expand_text(&c->arena, raw, w->from, ROW_TEXT_MAX, &text, &why)) {
		complain(w, s, SLICE_EMPTY, "%.*s", SLICE_ARG(why));
		return false;
	}
	if (!charge(w, s, text.n))
		return false;
	*out = text.p == raw.p ? arena_copy(&c->arena, text) : text;
	return r->kind != ROW_SECRET || read_secret(w, s, *out, out);
}

static void take_scalar(struct walk *w, const struct row *r, void *field, const struct step *s)
{
	struct slice text;
	struct value_fault why;

	if (read_text(w, r, s, &text) && !value_parse(&w->c->arena, r, text, s->node->text, field, &why))
		complain(w, s, why.nearest, "%.*s", SLICE_ARG(why.what));
}

/* ---- lists and maps ---- */

static void take_section(struct walk *w, const struct section *of, void *into, const struct step *s);

/* How many elements to take. */
static size_t check_count(struct walk *w, const struct row *r, const struct step *s)
{
	size_t n = s->node->n;
	bool is_unset = n == 0 && r->dflt && r->dflt[0] == '\0';
	char range[128];

	if (!is_unset && (n < r->min || n > r->max))
		complain(w, s, SLICE_EMPTY, "wants %s, not %zu", value_range(r, range, sizeof(range)), n);
	return MIN_OF(n, r->max);
}

static void take_strs(struct walk *w, const struct row *r, struct row_strs *out, const struct step *s)
{
	struct slice text;
	size_t i = 0;

	if (s->node->kind != YAML_LIST) {
		wrong_kind(w, r, s);
		return;
	}
	size_t n = check_count(w, r, s);
	*out = (struct row_strs){ ARENA_ARRAY(&w->c->arena, struct slice, n), n };
	for (const struct yaml *child = s->node->first; child && i < n; child = child->next, i++) {
		struct step at = step_into(s, child, i);
		if (!read_text(w, r, &at, &text))
			continue;
		const char *bad = text.n == 0 ? "must not be empty" : value_bad_text(text);
		if (bad)
			complain(w, &at, SLICE_EMPTY, "%s", bad);
		remember(w, &out->v[i], sizeof(out->v[i]), place_of(&at));
		out->v[i] = text;
	}
}

static void take_name(struct walk *w, struct slice *out, const struct step *s)
{
	bool has_control = false;

	for (size_t i = 0; i < s->key.n; i++)
		has_control |= (unsigned char)s->key.p[i] < 0x20 || s->key.p[i] == 0x7f;
	if (s->key.n == 0)
		complain(w, s, SLICE_EMPTY, "is an empty name");
	else if (s->key.n > ROW_NAME_MAX)
		complain(w, s, SLICE_EMPTY, "is a name of more than %u bytes", ROW_NAME_MAX);
	else if (has_control || value_bad_text(s->key))
		complain(w, s, SLICE_EMPTY, "is a name with control characters");
	else if (slice_find(s->key, '$') < s->key.n)
		complain(w, s, SLICE_EMPTY, "is a name with a dollar; variables are filled in in values only");
	*out = arena_copy(&w->c->arena, slice_of(s->key.p, MIN_OF(s->key.n, (size_t)ROW_NAME_MAX)));
	remember(w, out, sizeof(*out), (struct conf_place){ NULL, s->node->key_line, s->node->key_column });
}

/* Names and lists of sections alike. */
static void take_items(struct walk *w, const struct row *r, struct row_items *out, const struct step *s)
{
	bool is_map = r->kind == ROW_MAP;
	size_t i = 0;

	if (s->node->kind != (is_map ? YAML_MAP : YAML_LIST)) {
		wrong_kind(w, r, s);
		return;
	}
	size_t n = check_count(w, r, s);
	*out = (struct row_items){ arena_take(&w->c->arena, n * r->of->size), n, NULL };
	if (is_map)
		out->names = ARENA_ARRAY(&w->c->arena, struct slice, n);
	for (const struct yaml *child = s->node->first; child; child = child->next, i++) {
		struct step at = step_into(s, child, i);
		if (i >= n) {
			mask_tree(&w->c->faults.mask, child, at.after);
			continue;
		}
		if (is_map)
			take_name(w, &out->names[i], &at);
		remember(w, row_item(out, r->of, i), r->of->size, place_of(&at));
		take_section(w, r->of, row_item(out, r->of, i), &at);
	}
}

/* ---- sections ---- */

static void default_strs(struct arena *a, const struct row *r, struct row_strs *out)
{
	struct slice rest = slice_str(r->dflt), piece;

	for (out->n = 0; slice_next(&rest, ',', &piece);)
		out->n++;
	out->v = ARENA_ARRAY(a, struct slice, out->n);
	rest = slice_str(r->dflt);
	for (size_t i = 0; slice_next(&rest, ',', &piece); i++)
		out->v[i] = arena_copy(a, piece);
}

static void fill_defaults(struct arena *a, const struct section *of, void *into)
{
	struct value_fault why;

	for (size_t i = 0; i < of->n_rows; i++) {
		const struct row *r = &of->rows[i];
		void *field = row_field(r, into);
		if (r->kind == ROW_SECTION)
			fill_defaults(a, r->of, field);
		else if (r->kind == ROW_STR_LIST && r->dflt)
			default_strs(a, r, field);
		else if (r->of == NULL && r->dflt)
			must(value_parse(a, r, slice_str(r->dflt), slice_str(r->dflt), field, &why));
	}
}

static void take_row(struct walk *w, const struct row *r, void *field, const struct step *s)
{
	if (is_null(s->node)) {
		if (r->dflt == NULL)
			complain(w, s, SLICE_EMPTY, "must not be empty");
		return;
	}
	remember(w, field, row_size(r), place_of(s));
	switch (r->kind) {
	case ROW_BOOL:
	case ROW_INT:
	case ROW_RATIO:
	case ROW_MS:
	case ROW_BYTES:
	case ROW_STR:
	case ROW_SECRET:
	case ROW_ENUM: take_scalar(w, r, field, s); return;
	case ROW_STR_LIST: take_strs(w, r, field, s); return;
	case ROW_SECTION: take_section(w, r->of, field, s); return;
	case ROW_MAP:
	case ROW_LIST: take_items(w, r, field, s); return;
	}
	must_never("a row of no kind");
}

static void unknown_key(struct walk *w, const struct section *of, const struct step *s)
{
	struct slice hint = SLICE_EMPTY, nearest = SLICE_EMPTY, where = SLICE_EMPTY;
	const struct yaml *n = s->node;

	hide_texts(w, n, s->after);
	if (!flaw_is_full(&w->c->faults)) {
		where = path_of(w, s->up);
		stray_explain(&w->c->arena, w->c->of, of, s->key, &hint, &nearest);
	}
	flaw_add(&w->c->faults, n->key_line, n->key_column, nearest, "unknown key \"%.*s\"%s%.*s%.*s",
		SLICE_ARG(s->key), where.n ? " in " : "", SLICE_ARG(where), SLICE_ARG(hint));
}

/* Bit i of the result: row i was written. */
static uint64_t take_keys(struct walk *w, const struct section *of, void *into, const struct step *s)
{
	uint64_t given = 0;

	for (const struct yaml *child = s->node->first; child; child = child->next) {
		struct step at = step_into(s, child, 0);
		const struct row *r = row_find(of, child->key);
		if (r == NULL) {
			unknown_key(w, of, &at);
			continue;
		}
		given |= (uint64_t)1 << (r - of->rows);
		take_row(w, r, row_field(r, into), &at);
	}
	return given;
}

static void require(struct walk *w, const struct section *of, uint64_t given, const struct step *s)
{
	for (size_t i = 0; i < of->n_rows; i++)
		if (of->rows[i].dflt == NULL && !(given >> i & 1))
			complain(w, s, SLICE_EMPTY, "needs the key \"%s\" (%s)", of->rows[i].name, of->rows[i].help);
}

static void take_section(struct walk *w, const struct section *of, void *into, const struct step *s)
{
	const struct row *scalar = row_scalar(of);
	uint64_t given = 0;

	must(of->n_rows <= ROW_ROWS_MAX);
	fill_defaults(&w->c->arena, of, into);
	if (s->node && s->node->kind == YAML_MAP) {
		given = take_keys(w, of, into, s);
	} else if (s->node && !is_null(s->node)) {
		if (s->node->kind != YAML_SCALAR || scalar == NULL) {
			wrong_kind(w, &(struct row){ .kind = ROW_SECTION, .of = of }, s);
			return;
		}
		given = (uint64_t)1 << (scalar - of->rows);
		take_row(w, scalar, row_field(scalar, into), s);
	}
	require(w, of, given, s);
}

void walk_defaults(struct conf *c)
{
	fill_defaults(&c->arena, c->of, c->root);
}

void walk_tree(struct conf *c, const struct yaml *tree, const struct source *from)
{
	struct walk w = { c, from, WALK_TEXT_MAX };
	struct step root = { .node = tree };

	take_section(&w, c->of, c->root, &root);
}
