#include "dialect/completions_parse.h"

#include "dialect/body.h"

enum {
	N_MAX = 128,		/* OpenAI's limit of n (protocols.md 1.1) */
	PROMPTS_MAX = 2048,	/* and of every list of inputs (3.1) */
};

enum own { PROMPT, STREAM_OPTIONS, N, OWN };

static const char *const own_names[OWN] = { "prompt", "stream_options", "n" };

#define FORMS "must be a text, a list of texts, a list of tokens or a list of such lists"

static bool is_tokens(yyjson_val *v)
{
	size_t i, n;
	yyjson_val *token;

	yyjson_arr_foreach(v, i, n, token)
		if (!yyjson_is_uint(token))
			return false;
	return yyjson_arr_size(v) > 0;
}

static bool check_one(struct body *b, yyjson_val *v)
{
	if (yyjson_is_str(v))
		b->r->prompt_tok += body_estimate(json_val_str(v));
	else
		b->r->prompt_tok += yyjson_arr_size(v);
	return yyjson_is_str(v) || is_tokens(v);
}

static bool read_prompt(struct body *b)
{
	yyjson_val *prompt = b->own[PROMPT], *v;
	size_t i, n;

	if (prompt == NULL)
		return yyjson_obj_get(yyjson_doc_get_root(b->r->doc), own_names[PROMPT])
			|| body_refuse_str(b, "prompt", "is missing: send a text");
	if (!yyjson_is_arr(prompt) || yyjson_is_num(yyjson_arr_get_first(prompt)))
		return check_one(b, prompt) || body_refuse_str(b, "prompt", FORMS);
	if (yyjson_arr_size(prompt) == 0)
		return body_refuse_str(b, "prompt", "is empty");
	if (yyjson_arr_size(prompt) > PROMPTS_MAX)
		return body_refuse_str(b, "prompt", "has more than 2048 elements");
	b->r->choices = (uint32_t)yyjson_arr_size(prompt);
	yyjson_arr_foreach(prompt, i, n, v)
		if (!check_one(b, v))
			return body_refuse(b, arena_printf(b->arena, "prompt[%zu]", i),
				"must be a text or a list of tokens");
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

	bool is_good = yyjson_is_num(n) && value >= 1 && value <= N_MAX && value == (double)(uint32_t)value;
	if (n && !is_good)
		return body_refuse_str(b, "n", "must be a whole number from 1 to 128");
	b->r->choices *= (uint32_t)value;
	return true;
}

enum err completions_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_CHAT;
	out->dialect = &openai_completions;
	bool ok = body_open(&b, a, body, "`model` and `prompt`", own_names, OWN, out, out_fault)
		&& body_read_model(&b) && read_prompt(&b) && body_read_stream(&b) && read_stream_options(&b)
		&& read_n(&b) && body_read_options(&b);
	return ok ? ERR_OK : out_fault->err;
}
