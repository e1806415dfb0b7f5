#include "dialect/responses_output.h"

#include <stdio.h>

#include "base/siphash.h"
#include "base/utf8.h"
#include "dialect/splice.h"

enum {
	NAME_KEPT = 65536,	/* longest id or name; ids of calls can hide signatures, which must come back whole */
	SMALLEST_TEXT = 512,	/* a short answer grows once or twice */
};

struct responses_custom {
	struct responses_custom *next;
	struct slice name;
};

/* --- memory --------------------------------------------------------------------------------------------- */

static void *take(struct responses_output *o, size_t n)
{
	void *p = o->e->err == ERR_OK ? arena_try(o->e->arena, n) : NULL;

	if (p)
		return memset(p, 0, n);
	o->e->err = o->e->err == ERR_OK ? ERR_TOO_BIG : o->e->err;
	return NULL;
}

struct slice responses_output_keep(struct responses_output *o, struct slice s)
{
	char *p = s.n ? take(o, s.n) : NULL;

	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

void responses_output_grow(struct responses_output *o, struct responses_text *t, struct slice more)
{
	if (o->e->err != ERR_OK || more.n == 0)
		return;
	if (t->cap - t->n < more.n) {
		size_t cap = MAX_OF(t->cap * 2, MAX_OF((size_t)SMALLEST_TEXT, t->n + more.n));
		char *p = arena_try(o->e->arena, cap);
		if (p == NULL) {
			o->e->err = ERR_TOO_BIG;
			return;
		}
		if (t->n)
			memcpy(p, t->p, t->n);
		t->p = p;
		t->cap = cap;
	}
	memcpy(t->p + t->n, more.p, more.n);
	t->n += more.n;
}

struct slice responses_output_line(struct responses_output *o, struct slice json)
{
	bool is_line = slice_find(json, '\n') == json.n && slice_find(json, '\r') == json.n;
	char *p = is_line ? NULL : take(o, json.n), *at = p;

	if (p == NULL)
		return is_line ? json : SLICE_EMPTY;
	for (size_t i = 0; i < json.n; i++)
		if (json.p[i] != '\n' && json.p[i] != '\r')
			*at++ = json.p[i];
	return slice_of(p, (size_t)(at - p));
}

/* --- the request ---------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *first;
} echoes[] = {
#define ECHO(name, first, missing) { name, first },
#include "dialect/responses_echo.def"
#undef ECHO
};
_Static_assert(COUNT_OF(echoes) <= RESPONSES_OUTPUT_ECHOES, "echoes");

static void read_echoes(struct responses_output *o, struct slice body)
{
	struct json_member m;

	for (size_t at = 0; json_next_member(body, &at, &m);)
		for (size_t i = 0; i < COUNT_OF(echoes); i++)
			if (splice_key_is(m.key, echoes[i].name))	/* of duplicates the last counts */
				o->echo[i] = strchr(echoes[i].first, m.value.p[0]) ? m.value : SLICE_EMPTY;
	for (size_t i = 0; i < COUNT_OF(echoes); i++)
		o->echo[i] = responses_output_line(o, o->echo[i]);
}

static struct slice tools_of(const struct responses_output *o)
{
	for (size_t i = 0; i < COUNT_OF(echoes); i++)
		if (strcmp(echoes[i].name, "tools") == 0)
			return o->echo[i];
	return SLICE_EMPTY;
}

/* The events cannot say that a tool is custom, but the request that defined it does. */
static void read_customs(struct responses_output *o, struct slice tools)
{
	static const char word[] = "custom";
	struct arena a;
	yyjson_doc *doc;
	size_t i, n;
	yyjson_val *tool;

	if (tools.n == 0 || memmem(tools.p, tools.n, word, strlen(word)) == NULL)
		return;
	arena_init(&a, 0);	/* the body was taken, so its size is bounded */
	yyjson_val *list = json_parse(&a, tools, &doc, NULL) == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
	yyjson_arr_foreach(list, i, n, tool) {
		struct responses_custom *c;
		if (!slice_eq(json_str(tool, "type"), slice_str(word)) || (c = take(o, sizeof(*c))) == NULL)
			continue;
		*c = (struct responses_custom){ o->customs, responses_output_keep(o, json_str(tool, "name")) };
		o->customs = c;
	}
	arena_done(&a);
}

static bool is_custom(const struct responses_output *o, struct slice name)
{
	for (const struct responses_custom *c = o->customs; c; c = c->next)
		if (slice_eq(c->name, name))
			return true;
	return false;
}

/* --- ids ------------------------------------------------------------------------------------------------ */

/* The same answer gets the same ids wherever it is encoded. */
static void make_seed(struct responses_output *o)
{
	static const struct siphash_key keys[2] = { { 0x7765697272657370u, 0x6f6e736573u }, { 0x696473u, 0x32u } };

	snprintf(o->seed, sizeof(o->seed), "%016llx%016llx", (unsigned long long)siphash(&keys[0], o->e->id),
		(unsigned long long)siphash(&keys[1], o->e->id));
}

