#include "dialect/responses_encode.h"

#include "codec/json_out.h"
#include "dialect/responses_seal.h"
#include "dialect/responses_stream.h"

typedef const struct responses_stream stream;

/* --- closing -------------------------------------------------------------------------------------------- */

static void end_part(stream *s)
{
	struct responses_piece *message = s->o->message;
	struct responses_part *part = message ? message->part : NULL;

	if (part == NULL || part->done)
		return;
	part->done = true;
	responses_stream_part_done(s, message, part);
}

static void end_piece(stream *s, struct responses_piece *piece)
{
	piece->done = true;
	piece->incomplete = s->o->over && s->o->incomplete;
	responses_stream_item_done(s, piece);
}

static void end_message(stream *s)
{
	if (s->o->message == NULL)
		return;
	end_part(s);
	end_piece(s, s->o->message);
	s->o->message = NULL;
}

static void end_reasoning(stream *s)
{
	struct responses_piece *piece = s->o->reasoning;

	if (piece == NULL)
		return;
	if (piece->text.n)
		responses_stream_summary_done(s, piece);
	end_piece(s, piece);
	s->o->reasoning = NULL;
}

static void end_call(stream *s, struct responses_piece *call)
{
	if (call->done)
		return;
	responses_stream_args_done(s, call);
	end_piece(s, call);
}

/* --- opening -------------------------------------------------------------------------------------------- */

static void begin(stream *s)
{
	if (s->o->begun)
		return;
	s->o->begun = true;
	responses_stream_response(s, "created");
	responses_stream_response(s, "in_progress");
}

static struct responses_piece *add(stream *s, struct responses_piece *piece)
{
	if (piece == NULL)
		return NULL;
	begin(s);
	responses_output_link(s->o, piece);
	responses_stream_item_added(s, piece);
	return piece;
}

/* The pending call becomes an item. */
static void settle(stream *s)
{
	struct responses_piece *call = s->o->pending;

	s->o->pending = NULL;
	add(s, call);
}

static struct responses_part *text_part(stream *s, bool is_refusal)
{
	struct responses_output *o = s->o;
	struct responses_part *part;

	end_reasoning(s);
	if (o->message == NULL)
		o->message = add(s, responses_output_piece(o, RESPONSES_PIECE_MESSAGE, SLICE_EMPTY));
	if (o->message == NULL)
		return NULL;
	part = o->message->part;
	if (part && !part->done && part->is_refusal == is_refusal)
		return part;
	end_part(s);
	part = responses_output_part(o, o->message, is_refusal);
	if (part)
		responses_stream_part_added(s, o->message, part);
	return part;
}

