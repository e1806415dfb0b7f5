/* A YAML text -> a tree with positions.  Built from libfyaml's events, not from its documents, so that depth,
 * nodes, aliases and duplicate keys are bounded and reported by this file.  Knows nothing of configuration keys.
 *
 * Aliases are copies of the whole anchored tree, counted like anything else: what "billion laughs" builds stops at
 * YAML_MAX_NODES.  An anchor is known once its node is complete, so no tree can hold itself. */
#include "codec/yaml.h"

#include <libfyaml.h>

#include "base/map.h"
#include "base/utf8.h"

#define MAX_DEPTH 32	/* yaml.h; a config nests about 8 deep */
/* Above this many keys duplicates are looked up in a map. */
#define FEW_KEYS 16u
#define MAX_QUOTES 8u	/* libfyaml 0.7.12 fails from 12 */

struct anchor {
	struct anchor *next;
	struct slice name;
	const struct yaml *node;
};

/* A mapping or sequence that is still open. */
struct open {
	struct yaml *node, *last;
	struct yaml *key;		/* mappings: a key that waits for its value */
	struct slice anchor;
};

struct builder {
	struct arena *arena;
	struct slice text;
	struct yaml *root;
	struct open stack[MAX_DEPTH];
	unsigned depth, nodes, documents;
	struct anchor *anchors;
	struct yaml_fault *fault;
};

static enum err refuse(struct builder *b, unsigned line, unsigned column, struct slice what)
{
	*b->fault = (struct yaml_fault){ line, column, what };
	return ERR_BAD_CONFIG;
}

static enum err refuse_at(struct builder *b, const struct yaml *at, const char *what)
{
	return refuse(b, at->line, at->column, slice_str(what));
}

/* --- building
 * ------------------------------------------------------------------------------------------------------ */

static struct slice token_text(struct builder *b, struct fy_token *t)
{
	size_t n = 0;
	const char *p = t ? fy_token_get_text(t, &n) : NULL;
	return p ? arena_copy(b->arena, slice_of(p, n)) : SLICE("");
}

static enum err new_node(struct builder *b, enum yaml_kind kind, struct yaml **out)
{
	struct yaml *n = ARENA_NEW(b->arena, struct yaml);
	n->kind = kind;
	*out = n;
	return b->nodes++ < YAML_MAX_NODES ? ERR_OK : ERR_TOO_BIG;
}

static void set_place(struct yaml *n, const struct yaml *from)
{
	n->line = from->line;
	n->column = from->column;
}

static enum err start_node(struct builder *b, struct fy_event *ev, enum yaml_kind kind, struct yaml **out)
{
	const struct fy_mark *mark = fy_event_start_mark(ev);
	enum err e = new_node(b, kind, out);
	const struct open *in = b->depth ? &b->stack[b->depth - 1] : NULL;

	(*out)->line = mark ? (unsigned)mark->line + 1 : 1;
	(*out)->column = mark ? (unsigned)mark->column + 1 : 1;
	if (mark == NULL && in)
		set_place(*out, in->key ? in->key : in->node);
	return e == ERR_OK ? ERR_OK : refuse_at(b, *out, "the file has too many values");
}

static enum err take_key(struct builder *b, struct open *in, struct yaml *key)
{
	if (key->kind != YAML_SCALAR)
		return refuse_at(b, key, "a key must be plain text");
	if (key->text.n == 0 && !key->quoted)
		return refuse_at(b, key, "a key is missing");
	if (!key->quoted && slice_eq(key->text, SLICE("<<")))
		return refuse_at(b, key, "merge keys (<<) are not supported");
	in->key = key;
	return ERR_OK;
}

static bool wants_key(const struct builder *b)
{
	return b->depth && b->stack[b->depth - 1].node->kind == YAML_MAP && b->stack[b->depth - 1].key == NULL;
}

