#include "dialect/anthropic_parse.h"

#include "dialect/body.h"

enum own { MESSAGES, MAX_TOKENS, SYSTEM, TOOLS, OWN };

static const char *const own_names[OWN] = { "messages", "max_tokens", "system", "tools" };

static bool read_messages(struct body *b)
{
	yyjson_val *messages = b->own[MESSAGES], *v;
	size_t i, n;

	if (messages == NULL)
		return body_refuse_str(b, "messages", "is missing: send a list with at least one message");
	if (!yyjson_is_arr(messages) || yyjson_arr_size(messages) == 0)
		return body_refuse_str(b, "messages", "must be a list with at least one message");
	yyjson_arr_foreach(messages, i, n, v)
		if (!yyjson_is_obj(v))
			return body_refuse(b, arena_printf(b->arena, "messages[%zu]", i), "must be an object");
	return true;
}

/* 0 only warms the cache (protocols.md 4.2). */
static bool read_max_tokens(struct body *b)
{
	yyjson_val *max = b->own[MAX_TOKENS];
	double n = yyjson_get_num(max);

	if (max == NULL)
		return body_refuse_str(b, "max_tokens", "is missing: say how many tokens the answer may have");
	if (!yyjson_is_num(max) || n < 0 || n > INT32_MAX || n != (double)(int32_t)n)
		return body_refuse_str(b, "max_tokens", "must be a whole number from 0");
	return true;
}

static bool read_tools(struct body *b)
{
	b->r->has_tools = yyjson_arr_size(b->own[TOOLS]) > 0;
	return true;
}

/* --- the estimate --------------------------------------------------------------------------------------- */

/* Texts of a block; what is in base64 counts for nothing, as its tokens have nothing to do with its length. */
static uint64_t estimate_block(yyjson_val *block)
{
	yyjson_val *source = json_obj(block, "source");
	bool is_text = slice_eq(json_str(source, "type"), SLICE("text"));

	return body_estimate(json_str(block, "text")) + body_estimate(json_str(block, "thinking"))
		+ body_estimate_value(json_obj(block, "input")) + body_estimate(json_str(block, "content"))
		+ (is_text ? body_estimate(json_str(source, "data")) : 0);
}

/* A string or a list of blocks, of which results of tools hold blocks themselves. */
static uint64_t estimate_content(yyjson_val *content)
{
	uint64_t tok = body_estimate(json_val_str(content));
	size_t i, n, j, m;
	yyjson_val *block, *inner;

	yyjson_arr_foreach(content, i, n, block) {
		tok += estimate_block(block);
		yyjson_arr_foreach(yyjson_obj_get(block, "content"), j, m, inner)
			tok += estimate_block(inner);
	}
	return tok;
}

static bool estimate_prompt(struct body *b)
{
	size_t i, n;
	yyjson_val *message;

	b->r->prompt_tok = estimate_content(b->own[SYSTEM]) + body_estimate_value(b->own[TOOLS]);
	yyjson_arr_foreach(b->own[MESSAGES], i, n, message)
		b->r->prompt_tok += estimate_content(yyjson_obj_get(message, "content"));
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

typedef bool step(struct body *b);

static enum err parse(struct arena *a, struct slice text, struct request *out, struct fault *out_fault,
	step *const *steps, size_t n)
{
	struct body b;

	if (!body_open(&b, a, text, "`model` and `messages`", own_names, OWN, out, out_fault))
		return out_fault->err;
	for (size_t i = 0; i < n; i++)
		if (!steps[i](&b))
			return out_fault->err;
	return ERR_OK;
}

enum err anthropic_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	static step *const steps[] = { body_read_model, read_max_tokens, read_messages, body_read_stream,
		body_read_options, read_tools, estimate_prompt };

	out->op = REQUEST_CHAT;
	out->dialect = &anthropic_messages;
	return parse(a, body, out, out_fault, steps, COUNT_OF(steps));
}

enum err anthropic_parse_count(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	static step *const steps[] = { body_read_model, read_messages, body_read_options, read_tools, estimate_prompt };

	out->op = REQUEST_COUNT;
	out->dialect = &anthropic_count;
	return parse(a, body, out, out_fault, steps, COUNT_OF(steps));
}
