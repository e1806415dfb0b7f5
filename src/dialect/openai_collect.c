#include "dialect/openai_collect.h"

#include "codec/base64.h"
#include "dialect/openai_answer.h"
#include "dialect/openai_detail.h"
#include "dialect/openai_usage.h"

/* Most bytes that one put() adds beside its text. */
#define FRAME_BYTES 512u

static void add_element(struct dialect_encode *e, struct openai_answer_text *list, struct slice json)
{
	if (json.n == 0)
		return;
	if (list->n)
		openai_answer_grow(e, list, SLICE(","));
	openai_answer_grow(e, list, json);
}

static void collect_state(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice text = slice_skip(slice_of(c->reasoning.p, c->reasoning.n), c->signed_n);
	bool is_new;

	if (ev->part != EVENT_NO_PART) {
		openai_answer_call(e, c, ev, &is_new)->state = openai_detail_call_state(e, ev);
		return;
	}
	if (ev->kind == EVENT_SIGNATURE && openai_detail_has_text(e))
		c->signed_n = c->reasoning.n;
	else
		text = SLICE_EMPTY;
	add_element(e, &c->details, openai_detail_reasoning(e, ev, text, c->n_details++));
	add_element(e, &c->blocks, openai_detail_block(e, ev, text));
}

/* Sound comes in pieces of base64, each with its own end: only its bytes can be joined. */
static void collect_media(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	struct slice bytes;

	if (!slice_starts(ev->extra, SLICE("audio/")))
		add_element(e, &c->images, openai_detail_image(e, ev, c->n_images++));
	else if (base64_decode(e->arena, ev->text, &bytes))
		openai_answer_grow(e, &c->sound, bytes);
}

static void collect_beside(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);

	if (ev->kind == EVENT_CITATION)
		add_element(e, &c->annotations, openai_detail_citation(e, ev));
	else if (ev->kind == EVENT_LOGPROBS)
		add_element(e, &c->logprobs, openai_detail_elements(ev->text));
	else if (ev->kind == EVENT_MEDIA)
		collect_media(e, ev);
	else if (ev->text.n)
		collect_state(e, ev);
}

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
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
		collect_beside(e, ev);
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

/* --- writing
 * --------------------------------------------------------------------------------------------- */

static bool has_room(struct dialect_encode *e, struct buf *out, size_t text_n)
{
	if (e->err == ERR_OK && buf_room(out, text_n * 6 + FRAME_BYTES) == NULL)
		e->err = ERR_TOO_BIG;
	return e->err == ERR_OK;
}

/* before "text" */
static void put(struct dialect_encode *e, struct buf *out, struct slice before, struct slice text)
{
	if (!has_room(e, out, text.n))
		return;
	buf_add(out, before);
	buf_add_char(out, '"');
	buf_add_json(out, text);
	buf_add_char(out, '"');
}

static void put_fixed(struct dialect_encode *e, struct buf *out, struct slice text)
{
	if (has_room(e, out, 0))
		buf_add(out, text);
}

static struct slice text_of(const struct openai_answer_text *t)
{
	return slice_of(t->p, t->n);
}

static void put_call(struct dialect_encode *e, struct buf *out, const struct openai_answer_call *call)
{
	put(e, out, SLICE("{\"id\":"), openai_answer_call_id(e, call));
	if (call->state.n) {
		put(e, out, SLICE(",\"extra_content\":{\"google\":{\"thought_signature\":"), call->state);
		put_fixed(e, out, SLICE("}}"));
	}
	put_fixed(e, out, call->custom ? SLICE(",\"type\":\"custom\",\"custom\":")
		: SLICE(",\"type\":\"function\",\"function\":"));
	put(e, out, SLICE("{\"name\":"), call->name);
	put(e, out, call->custom ? SLICE(",\"input\":") : SLICE(",\"arguments\":"), text_of(&call->args));
	put_fixed(e, out, SLICE("}}"));
}

static void put_calls(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	if (c->calls && openai_answer_of(e)->legacy) {
		put(e, out, SLICE(",\"function_call\":{\"name\":"), c->calls->name);
		put(e, out, SLICE(",\"arguments\":"), text_of(&c->calls->args));
		put_fixed(e, out, SLICE("}"));
		return;
	}
	for (const struct openai_answer_call *call = c->calls; call; call = call->next) {
		put_fixed(e, out, call == c->calls ? SLICE(",\"tool_calls\":[") : SLICE(","));
		put_call(e, out, call);
	}
	if (c->calls)
		put_fixed(e, out, SLICE("]"));
}

