#include "dialect/openai_answer.h"

#include "base/siphash.h"
#include "base/utf8.h"

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

static yyjson_val *root_of(const struct request *r)
{
	return r ? yyjson_doc_get_root(r->doc) : NULL;
}

static bool is_legacy(const struct request *r)
{
	yyjson_val *root = root_of(r);
	return yyjson_arr_size(json_arr(root, "functions")) && yyjson_arr_size(json_arr(root, "tools")) == 0;
}

struct openai_answer *openai_answer_of(struct dialect_encode *e)
{
	struct openai_answer **slot = (struct openai_answer **)(void *)e->state.bytes;

	if (*slot)
		return *slot;
	*slot = ARENA_NEW(e->arena, struct openai_answer);
	**slot = (struct openai_answer){ .id = e->id, .usage = USAGE_NONE, .legacy = is_legacy(e->request) };
	if (e->request) {
		(*slot)->model = e->request->model;
		(*slot)->wants_usage = e->request->wants_usage;
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

/* The event cannot say that a tool is custom, but the request that defined it does. */
static bool is_custom(const struct request *r, struct slice name)
{
	size_t i, n;
	yyjson_val *tool;

	yyjson_arr_foreach(json_arr(root_of(r), "tools"), i, n, tool) {
		yyjson_val *custom = json_obj(tool, "custom");
		if (custom && slice_eq(json_str(custom, "name"), name))
			return true;
	}
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
		.custom = is_custom(e->request, name), .id = call_id(e, ev), .name = name };
	return *at;
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