static struct slice make_id(struct responses_output *o, const char *prefix)
{
	return arena_printf(o->e->arena, "%s_%s_%u", prefix, o->seed, o->n_made++);
}

struct responses_output *responses_output_seen(struct dialect_encode *e)
{
	return *(struct responses_output **)(void *)e->state.bytes;
}

struct responses_output *responses_output_of(struct dialect_encode *e)
{
	struct responses_output **slot = (struct responses_output **)(void *)e->state.bytes, *o = *slot;

	if (o)
		return o;
	*slot = o = ARENA_NEW(e->arena, struct responses_output);
	*o = (struct responses_output){ .e = e, .usage = USAGE_NONE };
	o->end = &o->pieces;
	make_seed(o);
	o->id = arena_printf(e->arena, "resp_%s", o->seed);
	if (e->request)
		o->model = e->request->model;
	if (e->request && e->request->dialect == &openai_responses && e->request->body.n) {
		read_echoes(o, e->request->body);
		read_customs(o, tools_of(o));
	}
	return o;
}

void responses_output_start(struct responses_output *o, const struct event *ev)
{
	if (slice_starts(ev->text, SLICE("resp_")))
		o->id = responses_output_keep(o, utf8_cut(ev->text, NAME_KEPT));
	if (ev->extra.n)
		o->model = responses_output_keep(o, utf8_cut(ev->extra, NAME_KEPT));
}

/* --- items ---------------------------------------------------------------------------------------------- */

/* SDKs refuse to see an item's id twice. */
static bool is_fresh(const struct responses_output *o, struct slice id)
{
	for (const struct responses_piece *piece = o->pieces; piece; piece = piece->next)
		if (slice_eq(piece->id, id))
			return false;
	return id.n > 0;
}

struct responses_piece *responses_output_piece(struct responses_output *o, enum responses_piece_kind kind,
	struct slice id)
{
	static const char *const prefixes[] = { [RESPONSES_PIECE_MESSAGE] = "msg", [RESPONSES_PIECE_REASONING] = "rs",
		[RESPONSES_PIECE_CALL] = "fc", [RESPONSES_PIECE_IMAGE] = "ig" };
	struct responses_piece *piece = take(o, sizeof(*piece));

	if (piece == NULL)
		return NULL;
	piece->kind = kind;
	piece->id = is_fresh(o, id) ? responses_output_keep(o, id) : make_id(o, prefixes[kind]);
	return piece;
}

void responses_output_link(struct responses_output *o, struct responses_piece *piece)
{
	piece->index = o->n_pieces++;
	*o->end = piece;
	o->end = &piece->next;
}

struct responses_part *responses_output_part(struct responses_output *o, struct responses_piece *message,
	bool is_refusal)
{
	struct responses_part *part = take(o, sizeof(*part));

	if (part == NULL)
		return NULL;
	part->index = message->part ? message->part->index + 1 : 0;
	part->is_refusal = is_refusal;
	part->base = o->chars;
	if (message->part)
		message->part->next = part;
	else
		message->parts = part;
	message->part = part;
	if (!is_refusal)
		o->text = part;
	return part;
}

struct responses_piece *responses_output_find(struct responses_output *o, uint16_t part)
{
	if (o->pending && o->pending->of == part)
		return o->pending;
	for (struct responses_piece *piece = o->pieces; piece; piece = piece->next)
		if (piece->kind == RESPONSES_PIECE_CALL && piece->of == part)
			return piece;
	return NULL;
}

/* Clients pair results by it, so each call needs its own. */
static bool is_free(const struct responses_output *o, struct slice call_id)
{
	for (const struct responses_piece *piece = o->pieces; piece; piece = piece->next)
		if (piece->kind == RESPONSES_PIECE_CALL && slice_eq(piece->call_id, call_id))
			return false;
	return true;
}

struct responses_piece *responses_output_call(struct responses_output *o, const struct event *ev)
{
	bool is_start = ev->kind == EVENT_TOOL_START;
	struct slice id = is_start ? utf8_cut(ev->text, NAME_KEPT) : SLICE_EMPTY;
	struct responses_piece *piece = responses_output_piece(o, RESPONSES_PIECE_CALL, SLICE_EMPTY);

	if (piece == NULL)
		return NULL;
	piece->of = ev->part;
	piece->name = is_start ? responses_output_keep(o, utf8_cut(ev->extra, NAME_KEPT)) : SLICE_EMPTY;
	piece->custom = is_custom(o, piece->name);
	piece->call_id = id.n && is_free(o, id) ? responses_output_keep(o, id) : make_id(o, "call");
	return piece;
}