/* Who reads the items does not read reasoning_content: what came behind the last signed text stands among
 * them too. */
static void put_unsigned(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	if (c->signed_n == 0 || c->signed_n == c->reasoning.n)
		return;
	put(e, out, SLICE(",{\"type\":\"reasoning.text\",\"text\":"),
		slice_skip(text_of(&c->reasoning), c->signed_n));
	if (has_room(e, out, 0))
		buf_addf(out, ",\"index\":%u}", c->n_details);
}

/* A list of elements that are JSON already (has_room() counts six bytes for one); none: nothing. */
static void put_list(struct dialect_encode *e, struct buf *out, struct slice before,
	const struct openai_answer_text *list, struct slice after)
{
	if (list->n == 0 || !has_room(e, out, list->n / 6 + 1))
		return;
	buf_add(out, before);
	buf_add(out, text_of(list));
	buf_add(out, after);
}

/* protocols.md 1.4; the transcript is the text, and the answer can be named by nobody. */
static void put_sound(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	struct slice text = c->sound.n ? base64_text(e->arena, text_of(&c->sound)) : SLICE_EMPTY;

	if (c->sound.n && text.p == NULL)
		e->err = ERR_TOO_BIG;
	if (text.n == 0)
		return;
	put(e, out, SLICE(",\"audio\":{\"id\":"), openai_answer_of(e)->id);
	put(e, out, SLICE(",\"data\":"), text);
	put(e, out, SLICE(",\"transcript\":"), SLICE_EMPTY);
	if (has_room(e, out, 0))
		buf_addf(out, ",\"expires_at\":%llu}", (unsigned long long)e->created_s);
}

static void put_message(struct dialect_encode *e, struct buf *out, const struct openai_answer_choice *c)
{
	put(e, out, SLICE("\"message\":{\"role\":"), SLICE("assistant"));
	if (c->text.n || (c->calls == NULL && c->refusal.n == 0))
		put(e, out, SLICE(",\"content\":"), text_of(&c->text));
	else
		put_fixed(e, out, SLICE(",\"content\":null"));
	if (c->refusal.n)
		put(e, out, SLICE(",\"refusal\":"), text_of(&c->refusal));
	else
		put_fixed(e, out, SLICE(",\"refusal\":null"));
	if (c->reasoning.n)
		put(e, out, SLICE(",\"reasoning_content\":"), text_of(&c->reasoning));
	put_list(e, out, SLICE(",\"reasoning_details\":["), &c->details, SLICE(""));
	if (c->details.n) {
		put_unsigned(e, out, c);
		put_fixed(e, out, SLICE("]"));
	}
	put_list(e, out, SLICE(",\"thinking_blocks\":["), &c->blocks, SLICE("]"));
	put_list(e, out, SLICE(",\"annotations\":["), &c->annotations, SLICE("]"));
	put_list(e, out, SLICE(",\"images\":["), &c->images, SLICE("]"));
	put_sound(e, out, c);
	put_calls(e, out, c);
	put_fixed(e, out, SLICE("},\"logprobs\":"));
	put_list(e, out, SLICE("{\"content\":["), &c->logprobs, SLICE("],\"refusal\":null}"));
	put_fixed(e, out, c->logprobs.n ? SLICE(",\"finish_reason\":") : SLICE("null,\"finish_reason\":"));
	if (c->finish.n)
		put(e, out, SLICE(""), c->finish);
	else
		put_fixed(e, out, SLICE("null"));
}

void openai_collect_write(struct dialect_encode *e, struct buf *out)
{
	const struct openai_answer *a = openai_answer_of(e);

	put(e, out, SLICE("{\"id\":"), a->id);
	put_fixed(e, out, SLICE(",\"object\":\"chat.completion\",\"created\":"));
	if (has_room(e, out, 0))
		buf_add_u64(out, e->created_s);
	put(e, out, SLICE(",\"model\":"), a->model);
	put_fixed(e, out, SLICE(",\"choices\":["));
	for (const struct openai_answer_choice *c = a->choices; c; c = c->next) {
		if (has_room(e, out, 0)) {
			buf_add(out, c == a->choices ? SLICE("{\"index\":") : SLICE(",{\"index\":"));
			buf_add_u64(out, c->index);
			buf_add_char(out, ',');
		}
		put_message(e, out, c);
		put_fixed(e, out, SLICE("}"));
	}
	put_fixed(e, out, SLICE("]"));
	if (a->has_usage && has_room(e, out, 0)) {
		buf_add(out, SLICE(",\"usage\":"));
		openai_usage_write(&a->usage, out);
	}
	put_fixed(e, out, SLICE("}"));
}
