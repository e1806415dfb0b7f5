#include "dialect/completions_encode.h"

#include "codec/json_out.h"
#include "dialect/completions_logprobs.h"
#include "dialect/openai_answer.h"
#include "dialect/openai_detail.h"
#include "dialect/openai_usage.h"

#define USAGE_BYTES 1024u	/* five numbers and their names */

/* --- pieces --------------------------------------------------------------------------------------------- */

/* Up to the inside of `choices`. */
static void put_head(struct dialect_encode *e, struct json_out *w)
{
	const struct openai_answer *a = openai_answer_of(e);

	json_out_obj(w);
	json_out_key_str(w, "id", a->id);
	json_out_key_str(w, "object", SLICE("text_completion"));
	json_out_key_int(w, "created", (int64_t)e->created_s);
	json_out_key_str(w, "model", a->model);
	json_out_key(w, "choices");
	json_out_arr(w);
}

static void put_usage(const struct usage *u, struct json_out *w)
{
	struct buf text;

	buf_init(&text, USAGE_BYTES);
	openai_usage_write(u, &text);
	json_out_raw(w, buf_slice(&text));
	buf_done(&text);
}

/* `logprobs`: in the form of the waist; empty: none. */
static void put_choice(struct openai_answer_choice *c, struct slice text, struct slice logprobs, struct slice finish,
	struct json_out *w)
{
	json_out_obj(w);
	json_out_key_str(w, "text", text);
	json_out_key_int(w, "index", c->index);
	json_out_key(w, "logprobs");
	if (logprobs.n)
		completions_logprobs_write(logprobs, &c->chars, w);
	else
		json_out_null(w);
	json_out_key(w, "finish_reason");
	if (finish.n)
		json_out_str(w, finish);
	else
		json_out_null(w);
	json_out_obj_end(w);
}

/* --- streams -------------------------------------------------------------------------------------------- */

/* The part that all chunks share, made once. */
static struct slice head_of(struct dialect_encode *e)
{
	struct openai_answer *a = openai_answer_of(e);
	struct buf b;

	if (a->head.n)
		return a->head;
	buf_init(&b, SIZE_MAX);
	struct json_out w = json_out_to(&b);
	put_head(e, &w);
	a->head = arena_copy(e->arena, buf_slice(&b));
	buf_done(&b);
	return a->head;
}

/* Begins a chunk.  The writer stands inside of `choices`, whose bracket is in the head. */
static struct json_out open_chunk(struct dialect_encode *e, struct buf *out)
{
	struct slice head = head_of(e);
	struct json_out w = json_out_to(out);

	json_out_raw(&w, SLICE("data: "));
	json_out_raw(&w, head);
	return w;
}

/* All of the chunk or nothing: `from` is what was there before. */
static void close_chunk(struct dialect_encode *e, struct json_out *w, struct slice tail, size_t from)
{
	json_out_raw(w, tail);
	if (json_out_ok(w))
		return;
	e->err = ERR_TOO_BIG;
	w->out->n = w->out->start + from;
}

static void put_chunk(struct dialect_encode *e, const struct event *ev, struct slice text, struct slice logprobs,
	struct slice finish, struct buf *out)
{
	struct openai_answer_choice *c = openai_answer_choice(e, ev->choice);
	size_t from = buf_len(out);

	if (e->err != ERR_OK)
		return;
	struct json_out w = open_chunk(e, out);
	put_choice(c, text, logprobs, finish, &w);
	close_chunk(e, &w, openai_answer_of(e)->wants_usage ? SLICE("],\"usage\":null}\n\n") : SLICE("]}\n\n"), from);
}

/* What both kinds of answers remember. */
static void take(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer *a = openai_answer_of(e);

	if (ev->kind == EVENT_START) {
		openai_answer_start(e, ev);
	} else if (ev->kind == EVENT_USAGE) {
		a->usage = event_usage(ev);
		a->has_usage = true;
	}
}

void completions_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
	case EVENT_USAGE:
		take(e, ev);
		return;
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		put_chunk(e, ev, ev->text, SLICE_EMPTY, SLICE_EMPTY, out);
		return;
	case EVENT_LOGPROBS:
		put_chunk(e, ev, SLICE_EMPTY, ev->text, SLICE_EMPTY, out);
		return;
	case EVENT_FINISH:
		put_chunk(e, ev, SLICE_EMPTY, SLICE_EMPTY, openai_answer_finish(e, ev), out);
		return;
	case EVENT_REASONING:
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_MEDIA:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

static void put_usage_chunk(struct dialect_encode *e, struct buf *out)
{
	size_t from = buf_len(out);
	struct json_out w = open_chunk(e, out);

	json_out_raw(&w, SLICE("],\"usage\":"));
	put_usage(&openai_answer_of(e)->usage, &w);
	close_chunk(e, &w, SLICE("}\n\n"), from);
}

void completions_encode_end(struct dialect_encode *e, struct buf *out)
{
	const struct openai_answer *a = openai_answer_of(e);

	if (e->err == ERR_OK && a->wants_usage && a->has_usage)
		put_usage_chunk(e, out);
	if (e->err == ERR_OK && !buf_put(out, SLICE("data: [DONE]\n\n")))
		e->err = ERR_TOO_BIG;
}

/* --- whole answers -------------------------------------------------------------------------------------- */

static void collect_logprobs(struct dialect_encode *e, const struct event *ev)
{
	struct openai_answer_text *all = &openai_answer_choice(e, ev->choice)->logprobs;
	struct slice more = openai_detail_elements(ev->text);

	if (more.n == 0)
		return;
	openai_answer_grow(e, all, all->n ? SLICE(",") : SLICE("["));
	openai_answer_grow(e, all, more);
}

void completions_encode_collect(struct dialect_encode *e, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
	case EVENT_USAGE:
		take(e, ev);
		return;
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		openai_answer_grow(e, &openai_answer_choice(e, ev->choice)->text, ev->text);
		return;
	case EVENT_LOGPROBS:
		collect_logprobs(e, ev);
		return;
	case EVENT_FINISH:
		openai_answer_choice(e, ev->choice)->finish = openai_answer_finish(e, ev);
		return;
	case EVENT_REASONING:
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_MEDIA:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

static struct slice text_of(const struct openai_answer_text *t)
{
	return slice_of(t->p, t->n);
}

void completions_encode_collected(struct dialect_encode *e, struct buf *out)
{
	struct openai_answer *a = openai_answer_of(e);
	struct json_out w = json_out_to(out);

	for (struct openai_answer_choice *c = a->choices; c; c = c->next)
		if (c->logprobs.n)
			openai_answer_grow(e, &c->logprobs, SLICE("]"));
	if (e->err != ERR_OK)
		return;
	put_head(e, &w);
	for (struct openai_answer_choice *c = a->choices; c; c = c->next)
		put_choice(c, text_of(&c->text), text_of(&c->logprobs), c->finish, &w);
	json_out_arr_end(&w);
	if (a->has_usage) {
		json_out_key(&w, "usage");
		put_usage(&a->usage, &w);
	}
	json_out_obj_end(&w);
	if (!json_out_ok(&w))
		e->err = ERR_TOO_BIG;
}
