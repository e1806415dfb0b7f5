#include "dialect/responses_stream.h"

#include <stdio.h>

#include "dialect/responses_object.h"

/* One event while it is written. */
struct frame {
	const struct responses_stream *s;
	struct json_out w;
	size_t at;		/* length of `out` before it */
};

static bool put(struct frame *f, struct slice text)
{
	f->w.failed = f->w.failed || !buf_put(f->s->out, text);
	return !f->w.failed;
}

/* Up to the members that say what happened.  False: nothing is to be written. */
static bool open(struct frame *f, const struct responses_stream *s, const char *type)
{
	if (s->out == NULL || s->o->e->err != ERR_OK)
		return false;
	*f = (struct frame){ .s = s, .w = json_out_to(s->out), .at = buf_len(s->out) };
	if (put(f, SLICE("event: ")) && put(f, slice_str(type)))
		put(f, SLICE("\ndata: "));
	json_out_obj(&f->w);
	json_out_key_str(&f->w, "type", slice_str(type));
	json_out_key_int(&f->w, "sequence_number", (int64_t)s->o->sequence);
	return true;
}

static void close(struct frame *f)
{
	json_out_obj_end(&f->w);
	if (json_out_ok(&f->w) && put(f, SLICE("\n\n"))) {
		f->s->o->sequence++;
		return;
	}
	f->s->o->e->err = ERR_TOO_BIG;
	f->s->out->n -= buf_len(f->s->out) - f->at;
}

static void put_place(struct frame *f, const struct responses_piece *piece)
{
	json_out_key_str(&f->w, "item_id", piece->id);
	json_out_key_int(&f->w, "output_index", piece->index);
}

static bool open_at(struct frame *f, const struct responses_stream *s, const char *type,
	const struct responses_piece *piece)
{
	if (!open(f, s, type))
		return false;
	put_place(f, piece);
	return true;
}

/* --- the response and its items ------------------------------------------------------------------------- */

void responses_stream_response(const struct responses_stream *s, const char *name)
{
	char type[40];
	struct frame f;

	snprintf(type, sizeof(type), "response.%s", name);
	if (!open(&f, s, type))
		return;
	json_out_key(&f.w, "response");
	responses_object_write(&f.w, s->o);
	close(&f);
}

static void put_item(const struct responses_stream *s, const char *type, const struct responses_piece *piece,
	bool empty)
{
	struct frame f;

	if (!open(&f, s, type))
		return;
	json_out_key_int(&f.w, "output_index", piece->index);
	json_out_key(&f.w, "item");
	responses_object_item(&f.w, piece, empty);
	close(&f);
}

void responses_stream_item_added(const struct responses_stream *s, const struct responses_piece *piece)
{
	put_item(s, "response.output_item.added", piece, true);
}

void responses_stream_item_done(const struct responses_stream *s, const struct responses_piece *piece)
{
	put_item(s, "response.output_item.done", piece, false);
}

/* --- messages ------------------------------------------------------------------------------------------- */

static void put_part(const struct responses_stream *s, const char *type, const struct responses_piece *message,
	const struct responses_part *part, bool empty)
{
	struct frame f;

	if (!open_at(&f, s, type, message))
		return;
	json_out_key_int(&f.w, "content_index", part->index);
	json_out_key(&f.w, "part");
	responses_object_part(&f.w, part, empty);
	close(&f);
}

void responses_stream_part_added(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part)
{
	put_part(s, "response.content_part.added", message, part, true);
}

/* A list of elements. */
static void put_logprobs(struct frame *f, struct slice elements)
{
	json_out_key(&f->w, "logprobs");
	json_out_arr(&f->w);
	if (elements.n)
		json_out_raw(&f->w, elements);
	json_out_arr_end(&f->w);
}