/* Puts a node where it belongs: root, next key, value of the waiting key, next list item. */
static enum err attach(struct builder *b, struct yaml *node)
{
	if (b->depth == 0) {
		b->root = node;
		return ERR_OK;
	}
	struct open *in = &b->stack[b->depth - 1];
	if (wants_key(b))
		return take_key(b, in, node);
	if (in->node->kind == YAML_MAP) {
		node->key = in->key->text;
		node->key_line = in->key->line;
		node->key_column = in->key->column;
		in->key = NULL;
	}
	*(in->last ? &in->last->next : &in->node->first) = node;
	in->last = node;
	in->node->n++;
	return ERR_OK;
}

static enum err open_node(struct builder *b, struct yaml *node, struct slice anchor)
{
	if (b->depth == MAX_DEPTH)
		return refuse_at(b, node, "nested too deeply");
	enum err e = attach(b, node);
	if (e != ERR_OK)
		return e;
	b->stack[b->depth++] = (struct open){ .node = node, .anchor = anchor };
	return ERR_OK;
}

static void remember(struct builder *b, struct slice name, const struct yaml *node)
{
	if (name.n == 0)
		return;
	struct anchor *a = ARENA_NEW(b->arena, struct anchor);
	*a = (struct anchor){ b->anchors, name, node };
	b->anchors = a;
}

static enum err refuse_twin(struct builder *b, const struct yaml *again, const struct yaml *first)
{
	return refuse(b, again->key_line, again->key_column, arena_printf(b->arena,
		"the key \"%.*s\" is already on line %u",
		SLICE_ARG(again->key), first->key_line));
}

static enum err check_few(struct builder *b, const struct yaml *map)
{
	for (const struct yaml *n = map->first; n; n = n->next)
		for (const struct yaml *before = map->first; before != n; before = before->next)
			if (slice_eq(n->key, before->key))
				return refuse_twin(b, n, before);
	return ERR_OK;
}

static enum err check_many(struct builder *b, const struct yaml *map)
{
	struct map seen;
	enum err e = ERR_OK;
	/* The seed guards against floods by strangers; a config file comes from the operator. */
	map_init(&seen, 0, 0);
	for (struct yaml *n = map->first; n && e == ERR_OK; n = n->next) {
		const struct yaml *before = map_find(&seen, n->key);
		if (before)
			e = refuse_twin(b, n, before);
		else
			must(map_put(&seen, n->key, n));
	}
	map_done(&seen);
	return e;
}

static enum err close_node(struct builder *b)
{
	must(b->depth > 0);
	struct open *in = &b->stack[--b->depth];
	remember(b, in->anchor, in->node);
	if (in->node->kind != YAML_MAP)
		return ERR_OK;
	return in->node->n <= FEW_KEYS ? check_few(b, in->node) : check_many(b, in->node);
}

/* --- aliases
 * ------------------------------------------------------------------------------------------------------- */

static enum err copy_children(struct builder *b, const struct yaml *from, struct yaml *to, unsigned depth);

static enum err copy_node(struct builder *b, const struct yaml *from, unsigned depth, struct yaml **out)
{
	enum err e = new_node(b, from->kind, out);
	struct yaml *to = *out;
	if (e != ERR_OK || (from->kind != YAML_SCALAR && depth == MAX_DEPTH))
		return ERR_TOO_BIG;
	*to = *from;
	to->first = to->next = NULL;
	return copy_children(b, from, to, depth + 1);
}

static enum err copy_children(struct builder *b, const struct yaml *from, struct yaml *to, unsigned depth)
{
	struct yaml **at = &to->first;
	for (const struct yaml *child = from->first; child; child = child->next) {
		enum err e = copy_node(b, child, depth, at);
		if (e != ERR_OK)
			return e;
		at = &(*at)->next;
	}
	return ERR_OK;
}

