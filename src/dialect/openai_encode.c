/* Chunks as OpenAI's own SDKs want them (protocols.md 9.2, dependencies.md 4): `id`, `created` and `model`
 * never change, the role stands in the first delta of each choice, `choices` is always there, `id` and `name`
 * of a tool call come once.
 *
 * A signature of a tool call (Gemini) must reach clients that send back nothing but the call's id, so it
 * hides behind the id.  It comes right after the call's start: the call's first chunk waits for the next
 * event, whatever that is.  Only answers of a dialect that signs calls pay this; in them a call comes
 * whole, with its signature in the same frame. */
#include "dialect/openai_encode.h"

#include "dialect/openai_answer.h"
#include "dialect/openai_detail.h"
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

/* A delta with one member, whose value is there already. */
static void write_member(struct dialect_encode *e, uint16_t choice, const char *before, struct slice json,
	const char *after, struct buf *out)
{
	/* Nothing in it is to be escaped: has_room() counts six bytes for one. */
	if (json.n == 0 || !has_room(e, out, json.n / 6 + 1))
		return;
	open_delta(e, openai_answer_choice(e, choice), out, true);
	buf_add(out, slice_str(before));
	buf_add(out, json);
	buf_add(out, slice_str(after));
	close_delta(e, out, SLICE_EMPTY);
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

/* --- tool calls ----------------------------------------------------------------------------------------- */

static void put_state(struct buf *out, struct slice state)
{
	buf_add(out, SLICE("\"extra_content\":{\"google\":{\"thought_signature\":"));
	put_json(out, state);
	buf_add(out, SLICE("}}"));
}

/* "name":"..", of a first fragment, behind its id and type. */
static void put_start(struct dialect_encode *e, const struct openai_answer_call *call, struct slice id,
	struct buf *out)
{
	if (!openai_answer_of(e)->legacy) {
		buf_add(out, SLICE("\"id\":"));
		put_json(out, id);
		buf_addf(out, ",\"type\":\"%s\",", call->custom ? "custom" : "function");
		if (call->state.n) {
			put_state(out, call->state);
			buf_add_char(out, ',');
		}
		buf_add(out, call->custom ? SLICE("\"custom\":{") : SLICE("\"function\":{"));
	}
	buf_add(out, SLICE("\"name\":"));
	put_json(out, call->name);
	buf_add_char(out, ',');
}

/* {"index":0,"id":"..","type":"function","function":{"name":"..","arguments":""}}; a later fragment has no
 * id and name. */
static void write_fragment(struct dialect_encode *e, struct openai_answer_choice *c,
	const struct openai_answer_call *call, bool is_first, struct slice args, struct buf *out)
{
	bool legacy = openai_answer_of(e)->legacy;
	struct slice id = is_first ? openai_answer_call_id(e, call) : SLICE_EMPTY;

	if (!has_room(e, out, args.n + id.n + call->name.n + call->state.n))
		return;
	open_delta(e, c, out, true);
	if (legacy)
		buf_add(out, SLICE("\"function_call\":{"));
	else
		buf_addf(out, "\"tool_calls\":[{\"index\":%u,", call->index);
	if (is_first)
		put_start(e, call, id, out);
	else if (!legacy)
		buf_add(out, call->custom ? SLICE("\"custom\":{") : SLICE("\"function\":{"));
	buf_add(out, call->custom ? SLICE("\"input\":") : SLICE("\"arguments\":"));
	put_json(out, args);
	buf_add(out, legacy ? SLICE("}") : SLICE("}}]"));
	close_delta(e, out, SLICE_EMPTY);
}

static void write_waiting(struct dialect_encode *e, struct openai_answer *a, struct buf *out)
{
	struct openai_answer_call *call = a->waiting;

	a->waiting = NULL;
	write_fragment(e, a->waiting_choice, call, true, SLICE_EMPTY, out);
}

static void write_call(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	bool is_new, may_be_signed = e->source && e->source->family == DIALECT_GEMINI && !a->legacy;
	struct openai_answer_call *call = openai_answer_call(e, c, ev, &is_new);
	struct slice args = ev->kind == EVENT_TOOL_ARGS ? ev->text : SLICE_EMPTY;

	if (is_new && args.n == 0 && may_be_signed) {
		a->waiting = call;
		a->waiting_choice = c;
	} else if (is_new || args.n) {
		write_fragment(e, c, call, is_new, args, out);
	}
}

/* --- state, sources, media ------------------------------------------------------------------------------ */

/* Behind the id when the call's first chunk is not out yet, else in a chunk of its own. */
static void write_call_state(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice state = openai_detail_call_state(e, ev);
	bool is_new;
	struct openai_answer_call *call = openai_answer_call(e, c, ev, &is_new);

	if (a->legacy || e->err != ERR_OK)
		return;
	call->state = state;
	if (a->waiting == call || is_new) {
		a->waiting = call;
		a->waiting_choice = c;
		write_waiting(e, a, out);
		return;
	}
	if (!has_room(e, out, state.n))
		return;
	open_delta(e, c, out, true);
	buf_addf(out, "\"tool_calls\":[{\"index\":%u,", call->index);
	put_state(out, state);
	buf_add(out, SLICE("}]"));
	close_delta(e, out, SLICE_EMPTY);
}

/* The same twice: as OpenRouter's clients send it back, and as LiteLLM's do. */
static void write_state(struct dialect_encode *e, const struct event *ev, struct slice text, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice item = openai_detail_reasoning(e, ev, text, c->n_details++);
	struct slice block = openai_detail_block(e, ev, text);

	/* Nothing in them is to be escaped: has_room() counts six bytes for one. */
	if (item.n == 0 || !has_room(e, out, (item.n + block.n) / 6 + 1))
		return;
	open_delta(e, c, out, true);
	buf_add(out, SLICE("\"reasoning_details\":["));
	buf_add(out, item);
	buf_add_char(out, ']');
	if (block.n) {
		buf_add(out, SLICE(",\"thinking_blocks\":["));
		buf_add(out, block);
		buf_add_char(out, ']');
	}
	close_delta(e, out, SLICE_EMPTY);
}

/* The text goes out at once, and again with its signature: who sends the signature back sends what was
 * signed. */
static void write_reasoning(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice text = slice_of(c->reasoning.p, c->reasoning.n);

	if (ev->kind == EVENT_REASONING) {
		openai_answer_grow(e, &c->reasoning, ev->text);
		/* the most widely read name (protocols.md 7.5) */
		write_text(e, ev, "reasoning_content", out);
		return;
	}
	write_state(e, ev, ev->kind == EVENT_SIGNATURE ? text : SLICE_EMPTY, out);
	if (ev->kind == EVENT_SIGNATURE)
		c->reasoning.n = 0;
}

static void write_citation(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	write_member(e, ev->choice, "\"annotations\":[", openai_detail_citation(e, ev), "]", out);
}

static void write_sound(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	if (!has_room(e, out, ev->text.n))
		return;
	open_delta(e, openai_answer_choice(e, ev->choice), out, true);
	buf_add(out, SLICE("\"audio\":{\"data\":"));
	put_json(out, ev->text);
	buf_add_char(out, '}');
	close_delta(e, out, SLICE_EMPTY);
}

static void write_image(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);

	write_member(e, ev->choice, "\"images\":[", openai_detail_image(e, ev, c->n_images++), "]", out);
}

