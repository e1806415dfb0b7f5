#include "dialect/openai_parse.h"

#include "dialect/body.h"

enum {
	CHOICES_MAX = 128,	/* OpenAI's limit of n (protocols.md 1.1) */
};

enum own { MESSAGES, STREAM_OPTIONS, N, TOOLS, FUNCTIONS, OWN };

static const char *const own_names[OWN] = { "messages", "stream_options", "n", "tools", "functions" };

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

static bool read_stream_options(struct body *b)
{
	yyjson_val *options = b->own[STREAM_OPTIONS];

	if (options && !yyjson_is_obj(options))
		return body_refuse_str(b, "stream_options", "must be an object");
	b->r->wants_usage = json_bool(options, "include_usage", false);
	return true;
}

static bool read_n(struct body *b)
{
	yyjson_val *n = b->own[N];
	double value = n ? yyjson_get_num(n) : 1;

	bool is_good = yyjson_is_num(n) && value >= 1 && value <= CHOICES_MAX
		&& value == (double)(uint32_t)value;
	if (n && !is_good)
		return body_refuse_str(b, "n", "must be a whole number from 1 to 128");
	b->r->choices = (uint32_t)value;
	return true;
}

static bool read_tools(struct body *b)
{
	b->r->has_tools = yyjson_arr_size(b->own[TOOLS]) || yyjson_arr_size(b->own[FUNCTIONS]);
	return true;
}

static uint64_t estimate_content(yyjson_val *content)
{
	uint64_t tok = body_estimate(json_val_str(content));
	size_t i, n;
	yyjson_val *part;

	yyjson_arr_foreach(content, i, n, part)
		tok += body_estimate(json_str(part, "text"));
	return tok;
}

static bool estimate_prompt(struct body *b)
{
	size_t i, n;
	yyjson_val *message;

	yyjson_arr_foreach(b->own[MESSAGES], i, n, message)
		b->r->prompt_tok += estimate_content(yyjson_obj_get(message, "content"));
	return true;
}

static bool (*const steps[])(struct body *) = { body_read_model, read_messages, body_read_stream, read_stream_options,
	read_n, body_read_options, read_tools, estimate_prompt };

enum err openai_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_CHAT;
	out->dialect = &openai_chat;
	if (!body_open(&b, a, body, "`model` and `messages`", own_names, OWN, out, out_fault))
		return out_fault->err;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!steps[i](&b))
			return out_fault->err;
	return ERR_OK;
}
