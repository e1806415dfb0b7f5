#include "dialect/gemini_collect.h"

#include "dialect/gemini_answer.h"
#include "dialect/gemini_finish.h"

static struct gemini_answer_part *last_of(struct gemini_answer_choice *c)
{
	return c->parts ? CONTAINER(c->end, struct gemini_answer_part, next) : NULL;
}

/* What is held gets an empty part of its own. */
static void flush_held(struct dialect_encode *e, struct gemini_answer_choice *c, enum gemini_answer_kind kind)
{
	struct gemini_answer_part *part = c->held.n ? gemini_answer_add(e, c, kind) : NULL;

	if (part)
		part->signature = c->held;
	c->held = SLICE_EMPTY;
}

/* Text goes on in the part before it, unless a signature closed that. */
static void take_text(struct dialect_encode *e, const struct event *ev, enum gemini_answer_kind kind)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);

	if (ev->text.n == 0)
		return;
	if (kind == GEMINI_ANSWER_THOUGHT)
		flush_held(e, c, kind);
	struct gemini_answer_part *part = last_of(c);
	if (part == NULL || part->kind != kind || part->signature.n)
		part = gemini_answer_add(e, c, kind);
	if (part == NULL)
		return;
	if (ev->kind == EVENT_TEXT)
		gemini_offsets_add(&c->offsets, e->arena, ev->text);
	gemini_answer_grow(e, &part->text, ev->text);
}

static void take_media(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);
	struct gemini_answer_part *part = gemini_answer_add(e, c, GEMINI_ANSWER_MEDIA);
	struct gemini_answer_text mime = { .n = 0 };

	if (part == NULL)
		return;
	gemini_answer_grow(e, &mime, ev->extra.n ? ev->extra : event_media_type(ev));
	part->mime = slice_of(mime.p, mime.n);
	gemini_answer_grow(e, &part->text, ev->text);
}

static void take_call(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);
	struct gemini_answer_part *call = gemini_answer_call(e, c, ev);

	if (call && ev->kind == EVENT_TOOL_ARGS)
		gemini_answer_grow(e, &call->text, ev->text);
	else if (call && ev->kind == EVENT_SIGNATURE)
		gemini_answer_sign(e, c, call, ev);
}

/* To the text before it if that has none.  Others' state without such a text is held, and stands on the next call. */
static void take_signature(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);
	struct gemini_answer_part *part = last_of(c);
	bool is_own = gemini_answer_of(e)->own && ev->kind == EVENT_SIGNATURE;
	bool takes = part && part->signature.n == 0 && ev->kind == EVENT_SIGNATURE
		&& (part->kind == GEMINI_ANSWER_THOUGHT || (is_own && part->kind == GEMINI_ANSWER_TEXT));

	if (!takes && !is_own) {
		flush_held(e, c, GEMINI_ANSWER_THOUGHT);
		c->held = gemini_answer_signature(e, ev, true);
		return;
	}
	if (!takes)
		part = gemini_answer_add(e, c, GEMINI_ANSWER_TEXT);
	if (part)
		part->signature = gemini_answer_signature(e, ev, false);
}

/* The elements of all arrays, one after the other. */
static void take_logprobs(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer_text *t = &gemini_answer_choice(e, ev->choice)->logprobs;
	struct slice array = slice_trim(ev->text);

	if (array.n < 2 || array.p[0] != '[')
		return;
	struct slice elements = slice_trim(slice_of(array.p + 1, array.n - 2));
	if (elements.n == 0)
		return;
	gemini_answer_grow(e, t, t->n ? SLICE(",") : SLICE("["));
	gemini_answer_grow(e, t, elements);
}

void gemini_collect(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer *a = gemini_answer_of(e);

	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		gemini_answer_start(e, ev);
		return;
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		take_text(e, ev, GEMINI_ANSWER_TEXT);
		return;
	case EVENT_REASONING:
		take_text(e, ev, GEMINI_ANSWER_THOUGHT);
		return;
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
		take_call(e, ev);
		return;
	case EVENT_SIGNATURE:
		if (ev->part != EVENT_NO_PART)
			take_call(e, ev);
		else
			take_signature(e, ev);
		return;
	case EVENT_REDACTED:
		take_signature(e, ev);
		return;
	case EVENT_CITATION:
		gemini_answer_cite(e, gemini_answer_choice(e, ev->choice), ev);
		return;
	case EVENT_LOGPROBS:
		take_logprobs(e, ev);
		return;
	case EVENT_MEDIA:
		take_media(e, ev);
		return;
	case EVENT_FINISH:
		gemini_answer_finish(e, gemini_answer_choice(e, ev->choice), ev);
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

/* --- writing -------------------------------------------------------------------------------------------- */

/* State that found no call: on the last text. */
static void settle_held(struct dialect_encode *e, struct gemini_answer_choice *c)
{
	struct gemini_answer_part *part = last_of(c);

	if (c->held.n == 0 || part == NULL || part->kind != GEMINI_ANSWER_TEXT || part->signature.n) {
		flush_held(e, c, GEMINI_ANSWER_TEXT);
		return;
	}
	part->signature = c->held;
	c->held = SLICE_EMPTY;
}

/* Without any part there is an empty one, because SDKs look for one, and a reason, because nothing at all is what a
 * failed answer looks like. */
static void put_candidate(struct dialect_encode *e, struct json_out *w, struct gemini_answer_choice *c)
{
	const struct gemini_answer_part nothing = { .kind = GEMINI_ANSWER_TEXT };

	settle_held(e, c);
	if (c->parts == NULL && c->finish.n == 0)
		c->finish = slice_str(gemini_finish_word(EVENT_FINISH_UNKNOWN, SLICE_EMPTY));
	json_out_obj(w);
	json_out_key(w, "content");
	json_out_obj(w);
	json_out_key(w, "parts");
	json_out_arr(w);
	if (c->parts == NULL)
		gemini_answer_put_part(w, &nothing);
	for (const struct gemini_answer_part *part = c->parts; part; part = part->next)
		gemini_answer_put_part(w, part);
	json_out_arr_end(w);
	json_out_key_str(w, "role", SLICE("model"));
	json_out_obj_end(w);
	gemini_answer_put_end(w, c);
	if (c->logprobs.n) {
		gemini_answer_grow(e, &c->logprobs, SLICE("]"));
		gemini_answer_put_logprobs(w, slice_of(c->logprobs.p, c->logprobs.n));
	}
	json_out_obj_end(w);
}

void gemini_collect_write(struct dialect_encode *e, struct buf *out)
{
	struct gemini_answer *a = gemini_answer_of(e);
	struct json_out w = json_out_to(out);
	size_t before = buf_len(out);

	if (e->err != ERR_OK)
		return;
	json_out_obj(&w);
	json_out_key(&w, "candidates");
	json_out_arr(&w);
	for (struct gemini_answer_choice *c = a->choices; c; c = c->next)
		put_candidate(e, &w, c);
	json_out_arr_end(&w);
	gemini_answer_put_names(&w, a, true);
	json_out_obj_end(&w);
	if (json_out_ok(&w) && e->err == ERR_OK)
		return;
	out->n = out->start + before;
	e->err = ERR_TOO_BIG;
}