static void put_text_done(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part)
{
	const char *type = part->is_refusal ? "response.refusal.done" : "response.output_text.done";
	struct frame f;

	if (!open_at(&f, s, type, message))
		return;
	json_out_key_int(&f.w, "content_index", part->index);
	json_out_key_str(&f.w, part->is_refusal ? "refusal" : "text", responses_output_text(&part->text));
	if (!part->is_refusal)
		put_logprobs(&f, responses_output_text(&part->logprobs));
	close(&f);
}

void responses_stream_part_done(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part)
{
	put_text_done(s, message, part);
	put_part(s, "response.content_part.done", message, part, false);
}

void responses_stream_text(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part, struct slice text, struct slice logprobs)
{
	struct frame f;

	if (!open_at(&f, s, part->is_refusal ? "response.refusal.delta" : "response.output_text.delta", message))
		return;
	json_out_key_int(&f.w, "content_index", part->index);
	json_out_key_str(&f.w, "delta", text);
	if (!part->is_refusal)
		put_logprobs(&f, logprobs);
	close(&f);
}

void responses_stream_annotation(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part, struct slice annotation)
{
	struct frame f;

	if (!open_at(&f, s, "response.output_text.annotation.added", message))
		return;
	json_out_key_int(&f.w, "content_index", part->index);
	json_out_key_int(&f.w, "annotation_index", part->n_annotations);
	json_out_key(&f.w, "annotation");
	json_out_raw(&f.w, annotation);
	close(&f);
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

static void put_summary(const struct responses_stream *s, const char *type, const struct responses_piece *reasoning,
	struct slice text)
{
	struct frame f;

	if (!open_at(&f, s, type, reasoning))
		return;
	json_out_key_int(&f.w, "summary_index", 0);
	json_out_key(&f.w, "part");
	responses_object_summary(&f.w, text);
	close(&f);
}

static void put_summary_text(const struct responses_stream *s, const char *type,
	const struct responses_piece *reasoning, const char *member, struct slice text)
{
	struct frame f;

	if (!open_at(&f, s, type, reasoning))
		return;
	json_out_key_int(&f.w, "summary_index", 0);
	json_out_key_str(&f.w, member, text);
	close(&f);
}

void responses_stream_summary_added(const struct responses_stream *s, const struct responses_piece *reasoning)
{
	put_summary(s, "response.reasoning_summary_part.added", reasoning, SLICE_EMPTY);
}

void responses_stream_summary(const struct responses_stream *s, const struct responses_piece *reasoning,
	struct slice text)
{
	put_summary_text(s, "response.reasoning_summary_text.delta", reasoning, "delta", text);
}

void responses_stream_summary_done(const struct responses_stream *s, const struct responses_piece *reasoning)
{
	struct slice text = responses_output_text(&reasoning->text);

	put_summary_text(s, "response.reasoning_summary_text.done", reasoning, "text", text);
	put_summary(s, "response.reasoning_summary_part.done", reasoning, text);
}

/* --- calls and images ----------------------------------------------------------------------------------- */

static void put_args(const struct responses_stream *s, const char *type, const struct responses_piece *call,
	const char *member, struct slice text)
{
	struct frame f;

	if (!open_at(&f, s, type, call))
		return;
	json_out_key_str(&f.w, member, text);
	close(&f);
}

void responses_stream_args(const struct responses_stream *s, const struct responses_piece *call, struct slice text)
{
	const char *type = call->custom ? "response.custom_tool_call_input.delta"
		: "response.function_call_arguments.delta";

	put_args(s, type, call, "delta", text);
}

void responses_stream_args_done(const struct responses_stream *s, const struct responses_piece *call)
{
	struct slice text = responses_output_text(&call->text);

	if (call->custom)
		put_args(s, "response.custom_tool_call_input.done", call, "input", text);
	else
		put_args(s, "response.function_call_arguments.done", call, "arguments", text);
}

void responses_stream_image_done(const struct responses_stream *s, const struct responses_piece *image)
{
	struct frame f;

	if (open_at(&f, s, "response.image_generation_call.completed", image))
		close(&f);
}