static struct responses_piece *new_reasoning(stream *s, struct slice id)
{
	end_reasoning(s);
	return s->o->reasoning = add(s, responses_output_piece(s->o, RESPONSES_PIECE_REASONING, id));
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static uint64_t count_chars(struct slice text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

static void join(stream *s, struct responses_text *list, struct slice elements)
{
	if (list->n)
		responses_output_grow(s->o, list, SLICE(","));
	responses_output_grow(s->o, list, elements);
}

static void put_logprobs(stream *s, struct responses_part *part, struct slice elements)
{
	join(s, &part->logprobs, elements);
	responses_stream_text(s, s->o->message, part, SLICE_EMPTY, elements);
}

/* Log probabilities without a text wait for one. */
static void put_waiting(stream *s, struct responses_part *part)
{
	struct responses_text *waiting = &s->o->logprobs;

	if (waiting->n)
		put_logprobs(s, part, responses_output_text(waiting));
	waiting->n = 0;
}

/* No text came: a whole answer has them at the text before them, a stream, whose text is out, at an empty one. */
static void end_waiting(stream *s)
{
	struct responses_text *waiting = &s->o->logprobs;
	struct responses_part *part;

	if (waiting->n && s->o->text && s->out == NULL)
		join(s, &s->o->text->logprobs, responses_output_text(waiting));
	else if (waiting->n && (part = text_part(s, false)) != NULL)
		put_waiting(s, part);
}

static void take_text(stream *s, const struct event *ev)
{
	struct responses_part *part = ev->text.n ? text_part(s, ev->kind == EVENT_REFUSAL) : NULL;

	if (part == NULL)
		return;
	if (ev->kind == EVENT_TEXT)
		put_waiting(s, part);
	responses_output_grow(s->o, &part->text, ev->text);
	if (ev->kind == EVENT_TEXT)
		s->o->chars += count_chars(ev->text);
	responses_stream_text(s, s->o->message, part, ev->text, SLICE_EMPTY);
}

/* Ids of items that this dialect made come back to it; others would mislead it. */
static struct slice own_id(struct slice id)
{
	return slice_starts(id, SLICE("rs_")) ? id : SLICE_EMPTY;
}

static void take_reasoning(stream *s, const struct event *ev)
{
	struct responses_piece *piece = s->o->reasoning;

	if (ev->text.n == 0)
		return;
	end_message(s);
	if (piece == NULL || piece->state.n)
		piece = new_reasoning(s, own_id(ev->extra));
	if (piece == NULL)
		return;
	if (piece->text.n == 0)
		responses_stream_summary_added(s, piece);
	responses_output_grow(s->o, &piece->text, ev->text);
	responses_stream_summary(s, piece, ev->text);
}

/* The open text part that a citation or logprobs speak of; NULL: none. */
static struct responses_part *open_text(stream *s)
{
	struct responses_part *part = s->o->message ? s->o->message->part : NULL;
	return part && !part->is_refusal && !part->done ? part : NULL;
}

static void take_logprobs(stream *s, const struct event *ev)
{
	struct responses_part *part = open_text(s);
	struct slice array = slice_trim(ev->text);

	if (array.n < 3 || array.p[0] != '[')
		return;
	struct slice elements = responses_output_line(s->o, slice_of(array.p + 1, array.n - 2));
	if (part)
		put_logprobs(s, part, elements);
	else
		join(s, &s->o->logprobs, elements);
}

/* --- citations ------------------------------------------------------------------------------------------ */

static int64_t place_of(yyjson_val *citation, const char *name, int64_t base, int64_t missing)
{
	int64_t at = json_int(citation, name, -1);
	return at >= base ? at - base : missing;
}

/* {"url","title","start_index","end_index"} counts in the answer's whole text; what is missing is what stands
 * before. */
static void write_annotation(stream *s, const struct responses_part *part, yyjson_val *citation, struct json_out *w)
{
	struct slice url = json_str(citation, "url"), title = json_str(citation, "title");
	int64_t base = (int64_t)part->base, end = (int64_t)s->o->chars - base;

	json_out_obj(w);
	json_out_key_str(w, "type", url.n ? SLICE("url_citation") : SLICE("file_citation"));
	if (url.n) {
		json_out_key_int(w, "start_index", place_of(citation, "start_index", base, 0));
		json_out_key_int(w, "end_index", place_of(citation, "end_index", base, end));
		json_out_key_str(w, "url", url);
		json_out_key_str(w, "title", title);
	} else {
		json_out_key_str(w, "file_id", SLICE_EMPTY);
		json_out_key_str(w, "filename", title);
		json_out_key_int(w, "index", place_of(citation, "end_index", base, end));
	}
	json_out_obj_end(w);
}

static void put_annotation(stream *s, struct responses_part *part, struct slice annotation)
{
	responses_stream_annotation(s, s->o->message, part, annotation);
	join(s, &part->annotations, annotation);
	part->n_annotations++;
}

static bool is_own(stream *s)
{
	return s->o->e->source == NULL || s->o->e->source == &openai_responses;
}

static void take_citation(stream *s, const struct event *ev)
{
	struct responses_part *part = open_text(s);
	struct arena a;
	yyjson_doc *doc;
	struct buf b;

	if (part == NULL)
		return;
	if (is_own(s) && ev->extra.n) {
		put_annotation(s, part, responses_output_line(s->o, ev->extra));
		return;
	}
	arena_init(&a, 0);	/* as long as the event, which is bounded */
	buf_init(&b, SIZE_MAX);
	if (json_parse(&a, ev->text, &doc, NULL) == ERR_OK) {
		struct json_out w = json_out_to(&b);
		write_annotation(s, part, yyjson_doc_get_root(doc), &w);
		put_annotation(s, part, buf_slice(&b));
	}
	buf_done(&b);
	arena_done(&a);
}

/* --- opaque state --------------------------------------------------------------------------------------- */

static struct slice seal(stream *s, enum responses_seal_of of, struct slice bytes)
{
	struct dialect_encode *e = s->o->e;
	struct slice text = responses_seal_write(e->arena, of, e->source, bytes);

	if (text.n == 0 && bytes.n && e->err == ERR_OK)
		e->err = ERR_TOO_BIG;
	return text.p == bytes.p ? responses_output_keep(s->o, text) : text;
}

/* A reasoning item with nothing to read. */
static void put_state(stream *s, enum responses_seal_of of, const struct event *ev)
{
	end_message(s);
	struct responses_piece *piece = new_reasoning(s, own_id(ev->extra));
	if (piece)
		piece->state = seal(s, of, ev->text);
	end_reasoning(s);
}

static void take_signature(stream *s, const struct event *ev)
{
	struct responses_piece *piece = s->o->reasoning;

	if (ev->text.n == 0 || ev->part != EVENT_NO_PART)
		return;		/* of a call that is out already: too late to stand before it */
	if (piece && piece->state.n == 0)
		piece->state = seal(s, RESPONSES_SEAL_REASONING, ev->text);
	else
		put_state(s, RESPONSES_SEAL_REASONING, ev);
}

static void take_redacted(stream *s, const struct event *ev)
{
	if (ev->text.n)
		put_state(s, RESPONSES_SEAL_REDACTED, ev);
}

/* --- calls and images ----------------------------------------------------------------------------------- */

static void take_start(stream *s, const struct event *ev)
{
	if (responses_output_find(s->o, ev->part))
		return;
	end_message(s);
	end_reasoning(s);
	begin(s);
	s->o->pending = responses_output_call(s->o, ev);
}

static void take_args(stream *s, const struct event *ev)
{
	struct responses_piece *call = responses_output_find(s->o, ev->part);

	if (ev->text.n == 0 || (call && call->done))
		return;
	if (call == NULL) {
		take_start(s, ev);
		call = s->o->pending;
		settle(s);
	}
	if (call == NULL)
		return;
	responses_output_grow(s->o, &call->text, ev->text);
	responses_stream_args(s, call, ev->text);
}

/* {"image/png"} -> "png"; NULL: no image. */
static const char *image_format(struct slice mime)
{
	static const struct {
		const char *mime, *format;
	} images[] = { { "image/png", "png" }, { "image/jpeg", "jpeg" }, { "image/webp", "webp" },
		{ "image/gif", "gif" },
		{ "image/svg+xml", "svg" } };

	for (size_t i = 0; i < COUNT_OF(images); i++)
		if (slice_case_eq(mime, slice_str(images[i].mime)))
			return images[i].format;
	bool is_image = mime.n >= 6 && slice_case_eq(slice_of(mime.p, 6), SLICE("image/"));
	return is_image ? "png" : NULL;
}

/* Sound has no place in this dialect. */
static void take_media(stream *s, const struct event *ev)
{
	const char *format = image_format(event_media_type(ev));
	struct responses_piece *piece;

	if (format == NULL || ev->text.n == 0)
		return;
	end_message(s);
	end_reasoning(s);
	piece = responses_output_piece(s->o, RESPONSES_PIECE_IMAGE, SLICE_EMPTY);
	if (piece == NULL)
		return;
	piece->format = format;
	add(s, piece);
	responses_output_grow(s->o, &piece->text, ev->text);
	responses_stream_image_done(s, piece);
	end_piece(s, piece);
}

/* --- ends ----------------------------------------------------------------------------------------------- */

static void take_end(stream *s, const struct event *ev)
{
	struct responses_piece *call = ev->part != EVENT_NO_PART ? responses_output_find(s->o, ev->part) : NULL;

	if (ev->part == EVENT_NO_PART) {
		end_part(s);
		end_reasoning(s);
	} else if (call) {
		end_call(s, call);
	}
}

/* protocols.md 2.5.  A word that weir does not know is passed on, and none at all is no reason to call it
 * complete. */
static void set_status(stream *s, const struct event *ev)
{
	struct responses_output *o = s->o;

	switch ((enum event_finish)ev->finish) {
	case EVENT_FINISH_STOP:
	case EVENT_FINISH_TOOL_CALLS:
	case EVENT_FINISH_FUNCTION:
		return;
	case EVENT_FINISH_LENGTH:
		o->reason = SLICE("max_output_tokens");
		break;
	case EVENT_FINISH_FILTER:
		o->reason = SLICE("content_filter");
		break;
	case EVENT_FINISH_NONE:
	case EVENT_FINISH_UNKNOWN:
		o->reason = responses_output_keep(o, ev->text);
		break;
	}
	o->incomplete = true;
}

static void take_finish(stream *s, const struct event *ev)
{
	struct responses_output *o = s->o;

	begin(s);
	set_status(s, ev);
	end_waiting(s);
	o->over = true;
	end_message(s);
	end_reasoning(s);
	for (struct responses_piece *piece = o->pieces; piece; piece = piece->next)
		if (piece->kind == RESPONSES_PIECE_CALL)
			end_call(s, piece);
}

/* --- events --------------------------------------------------------------------------------------------- */

static void take_content(stream *s, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		take_text(s, ev);
		return;
	case EVENT_REASONING:
		take_reasoning(s, ev);
		return;
	case EVENT_TOOL_START:
		take_start(s, ev);
		return;
	case EVENT_TOOL_ARGS:
		take_args(s, ev);
		return;
	case EVENT_PART_END:
		take_end(s, ev);
		return;
	case EVENT_SIGNATURE:
		take_signature(s, ev);
		return;
	case EVENT_REDACTED:
		take_redacted(s, ev);
		return;
	case EVENT_CITATION:
		take_citation(s, ev);
		return;
	case EVENT_LOGPROBS:
		take_logprobs(s, ev);
		return;
	case EVENT_MEDIA:
		take_media(s, ev);
		return;
	case EVENT_FINISH:
		take_finish(s, ev);
		return;
	case EVENT_START:
	case EVENT_USAGE:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

static void take(stream *s, const struct event *ev)
{
	struct responses_output *o = s->o;

	if (o->e->err != ERR_OK || !dialect_is_only(&o->only, ev))
		return;
	if (ev->kind == EVENT_START && !o->begun) {
		responses_output_start(o, ev);
		begin(s);
	}
	if (ev->kind == EVENT_USAGE) {
		o->usage = event_usage(ev);
		o->has_usage = true;
		return;
	}
	if (o->over)
		return;
	/* The signature of a call stands before it, and comes right behind its start. */
	bool is_its = o->pending && ev->kind == EVENT_SIGNATURE && ev->part == o->pending->of;
	if (is_its && ev->text.n)
		put_state(s, RESPONSES_SEAL_CALL, ev);
	if (o->pending)
		settle(s);
	if (!is_its)
		take_content(s, ev);
}

void responses_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	stream s = { .o = responses_output_of(e), .out = out };

	take(&s, ev);
}

void responses_encode_collect(struct dialect_encode *e, const struct event *ev)
{
	stream s = { .o = responses_output_of(e), .out = NULL };

	take(&s, ev);
}

void responses_encode_end(struct dialect_encode *e, struct buf *out)
{
	stream s = { .o = responses_output_seen(e), .out = out };

	if (s.o && s.o->over)
		responses_stream_response(&s, s.o->incomplete ? "incomplete" : "completed");
}
