#include "dialect/responses_parse.h"

#include "dialect/body.h"

/* The last three may stand for `input`: the provider then has it (protocols.md 2.1). */
enum own { INPUT, INSTRUCTIONS, STREAM_OPTIONS, TOOLS, PREVIOUS, CONVERSATION, TEMPLATE, OWN };

static const char *const own_names[OWN] = { "input", "instructions", "stream_options", "tools", "previous_response_id",
	"conversation", "prompt" };

static bool is_elsewhere(const struct body *b)
{
	return b->own[PREVIOUS] || b->own[CONVERSATION] || b->own[TEMPLATE];
}

static bool read_input(struct body *b)
{
	yyjson_val *input = b->own[INPUT], *v;
	size_t i, n;

	if (input == NULL && is_elsewhere(b))
		return true;
	if (input == NULL)
		return body_refuse_str(b, "input", "is missing: send a text or a list with at least one item");
	if (yyjson_is_str(input))
		return true;
	if (!yyjson_is_arr(input) || (yyjson_arr_size(input) == 0 && !is_elsewhere(b)))
		return body_refuse_str(b, "input", "must be a text or a list with at least one item");
	yyjson_arr_foreach(input, i, n, v)
		if (!yyjson_is_obj(v))
			return body_refuse(b, arena_printf(b->arena, "input[%zu]", i), "must be an object");
	return true;
}

static bool read_stream_options(struct body *b)
{
	if (b->own[STREAM_OPTIONS] && !yyjson_is_obj(b->own[STREAM_OPTIONS]))
		return body_refuse_str(b, "stream_options", "must be an object");
	return true;
}

static bool read_tools(struct body *b)
{
	b->r->has_tools = yyjson_arr_size(b->own[TOOLS]) > 0;
	return true;
}

/* --- estimate ------------------------------------------------------------------------------------------- */

static uint64_t estimate_content(yyjson_val *content)
{
	uint64_t tok = body_estimate(json_val_str(content));
	size_t i, n;
	yyjson_val *part;

	yyjson_arr_foreach(content, i, n, part)
		tok += body_estimate(json_str(part, "text"));
	return tok;
}

/* Images, files and encrypted reasoning are no text. */
static uint64_t estimate_item(yyjson_val *item)
{
	return estimate_content(yyjson_obj_get(item, "content")) + estimate_content(yyjson_obj_get(item, "output"))
		+ body_estimate(json_str(item, "arguments")) + body_estimate(json_str(item, "input"));
}

static bool estimate_prompt(struct body *b)
{
	uint64_t tok = body_estimate(json_val_str(b->own[INSTRUCTIONS])) + body_estimate(json_val_str(b->own[INPUT]));
	size_t i, n;
	yyjson_val *item;

	yyjson_arr_foreach(b->own[INPUT], i, n, item)
		tok += estimate_item(item);
	b->r->prompt_tok = tok;
	return true;
}

static bool (*const steps[])(struct body *) = { body_read_model, read_input, body_read_stream, read_stream_options,
	body_read_options, read_tools, estimate_prompt };

enum err responses_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_CHAT;
	out->dialect = &openai_responses;
	if (!body_open(&b, a, body, "`model` and `input`", own_names, OWN, out, out_fault))
		return out_fault->err;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!steps[i](&b))
			return out_fault->err;
	return ERR_OK;
}
