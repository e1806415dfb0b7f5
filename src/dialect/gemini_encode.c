/* Every chunk is a whole response with one part, as Gemini's own are (protocols.md 5.4).  A call is one part too, so
 * its arguments wait until they are complete: its end is told, its text is a whole object when something else begins,
 * or the candidate ends.  The reason of the end comes last, with the counts, which may follow it.
 *
 * A client without alt=sse in front of a Gemini provider gets the provider's own chunks: only what frames them
 * differs. */
#include "dialect/gemini_encode.h"

#include "dialect/gemini_answer.h"
#include "dialect/gemini_error.h"

/* --- frames --------------------------------------------------------------------------------------------- */

static bool is_array(const struct dialect_encode *e)
{
	return e->request && e->request->door.framing == REQUEST_JSON_ARRAY;
}

/* A chunk that is being written; without room it disappears again. */
struct chunk {
	struct json_out w;
	struct buf *out;
	size_t before;		/* bytes in `out` without it */
};

static bool put(struct buf *out, struct slice s)
{
	return buf_put(out, s);
}

static struct slice opening(struct dialect_encode *e)
{
	if (!is_array(e))
		return SLICE("data: ");
	return gemini_answer_of(e)->in_array ? SLICE(",\r\n") : SLICE("[");
}

static struct chunk open_frame(struct dialect_encode *e, struct buf *out)
{
	struct chunk k = { .w = json_out_to(out), .out = out, .before = buf_len(out) };

	k.w.failed = e->err != ERR_OK || !put(out, opening(e));
	return k;
}

static void close_frame(struct dialect_encode *e, struct chunk *k)
{
	if (!is_array(e) && json_out_ok(&k->w))
		k->w.failed = !put(k->out, SLICE("\n\n"));
	if (json_out_ok(&k->w)) {
		gemini_answer_of(e)->in_array = true;
		return;
	}
	k->out->n = k->out->start + k->before;
	if (e->err == ERR_OK)
		e->err = ERR_TOO_BIG;
}

static struct chunk open_chunk(struct dialect_encode *e, struct buf *out)
{
	struct chunk k = open_frame(e, out);

	json_out_obj(&k.w);
	json_out_key(&k.w, "candidates");
	json_out_arr(&k.w);
	return k;
}

static void close_chunk(struct dialect_encode *e, struct chunk *k, bool usage)
{
	json_out_arr_end(&k->w);
	gemini_answer_put_names(&k->w, gemini_answer_of(e), usage);
	json_out_obj_end(&k->w);
	close_frame(e, k);
}

static void put_content(struct json_out *w, const struct gemini_answer_part *part)
{
	json_out_key(w, "content");
	json_out_obj(w);
	json_out_key(w, "parts");
	json_out_arr(w);
	gemini_answer_put_part(w, part);
	json_out_arr_end(w);
	json_out_key_str(w, "role", SLICE("model"));
	json_out_obj_end(w);
}

static void write_part(struct dialect_encode *e, uint16_t choice, const struct gemini_answer_part *part,
	struct buf *out)
{
	struct chunk k = open_chunk(e, out);

	json_out_obj(&k.w);
	put_content(&k.w, part);
	json_out_key_int(&k.w, "index", choice);
	json_out_obj_end(&k.w);
	close_chunk(e, &k, false);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

/* What is known of the calls that wait. */
enum behind { BEHIND_MORE, /* more of the last one may come */ BEHIND_ANOTHER, /* something else has begun */
	BEHIND_NOTHING };

/* Calls in order, up to the first that may go on. */
static void flush_calls(struct dialect_encode *e, struct gemini_answer_choice *c, enum behind behind, struct buf *out)
{
	for (struct gemini_answer_part *call = c->parts; call; call = call->next) {
		if (call->written)
			continue;
		bool may_end = call->next || behind == BEHIND_ANOTHER;
		if (behind != BEHIND_NOTHING && !call->ended && !(may_end && gemini_answer_is_whole(call)))
			return;
		write_part(e, c->index, call, out);
		call->written = true;
	}
}

/* --- events --------------------------------------------------------------------------------------------- */

/* The candidate of an event that is no call; calls before it go out first. */
static struct gemini_answer_choice *other_of(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);

	flush_calls(e, c, BEHIND_ANOTHER, out);
	return c;
}

