#include "dialect/openai_collect.h"

#include "dialect/openai_answer.h"
#include "dialect/openai_usage.h"

/* Most bytes that one put() adds beside its text. */
#define FRAME_BYTES 512u

void openai_collect(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer *a = openai_answer_of(e);
	struct openai_answer_call *call;
	bool is_new;

	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		openai_answer_start(e, ev);
		return;
	case EVENT_TEXT:
		openai_answer_grow(e, &openai_answer_choice(e, ev->choice)->text, ev->text);
		return;
	case EVENT_REASONING:
		openai_answer_grow(e, &openai_answer_choice(e, ev->choice)->reasoning, ev->text);
		return;
	case EVENT_REFUSAL:
		openai_answer_grow(e, &openai_answer_choice(e, ev->choice)->refusal, ev->text);
		return;
	case EVENT_TOOL_START:
		openai_answer_call(e, openai_answer_choice(e, ev->choice), ev, &is_new);
		return;
	case EVENT_TOOL_ARGS:
		call = openai_answer_call(e, openai_answer_choice(e, ev->choice), ev, &is_new);
		openai_answer_grow(e, &call->args, ev->text);
		return;
	case EVENT_FINISH:
		openai_answer_choice(e, ev->choice)->finish = openai_answer_finish(e, ev);
		return;
	case EVENT_USAGE:
		a->usage = event_usage(ev);
		a->has_usage = true;
		return;
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

/* --- writing
 * --------------------------------------------------------------------------------------------- */

static bool has_room(struct dialect_encode *e, struct buf *out, size_t text_n)
{
	if (e->err == ERR_OK && buf_room(out, text_n * 6 + FRAME_BYTES) == NULL)
		e->err = ERR_TOO_BIG;
	return e->err == ERR_OK;
}

/* before "text" */
static void put(struct dialect_encode *e, struct buf *out, const char *before, struct slice text)
{
	if (!has_room(e, out, text.n))
		return;
	buf_add(out, slice_str(before));
	buf_add_char(out, '"');
	buf_add_json(out, text);
	buf_add_char(out, '"');
}

static void put_fixed(struct dialect_encode *e, struct buf *out, const char *text)
{
	if (has_room(e, out, 0))
		buf_add(out, slice_str(text));
}

static struct slice text_of(const struct openai_answer_text *t)
{
	return slice_of(t->p, t->n);
}

static void put_call(struct dialect_encode *e, struct buf *out, const struct openai_answer_call *call)
{
	put(e, out, "{\"id\":", call->id);
	put_fixed(e, out, call->custom ? ",\"type\":\"custom\",\"custom\":"
		: ",\"type\":\"function\",\"function\":");
	put(e, out, "{\"name\":", call->name);
	put(e, out, call->custom ? ",\"input\":" : ",\"arguments\":", text_of(&call->args));
	put_fixed(e, out, "}}");
}

static void put_calls(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	if (c->calls && openai_answer_of(e)->legacy) {
		put(e, out, ",\"function_call\":{\"name\":", c->calls->name);
		put(e, out, ",\"arguments\":", text_of(&c->calls->args));
		put_fixed(e, out, "}");
		return;
	}
	for (const struct openai_answer_call *call = c->calls; call; call = call->next) {
		put_fixed(e, out, call == c->calls ? ",\"tool_calls\":[" : ",");
		put_call(e, out, call);
	}
	if (c->calls)
		put_fixed(e, out, "]");
}

static void put_message(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	put(e, out, "\"message\":{\"role\":", SLICE("assistant"));
	if (c->text.n || (c->calls == NULL && c->refusal.n == 0))
		put(e, out, ",\"content\":", text_of(&c->text));
	else
		put_fixed(e, out, ",\"content\":null");
	if (c->refusal.n)
		put(e, out, ",\"refusal\":", text_of(&c->refusal));
	else
		put_fixed(e, out, ",\"refusal\":null");
	if (c->reasoning.n)
		put(e, out, ",\"reasoning_content\":", text_of(&c->reasoning));
	put_calls(e, out, c);
	put_fixed(e, out, "},\"logprobs\":null,\"finish_reason\":");
	if (c->finish.n)
		put(e, out, "", c->finish);
	else
		put_fixed(e, out, "null");
}

void openai_collect_write(struct dialect_encode *e, struct buf *out)
{
	const struct openai_answer *a = openai_answer_of(e);

	put(e, out, "{\"id\":", a->id);
	put_fixed(e, out, ",\"object\":\"chat.completion\",\"created\":");
	if (has_room(e, out, 0))
		buf_add_u64(out, e->created_s);
	put(e, out, ",\"model\":", a->model);
	put_fixed(e, out, ",\"choices\":[");
	for (const struct openai_answer_choice *c = a->choices; c; c = c->next) {
		if (has_room(e, out, 0))
			buf_addf(out, "%s{\"index\":%u,", c == a->choices ? "" : ",", c->index);
		put_message(e, out, c);
		put_fixed(e, out, "}");
	}
	put_fixed(e, out, "]");
	if (a->has_usage && has_room(e, out, 0)) {
		buf_add(out, SLICE(",\"usage\":"));
		openai_usage_write(&a->usage, out);
	}
	put_fixed(e, out, "}");
}
