#include "dialect/responses_object.h"

#include "dialect/responses_usage.h"

/* --- items ---------------------------------------------------------------------------------------------- */

/* "name": [..] of a text that holds the elements. */
static void put_list(struct json_out *w, const char *name, const struct responses_text *elements, bool empty)
{
	json_out_key(w, name);
	json_out_arr(w);
	if (elements->n && !empty)
		json_out_raw(w, responses_output_text(elements));
	json_out_arr_end(w);
}

void responses_object_part(struct json_out *w, const struct responses_part *part, bool empty)
{
	struct slice text = empty ? SLICE_EMPTY : responses_output_text(&part->text);

	json_out_obj(w);
	if (part->is_refusal) {
		json_out_key_str(w, "type", SLICE("refusal"));
		json_out_key_str(w, "refusal", text);
	} else {
		json_out_key_str(w, "type", SLICE("output_text"));
		put_list(w, "annotations", &part->annotations, empty);
		put_list(w, "logprobs", &part->logprobs, empty);
		json_out_key_str(w, "text", text);
	}
	json_out_obj_end(w);
}

void responses_object_summary(struct json_out *w, struct slice text)
{
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("summary_text"));
	json_out_key_str(w, "text", text);
	json_out_obj_end(w);
}

static void put_message(struct json_out *w, const struct responses_piece *piece, bool empty)
{
	json_out_key_str(w, "role", SLICE("assistant"));
	json_out_key(w, "content");
	json_out_arr(w);
	for (const struct responses_part *part = empty ? NULL : piece->parts; part; part = part->next)
		responses_object_part(w, part, false);
	json_out_arr_end(w);
}

static void put_reasoning(struct json_out *w, const struct responses_piece *piece, bool empty)
{
	json_out_key(w, "summary");
	json_out_arr(w);
	if (piece->text.n && !empty)
		responses_object_summary(w, responses_output_text(&piece->text));
	json_out_arr_end(w);
	if (piece->state.n && !empty)
		json_out_key_str(w, "encrypted_content", piece->state);
}

static void put_call(struct json_out *w, const struct responses_piece *piece, bool empty)
{
	json_out_key_str(w, "call_id", piece->call_id);
	json_out_key_str(w, "name", piece->name);
	json_out_key_str(w, piece->custom ? "input" : "arguments",
		empty ? SLICE_EMPTY : responses_output_text(&piece->text));
}

static void put_image(struct json_out *w, const struct responses_piece *piece, bool empty)
{
	json_out_key(w, "result");
	if (empty)
		json_out_null(w);
	else
		json_out_str(w, responses_output_text(&piece->text));
	json_out_key_str(w, "output_format", slice_str(piece->format));
}

static const char *type_of(const struct responses_piece *piece)
{
	switch (piece->kind) {
	case RESPONSES_PIECE_MESSAGE: return "message";
	case RESPONSES_PIECE_REASONING: return "reasoning";
	case RESPONSES_PIECE_CALL: return piece->custom ? "custom_tool_call" : "function_call";
	case RESPONSES_PIECE_IMAGE: return "image_generation_call";
	}
	must_never("piece kind");
}

void responses_object_item(struct json_out *w, const struct responses_piece *piece, bool empty)
{
	static void (*const put[])(struct json_out *, const struct responses_piece *, bool) = {
		[RESPONSES_PIECE_MESSAGE] = put_message, [RESPONSES_PIECE_REASONING] = put_reasoning,
		[RESPONSES_PIECE_CALL] = put_call, [RESPONSES_PIECE_IMAGE] = put_image };

	json_out_obj(w);
	json_out_key_str(w, "id", piece->id);
	json_out_key_str(w, "type", slice_str(type_of(piece)));
	/* reasoning items have none in OpenAI's answers */
	if (piece->kind != RESPONSES_PIECE_REASONING)
		json_out_key_str(w, "status", empty ? SLICE("in_progress") : piece->incomplete ? SLICE("incomplete")
			: SLICE("completed"));
	put[piece->kind](w, piece, empty);
	json_out_obj_end(w);
}

/* --- the response --------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *missing;
} echoes[] = {
#define ECHO(name, first, missing) { name, missing },
#include "dialect/responses_echo.def"
#undef ECHO
};

static void put_echoes(struct json_out *w, const struct responses_output *o)
{
	for (size_t i = 0; i < COUNT_OF(echoes); i++) {
		struct slice value = o->echo[i].n ? o->echo[i] : slice_str(echoes[i].missing);
		if (value.n == 0)
			continue;
		json_out_key(w, echoes[i].name);
		json_out_raw(w, value);
	}
}

static void put_null(struct json_out *w, const char *name)
{
	json_out_key(w, name);
	json_out_null(w);
}

static void put_status(struct json_out *w, const struct responses_output *o)
{
	bool incomplete = o->over && o->incomplete;

	json_out_key_str(w, "status", !o->over ? SLICE("in_progress") : incomplete ? SLICE("incomplete")
		: SLICE("completed"));
	json_out_key_bool(w, "background", false);
	put_null(w, "error");
	if (!incomplete) {
		put_null(w, "incomplete_details");
		return;
	}
	json_out_key(w, "incomplete_details");
	json_out_obj(w);
	if (o->reason.n)
		json_out_key_str(w, "reason", o->reason);
	json_out_obj_end(w);
}

static void put_output(struct json_out *w, const struct responses_output *o)
{
	json_out_key(w, "output");
	json_out_arr(w);
	for (const struct responses_piece *piece = o->over ? o->pieces : NULL; piece; piece = piece->next)
		responses_object_item(w, piece, false);
	json_out_arr_end(w);
}

void responses_object_write(struct json_out *w, const struct responses_output *o)
{
	json_out_obj(w);
	json_out_key_str(w, "id", o->id);
	json_out_key_str(w, "object", SLICE("response"));
	json_out_key_int(w, "created_at", (int64_t)o->e->created_s);
	put_status(w, o);
	json_out_key_str(w, "model", o->model);
	put_output(w, o);
	put_null(w, "previous_response_id");
	put_echoes(w, o);
	json_out_key_bool(w, "store", false);	/* weir keeps no responses */
	json_out_key_str(w, "truncation", SLICE("disabled"));
	json_out_key(w, "usage");
	responses_usage_write(w, o->over && o->has_usage ? &o->usage : NULL);
	json_out_obj_end(w);
}