/* The part only borrows the event's text, for as long as it is written. */
static struct gemini_answer_part borrow(enum gemini_answer_kind kind, struct slice text)
{
	return (struct gemini_answer_part){ .kind = kind,
		.text = { (char *)(uintptr_t)text.p, text.n, text.n } };
}

/* What is held goes out in an empty thought, as no call will follow the thoughts it is of. */
static void flush_held(struct dialect_encode *e, struct gemini_answer_choice *c, struct buf *out)
{
	const struct gemini_answer_part part = { .kind = GEMINI_ANSWER_THOUGHT, .signature = c->held };

	if (c->held.n)
		write_part(e, c->index, &part, out);
	c->held = SLICE_EMPTY;
}

static void write_text(struct dialect_encode *e, const struct event *ev, enum gemini_answer_kind kind, struct buf *out)
{
	struct gemini_answer_part part = borrow(kind, ev->text);
	struct gemini_answer_choice *c = other_of(e, ev, out);

	if (kind == GEMINI_ANSWER_THOUGHT)
		flush_held(e, c, out);
	if (ev->kind == EVENT_TEXT)
		gemini_offsets_add(&c->offsets, e->arena, ev->text);
	write_part(e, ev->choice, &part, out);
}

static void write_media(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct gemini_answer_part part = borrow(GEMINI_ANSWER_MEDIA, ev->text);

	part.mime = ev->extra.n ? ev->extra : event_media_type(ev);
	other_of(e, ev, out);
	write_part(e, ev->choice, &part, out);
}

/* State that belongs to no call: Gemini's own stands in an empty part at an answer's end, that of others belongs to
 * the thoughts before it and is held for the next call. */
static void write_signature(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	bool is_own = gemini_answer_of(e)->own && ev->kind == EVENT_SIGNATURE;
	struct gemini_answer_part part = { .kind = GEMINI_ANSWER_TEXT };

	part.signature = gemini_answer_signature(e, ev, true);
	if (part.signature.n == 0)
		return;
	struct gemini_answer_choice *c = other_of(e, ev, out);
	if (is_own) {
		write_part(e, ev->choice, &part, out);
		return;
	}
	flush_held(e, c, out);
	c->held = part.signature;
}

static void write_logprobs(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct chunk k = open_chunk(e, out);

	gemini_answer_choice(e, ev->choice);
	json_out_obj(&k.w);
	gemini_answer_put_logprobs(&k.w, ev->text);
	json_out_key_int(&k.w, "index", ev->choice);
	json_out_obj_end(&k.w);
	close_chunk(e, &k, false);
}

static void take_call(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);
	struct gemini_answer_part *call = gemini_answer_call(e, c, ev);

	if (call == NULL || call->written)
		return;
	if (ev->kind == EVENT_TOOL_ARGS)
		gemini_answer_grow(e, &call->text, ev->text);
	else if (ev->kind == EVENT_SIGNATURE)
		gemini_answer_sign(e, c, call, ev);
	else if (ev->kind == EVENT_PART_END)
		call->ended = true;
	if (ev->kind != EVENT_TOOL_ARGS)
		flush_calls(e, c, BEHIND_MORE, out);
}

static void take_finish(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct gemini_answer_choice *c = gemini_answer_choice(e, ev->choice);

	flush_calls(e, c, BEHIND_NOTHING, out);
	gemini_answer_finish(e, c, ev);
}