static enum err take_alias(struct builder *b, struct fy_event *ev)
{
	struct slice name = token_text(b, ev->alias.anchor);
	struct yaml *here, *copy;
	enum err e = start_node(b, ev, YAML_SCALAR, &here);
	if (e != ERR_OK)
		return e;
	const struct anchor *a = b->anchors;
	while (a && !slice_eq(a->name, name))
		a = a->next;
	if (a == NULL)
		return refuse(b, here->line, here->column,
			arena_printf(b->arena, "no value above this line has the anchor &%.*s", SLICE_ARG(name)));
	if (copy_node(b, a->node, b->depth, &copy) != ERR_OK)
		return refuse_at(b, here, "aliases make this file too large or too deep");
	copy->key = SLICE_EMPTY;
	copy->key_line = copy->key_column = 0;
	if (wants_key(b))
		set_place(copy, here);
	return attach(b, copy);
}

/* --- events
 * -------------------------------------------------------------------------------------------------------- */

/* `!!str` makes text of anything; weir has no other use for tags. */
static enum err take_tag(struct builder *b, struct fy_token *tag, struct yaml *node)
{
	if (tag == NULL)
		return ERR_OK;
	if (node->kind != YAML_SCALAR || !slice_eq(token_text(b, tag), SLICE("tag:yaml.org,2002:str")))
		return refuse_at(b, node, "tags are not supported");
	node->quoted = true;
	return ERR_OK;
}

/* libfyaml 0.7 marks a quoted scalar behind its first quote. */
static bool is_behind_quote(const struct builder *b, struct fy_event *ev, enum fy_scalar_style style)
{
	const struct fy_mark *mark = fy_event_start_mark(ev);
	char quote = style == FYSS_SINGLE_QUOTED ? '\'' : style == FYSS_DOUBLE_QUOTED ? '"' : '\0';
	return quote && mark && mark->column > 0 && mark->input_pos <= b->text.n
		&& b->text.p[mark->input_pos - 1] == quote;
}

static enum err take_scalar(struct builder *b, struct fy_event *ev)
{
	struct yaml *node;
	enum err e = start_node(b, ev, YAML_SCALAR, &node);
	if (e != ERR_OK)
		return e;
	node->text = token_text(b, ev->scalar.value);
	enum fy_scalar_style style = ev->scalar.value ? fy_token_scalar_style(ev->scalar.value) : FYSS_PLAIN;
	node->quoted = style != FYSS_PLAIN;
	if (is_behind_quote(b, ev, style))
		node->column--;
	/* An empty value has no place of its own. */
	if (node->text.n == 0 && !node->quoted && b->depth && b->stack[b->depth - 1].key)
		set_place(node, b->stack[b->depth - 1].key);
	e = take_tag(b, ev->scalar.tag, node);
	if (e != ERR_OK)
		return e;
	remember(b, token_text(b, ev->scalar.anchor), node);
	return attach(b, node);
}

static enum err take_start(struct builder *b, struct fy_event *ev, enum yaml_kind kind, struct fy_token *anchor,
	struct fy_token *tag)
{
	struct yaml *node;
	enum err e = start_node(b, ev, kind, &node);
	if (e == ERR_OK)
		e = take_tag(b, tag, node);
	return e == ERR_OK ? open_node(b, node, token_text(b, anchor)) : e;
}

static enum err take_document(struct builder *b, struct fy_event *ev)
{
	struct yaml *here;
	if (b->documents++ == 0)
		return ERR_OK;
	enum err e = start_node(b, ev, YAML_SCALAR, &here);
	return e == ERR_OK ? refuse_at(b, here, "there must be only one document in a file") : e;
}

