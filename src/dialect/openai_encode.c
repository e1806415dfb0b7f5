/* Chunks as OpenAI's own SDKs want them (protocols.md 9.2, dependencies.md 4): `id`, `created` and `model`
 * never change, the role stands in the first delta of each choice, `choices` is always there, `id` and
 * `name` of a tool call come once. */
#include "dialect/openai_encode.h"

#include "dialect/openai_answer.h"
#include "dialect/openai_usage.h"

/* Most bytes of a chunk beside its head and its texts: the fixed words and a few numbers. */
#define FRAME_BYTES 512u

static void put_json(struct buf *out, struct slice s)
{
	buf_add_char(out, '"');
	buf_add_json(out, s);
	buf_add_char(out, '"');
}

/* The part that all chunks share, made once. */
static struct slice head_of(struct dialect_encode *e)
{
	struct openai_answer *a = openai_answer_of(e);
	struct buf b;

	if (a->head.n)
		return a->head;
	buf_init(&b, SIZE_MAX);
	buf_add(&b, SLICE("data: {\"id\":"));
	put_json(&b, a->id);
	buf_add(&b, SLICE(",\"object\":\"chat.completion.chunk\",\"created\":"));
	buf_add_u64(&b, e->created_s);
	buf_add(&b, SLICE(",\"model\":"));
	put_json(&b, a->model);
	buf_add(&b, SLICE(",\"choices\":["));
	a->head = arena_copy(e->arena, buf_slice(&b));
	buf_done(&b);
	return a->head;
}

/* True when a chunk with `text_n` bytes of text, escaped, fits into `out`. */
static bool has_room(struct dialect_encode *e, struct buf *out, size_t text_n)
{
	if (e->err == ERR_OK && buf_room(out, head_of(e).n + text_n * 6 + FRAME_BYTES) == NULL)
		e->err = ERR_TOO_BIG;
	return e->err == ERR_OK;
}

/* Up to the inside of the delta. */
static void open_delta(struct dialect_encode *e, struct openai_answer_choice *c, struct buf *out,
	bool no_content)
{
	buf_add(out, head_of(e));
	buf_addf(out, "{\"index\":%u,\"delta\":{", c->index);
	if (!c->begun)
		buf_add(out, SLICE("\"role\":\"assistant\","));
	if (!c->begun && no_content)
		buf_add(out, SLICE("\"content\":null,"));
	c->begun = true;
}

/* From the end of the delta. */
static void close_delta(struct dialect_encode *e, struct buf *out, struct slice finish)
{
	buf_add(out, SLICE("},\"finish_reason\":"));
	if (finish.n)
		put_json(out, finish);
	else
		buf_add(out, SLICE("null"));
	buf_add(out, openai_answer_of(e)->wants_usage ? SLICE("}],\"usage\":null}\n\n") : SLICE("}]}\n\n"));
}

static void write_text(struct dialect_encode *e, const struct event *ev, const char *member, struct buf *out)
{
	if (!has_room(e, out, ev->text.n))
		return;
	open_delta(e, openai_answer_choice(e, ev->choice), out, ev->kind != EVENT_TEXT);
	buf_addf(out, "\"%s\":", member);
	put_json(out, ev->text);
	close_delta(e, out, SLICE_EMPTY);
}

/* {"index":0,"id":"..","type":"function","function":{"name":"..","arguments":""}}; a later fragment has no
 * id and name. */
static void write_call(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	bool is_new, legacy = openai_answer_of(e)->legacy;
	const struct openai_answer_call *call = openai_answer_call(e, c, ev, &is_new);
	struct slice args = ev->kind == EVENT_TOOL_ARGS ? ev->text : SLICE_EMPTY;

	if ((!is_new && args.n == 0) || !has_room(e, out, args.n + call->id.n + call->name.n))
		return;
	open_delta(e, c, out, true);
	if (legacy)
		buf_add(out, SLICE("\"function_call\":{"));
	else
		buf_addf(out, "\"tool_calls\":[{\"index\":%u,", call->index);
	if (is_new && !legacy) {
		buf_add(out, SLICE("\"id\":"));
		put_json(out, call->id);
		buf_addf(out, ",\"type\":\"%s\",", call->custom ? "custom" : "function");
	}
	if (!legacy)
		buf_add(out, call->custom ? SLICE("\"custom\":{") : SLICE("\"function\":{"));
	if (is_new) {
		buf_add(out, SLICE("\"name\":"));
		put_json(out, call->name);
		buf_add_char(out, ',');
	}
	buf_add(out, call->custom ? SLICE("\"input\":") : SLICE("\"arguments\":"));
	put_json(out, args);
	buf_add(out, legacy ? SLICE("}") : SLICE("}}]"));
	close_delta(e, out, SLICE_EMPTY);
}

static void write_finish(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice word = openai_answer_finish(e, ev);

	if (!has_room(e, out, word.n))
		return;
	bool begun = c->begun;
	open_delta(e, c, out, false);
	if (!begun)
		buf_add(out, SLICE("\"content\":\"\""));
	close_delta(e, out, word);
}

void openai_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);

	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		openai_answer_start(e, ev);
		return;
	case EVENT_TEXT:
		write_text(e, ev, "content", out);
		return;
	case EVENT_REASONING:
		/* The most widely read name (protocols.md 7.5). */
		write_text(e, ev, "reasoning_content", out);
		return;
	case EVENT_REFUSAL:
		write_text(e, ev, "refusal", out);
		return;
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
		write_call(e, ev, out);
		return;
	case EVENT_FINISH:
		write_finish(e, ev, out);
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

void openai_encode_end(struct dialect_encode *e, struct buf *out)
{
	const struct openai_answer *a = openai_answer_of(e);

	if (!has_room(e, out, 0))
		return;
	if (a->wants_usage && a->has_usage) {
		buf_add(out, head_of(e));
		buf_add(out, SLICE("],\"usage\":"));
		openai_usage_write(&a->usage, out);
		buf_add(out, SLICE("}\n\n"));
	}
	buf_add(out, SLICE("data: [DONE]\n\n"));
}