static void take(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct gemini_answer *a = gemini_answer_of(e);

	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		gemini_answer_start(e, ev);
		return;
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		write_text(e, ev, GEMINI_ANSWER_TEXT, out);
		return;
	case EVENT_REASONING:
		write_text(e, ev, GEMINI_ANSWER_THOUGHT, out);
		return;
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
		take_call(e, ev, out);
		return;
	case EVENT_PART_END:
		if (ev->part != EVENT_NO_PART)
			take_call(e, ev, out);
		return;
	case EVENT_SIGNATURE:
		if (ev->part != EVENT_NO_PART)
			take_call(e, ev, out);
		else
			write_signature(e, ev, out);
		return;
	case EVENT_REDACTED:
		write_signature(e, ev, out);
		return;
	case EVENT_CITATION:
		gemini_answer_cite(e, gemini_answer_choice(e, ev->choice), ev);
		return;
	case EVENT_LOGPROBS:
		write_logprobs(e, ev, out);
		return;
	case EVENT_MEDIA:
		write_media(e, ev, out);
		return;
	case EVENT_FINISH:
		take_finish(e, ev, out);
		return;
	case EVENT_USAGE:
		a->usage = event_usage(ev);
		a->has_usage = true;
		return;
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

/* --- chunks that need only another frame ---------------------------------------------------------------- */

/* The chunks of a Gemini provider reach this client as they are. */
static bool passes(const struct dialect_encode *e)
{
	return is_array(e) && e->source == &gemini_generate;
}

/* The next line of *rest without its end. */
static bool next_line(struct slice *rest, struct slice *out)
{
	size_t n = MIN_OF(slice_find(*rest, '\n'), slice_find(*rest, '\r'));

	if (rest->n == 0)
		return false;
	*out = slice_of(rest->p, n);
	*rest = slice_skip(*rest, n + 1);
	return true;
}

/* The data of an event, which has been parsed before: JSON. */
static void pass_event(struct dialect_encode *e, struct slice raw, struct buf *out)
{
	struct chunk k = open_frame(e, out);
	struct slice line;
	bool any = false;

	if (slice_starts(raw, SLICE("\xef\xbb\xbf")))
		raw = slice_skip(raw, 3);
	while (next_line(&raw, &line))
		if (slice_starts(line, SLICE("data:")) && json_out_ok(&k.w)) {
			k.w.failed = !put(out, slice_trim(slice_skip(line, 5)));
			any = true;
		}
	if (any || !json_out_ok(&k.w))
		close_frame(e, &k);
	else
		out->n = out->start + k.before;
}

/* A provider that answered in one piece: an object, or a list of them. */
static void pass_whole(struct dialect_encode *e, struct slice raw, struct buf *out)
{
	struct chunk k = open_frame(e, out);

	if (raw.p[0] == '[')
		raw = slice_trim(slice_of(raw.p + 1, raw.n - 2));
	if (json_out_ok(&k.w))
		k.w.failed = !put(out, raw);
	close_frame(e, &k);
}

static void pass(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	struct slice whole = slice_trim(ev->raw);

	if (!ev->first_of_raw || whole.n == 0 || ev->kind == EVENT_ERROR)
		return;
	if (whole.n > 1 && (whole.p[0] == '{' || whole.p[0] == '['))
		pass_whole(e, whole, out);
	else
		pass_event(e, ev->raw, out);
}

/* --- the whole stream ----------------------------------------------------------------------------------- */

void gemini_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	if (passes(e))
		pass(e, ev, out);
	else
		take(e, ev, out);
}

/* Reasons and counts of all candidates.  The empty part is there because SDKs look for one; state that found no call
 * stands there, as Gemini's own does. */
static void write_last(struct dialect_encode *e, struct buf *out)
{
	const struct gemini_answer *a = gemini_answer_of(e);
	struct gemini_answer_part nothing = { .kind = GEMINI_ANSWER_TEXT };
	struct chunk k = open_chunk(e, out);

	for (const struct gemini_answer_choice *c = a->choices; c; c = c->next) {
		nothing.signature = c->held;
		json_out_obj(&k.w);
		put_content(&k.w, &nothing);
		gemini_answer_put_end(&k.w, c);
		json_out_obj_end(&k.w);
	}
	close_chunk(e, &k, true);
}

void gemini_encode_end(struct dialect_encode *e, struct buf *out)
{
	struct gemini_answer *a = gemini_answer_of(e);

	for (struct gemini_answer_choice *c = a->choices; c; c = c->next)
		flush_calls(e, c, BEHIND_NOTHING, out);
	if (!passes(e) && (a->choices || a->has_usage))
		write_last(e, out);
	if (is_array(e) && e->err == ERR_OK && !put(out, a->in_array ? SLICE("]") : SLICE("[]")))
		e->err = ERR_TOO_BIG;
}

void gemini_encode_error(struct dialect_encode *e, const struct fault *f, struct buf *out)
{
	if (!is_array(e)) {
		gemini_error_event(f, out);
		return;
	}
	buf_add(out, gemini_answer_of(e)->in_array ? SLICE(",\r\n") : SLICE("["));
	gemini_error_body(f, out);
	buf_add_char(out, ']');
}