static enum err take_event(struct builder *b, struct fy_event *ev)
{
	switch (ev->type) {
	case FYET_DOCUMENT_START:
		return take_document(b, ev);
	case FYET_MAPPING_START:
		return take_start(b, ev, YAML_MAP, ev->mapping_start.anchor, ev->mapping_start.tag);
	case FYET_SEQUENCE_START:
		return take_start(b, ev, YAML_LIST, ev->sequence_start.anchor, ev->sequence_start.tag);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return close_node(b);
	case FYET_SCALAR:
		return take_scalar(b, ev);
	case FYET_ALIAS:
		return take_alias(b, ev);
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
	return ERR_OK;
}

/* --- the parser
 * ---------------------------------------------------------------------------------------------------- */

/* libfyaml prints to stderr unless it has somewhere else to go. */
static void say_nothing(struct fy_diag *diag, void *user, const char *text, size_t n)
{
}

static struct fy_diag *new_diag(void)
{
	struct fy_diag_cfg cfg;
	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	cfg.output_fn = say_nothing;
	cfg.colorize = false;
	struct fy_diag *diag = fy_diag_create(&cfg);
	must(diag != NULL);
	fy_diag_set_collect_errors(diag, true);
	return diag;
}

static enum err refuse_syntax(struct builder *b, struct fy_diag *diag)
{
	void *at = NULL;
	const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
	if (first == NULL || first->msg == NULL)
		return refuse(b, 0, 0, SLICE("this is not YAML"));
	return refuse(b, (unsigned)MAX_OF(first->line, 0), (unsigned)MAX_OF(first->column, 0),
		slice_trim(arena_copy(b->arena, slice_str(first->msg))));
}

/* What libfyaml is not asked about: it takes a NUL or a byte that is not UTF-8 for the end of the text and says
 * nothing, and before 0.9.5 it loses, and leaks, a text of many quotes in a row (libfyaml#233). */
static enum err check_bytes(struct builder *b, struct slice text)
{
	unsigned line = 1, column = 1, quotes = 0;
	for (size_t i = 0, len; i < text.n; i += len) {
		unsigned char c = (unsigned char)text.p[i];
		len = utf8_len(slice_of(text.p + i, text.n - i));
		if (len == 0)
			return refuse(b, line, column, SLICE("this byte is not valid UTF-8"));
		if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
			return refuse(b, line, column, SLICE("control characters are not allowed"));
		quotes = c == '\'' ? quotes + 1 : 0;
		if (quotes > MAX_QUOTES)
			return refuse(b, line, column, SLICE("too many single quotes in a row"));
		column = c == '\n' ? 1 : column + 1;
		line += c == '\n';
	}
	return ERR_OK;
}

static enum err take_events(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
	enum err e = ERR_OK;
	bool ended = false;
	while (e == ERR_OK && !ended) {
		struct fy_event *ev = fy_parser_parse(parser);
		if (ev == NULL)
			return refuse_syntax(b, diag);
		ended = ev->type == FYET_STREAM_END;
		e = take_event(b, ev);
		fy_parser_event_free(parser, ev);
	}
	return e;
}

enum err yaml_parse(struct arena *a, struct slice text, struct yaml **out_root, struct yaml_fault *out_fault)
{
	struct yaml_fault fault = { 0 };
	struct builder b = { .arena = a, .text = text, .fault = &fault };
	struct fy_diag *diag = new_diag();
	struct fy_parse_cfg cfg = { .search_path = "", .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag };
	struct fy_parser *parser = fy_parser_create(&cfg);
	must(parser != NULL);

	enum err e = check_bytes(&b, text);
	if (e == ERR_OK && text.n) {
		must(fy_parser_set_string(parser, text.p, text.n) == 0);
		e = take_events(&b, parser, diag);
	}
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	if (e != ERR_OK) {
		*out_fault = fault;
		return e;
	}
	bool empty = b.root && b.root->kind == YAML_SCALAR && b.root->text.n == 0 && !b.root->quoted;
	*out_root = empty ? NULL : b.root;
	return ERR_OK;
}

struct yaml *yaml_find(const struct yaml *map, struct slice key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (struct yaml *n = map->first; n; n = n->next)
		if (slice_eq(n->key, key))
			return n;
	return NULL;
}

struct slice yaml_line(struct slice text, unsigned n)
{
	for (unsigned line = 1; line < n && text.n; line++)
		text = slice_skip(text, slice_find(text, '\n') + 1);
	text.n = slice_find(text, '\n');
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}