/* Beside an empty delta: the text before has its chunk already. */
static void write_logprobs(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);

	if (ev->text.n == 0 || !has_room(e, out, ev->text.n / 6 + 1))
		return;
	bool begun = c->begun;
	open_delta(e, c, out, false);
	if (!begun)
		buf_add(out, SLICE("\"content\":\"\""));
	buf_add(out, SLICE("},\"logprobs\":{\"content\":"));
	buf_add(out, ev->text);
	buf_add(out, SLICE(",\"refusal\":null"));
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

static void write_signature(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	if (ev->text.n == 0)
		return;
	if (ev->part == EVENT_NO_PART)
		write_reasoning(e, ev, out);
	else
		write_call_state(e, ev, out);
}

/* The next event is here: only the signature of the call that waits goes into its first chunk. */
static void stop_waiting(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);
	bool signs = ev->kind == EVENT_SIGNATURE && ev->part == a->waiting->part
		&& ev->choice == a->waiting_choice->index;

	if (!signs)
		write_waiting(e, a, out);
}

void openai_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);

	if (a->waiting)
		stop_waiting(e, ev, out);
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		openai_answer_start(e, ev);
		return;
	case EVENT_TEXT:
		write_text(e, ev, "content", out);
		return;
	case EVENT_REASONING:
		write_reasoning(e, ev, out);
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
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
		write_signature(e, ev, out);
		return;
	case EVENT_CITATION:
		write_citation(e, ev, out);
		return;
	case EVENT_LOGPROBS:
		write_logprobs(e, ev, out);
		return;
	case EVENT_MEDIA:
		if (slice_starts(ev->extra, SLICE("audio/")))
			write_sound(e, ev, out);
		else
			write_image(e, ev, out);
		return;
	case EVENT_USAGE:
		a->usage = event_usage(ev);
		a->has_usage = true;
		return;
	case EVENT_PART_END:
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
	struct openai_answer *a = openai_answer_of(e);

	if (a->waiting)
		write_waiting(e, a, out);
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
