#include "dialect/openai_answer.h"

#include "base/siphash.h"
#include "base/utf8.h"
#include "dialect/openai_detail.h"
#include "dialect/openai_state.h"
#include "dialect/splice.h"

enum {
	NAME_KEPT = 65536,	/* longest name; ids can hide signatures, which must come back whole */
	SMALLEST_TEXT = 512,	/* a short answer grows once or twice */
};

static struct slice keep_name(struct dialect_encode *e, struct slice s)
{
	s = utf8_cut(s, NAME_KEPT);
	char *p = s.n ? arena_try(e->arena, s.n) : NULL;

	if (p == NULL) {
		e->err = s.n ? ERR_TOO_BIG : e->err;
		return SLICE_EMPTY;
	}
	memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

/* --- what the request says ------------------------------------------------------------------------------ */

/* The event cannot say that a tool is custom, but the request that defined it does. */
static void add_customs(struct dialect_encode *e, struct openai_answer *a, yyjson_val *tools)
{
	size_t i, n;
	yyjson_val *tool;

	yyjson_arr_foreach(tools, i, n, tool) {
		struct slice name = json_str(json_obj(tool, "custom"), "name");
		if (name.n == 0)
			continue;
		struct openai_answer_custom *c = ARENA_NEW(e->arena, struct openai_answer_custom);
		*c = (struct openai_answer_custom){ .next = a->customs, .name = name };
		a->customs = c;
	}
}

static bool holds(struct slice text, struct slice word)
{
	return text.n && memmem(text.p, text.n, word.p, word.n) != NULL;
}

/* The parsed body is gone by now: only the lists of tools are parsed again, where there are any, and only where one of
 * the two words stands in the text that make a difference. */
static void read_request(struct dialect_encode *e, struct openai_answer *a)
{
	struct slice body = e->request->body;
	bool customs = holds(body, SLICE("\"custom\"")), functions = holds(body, SLICE("\"functions\""));
	bool tools = false;
	struct json_member m;
	size_t at = 0;
	yyjson_doc *doc;

	while ((customs || functions) && json_next_member(body, &at, &m)) {
		bool is_tools = splice_key_is(m.key, "tools");
		bool is_functions = splice_key_is(m.key, "functions");
		if (!is_tools && !is_functions)
			continue;
		if (json_parse(e->arena, m.value, &doc, NULL) != ERR_OK)
			continue;	/* as if there were none */
		yyjson_val *list = yyjson_doc_get_root(doc);
		if (is_tools)
			add_customs(e, a, list);
		tools |= is_tools && yyjson_arr_size(list);
		a->legacy |= is_functions && yyjson_arr_size(list);
	}
	a->legacy &= !tools;
}

/* --- what the events say -------------------------------------------------------------------------------- */

struct openai_answer *openai_answer_of(struct dialect_encode *e)
{
	struct openai_answer **slot = (struct openai_answer **)(void *)e->state.bytes;

	if (*slot)
		return *slot;
	*slot = ARENA_NEW(e->arena, struct openai_answer);
	**slot = (struct openai_answer){ .id = e->id, .usage = USAGE_NONE };
	if (e->request) {
		(*slot)->model = e->request->model;
		(*slot)->wants_usage = e->request->wants_usage;
		if (e->request->has_tools)
			read_request(e, *slot);
	}
	return *slot;
}

void openai_answer_start(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer *a = openai_answer_of(e);

	if (ev->text.n)
		a->id = keep_name(e, ev->text);
	if (ev->extra.n)
		a->model = keep_name(e, ev->extra);
}

struct openai_answer_choice *openai_answer_choice(struct dialect_encode *e, uint16_t index)
{
	struct openai_answer_choice **at = &openai_answer_of(e)->choices;

	while (*at && (*at)->index < index)
		at = &(*at)->next;
	if (*at && (*at)->index == index)
		return *at;
	struct openai_answer_choice *c = ARENA_NEW(e->arena, struct openai_answer_choice);
	*c = (struct openai_answer_choice){ .next = *at, .index = index };
	return *at = c;
}

static bool is_custom(const struct openai_answer *a, struct slice name)
{
	for (const struct openai_answer_custom *c = a->customs; c; c = c->next)
		if (slice_eq(c->name, name))
			return true;
	return false;
}

/* Clients send the id back with the tool's result, so every call needs one.  Below OpenAI's limit of 40
 * bytes. */
static struct slice call_id(struct dialect_encode *e, const struct event *ev)
{
	struct siphash_key key = { ev->choice, ev->part };

	if (ev->kind == EVENT_TOOL_START && ev->text.n)
		return keep_name(e, ev->text);
	unsigned long long hash = siphash(&key, openai_answer_of(e)->id);
	return arena_printf(e->arena, "call_%016llx", hash);
}

struct openai_answer_call *openai_answer_call(struct dialect_encode *e, struct openai_answer_choice *c,
	const struct event *ev, bool *out_new)
{
	struct openai_answer_call **at = &c->calls;

	while (*at && (*at)->part != ev->part)
		at = &(*at)->next;
	*out_new = *at == NULL;
	if (*at)
		return *at;
	struct slice name = ev->kind == EVENT_TOOL_START ? keep_name(e, ev->extra) : SLICE_EMPTY;
	*at = ARENA_NEW(e->arena, struct openai_answer_call);
	**at = (struct openai_answer_call){ .part = ev->part, .index = c->n_calls++,
		.custom = is_custom(openai_answer_of(e), name), .id = call_id(e, ev), .name = name };
	return *at;
}

struct slice openai_answer_call_id(struct dialect_encode *e, const struct openai_answer_call *call)
{
	struct slice mark = SLICE(OPENAI_STATE_MARK);

	if (call->state.n == 0 || !openai_detail_is_foreign(e))
		return call->id;
	char *p = arena_try(e->arena, call->id.n + mark.n + call->state.n);
	if (p == NULL) {
		e->err = ERR_TOO_BIG;
		return call->id;
	}
	memcpy(p, call->id.p, call->id.n);
	memcpy(p + call->id.n, mark.p, mark.n);
	memcpy(p + call->id.n + mark.n, call->state.p, call->state.n);
	return slice_of(p, call->id.n + mark.n + call->state.n);
}

void openai_answer_grow(struct dialect_encode *e, struct openai_answer_text *t, struct slice more)
{
	if (e->err != ERR_OK || more.n == 0)
		return;
	if (t->cap - t->n < more.n) {
		size_t cap = MAX_OF(t->cap * 2, MAX_OF((size_t)SMALLEST_TEXT, t->n + more.n));
		char *p = arena_try(e->arena, cap);
		if (p == NULL) {
			e->err = ERR_TOO_BIG;
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

struct slice openai_answer_finish(struct dialect_encode *e, const struct event *ev)
{
	switch ((enum event_finish)ev->finish) {
	case EVENT_FINISH_STOP: return SLICE("stop");
	case EVENT_FINISH_LENGTH: return SLICE("length");
	case EVENT_FINISH_FILTER: return SLICE("content_filter");
	case EVENT_FINISH_TOOL_CALLS:
	case EVENT_FINISH_FUNCTION:
		return openai_answer_of(e)->legacy ? SLICE("function_call") : SLICE("tool_calls");
	case EVENT_FINISH_NONE:
	case EVENT_FINISH_UNKNOWN: return keep_name(e, ev->text);
	}
	must_never("finish");
}
