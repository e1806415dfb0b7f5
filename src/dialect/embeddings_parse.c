#include "dialect/embeddings_parse.h"

#include "dialect/body.h"

enum own { INPUT, OWN };

static const char *const own_names[OWN] = { "input" };

#define FORMS "must be a text, a list of texts, a list of tokens or a list of such lists"

/* Of input `i`, or of the whole when there is only one. */
static bool refuse_at(struct body *b, size_t i, bool is_listed, const char *what)
{
	if (!is_listed)
		return body_refuse_str(b, "input", what);
	return body_refuse(b, arena_printf(b->arena, "input[%zu]", i), what);
}

static bool check_tokens(struct body *b, yyjson_val *list, size_t place, bool is_listed)
{
	size_t i, n;
	yyjson_val *v;

	if (yyjson_arr_size(list) == 0)
		return refuse_at(b, place, is_listed, "is empty");
	yyjson_arr_foreach(list, i, n, v)
		if (!yyjson_is_uint(v))
			return refuse_at(b, place, is_listed,
				"must be a text, or a list of tokens, which are whole numbers");
	b->r->prompt_tok += n;
	return true;
}

static bool check_one(struct body *b, yyjson_val *v, size_t place, bool is_listed)
{
	if (yyjson_is_arr(v))
		return check_tokens(b, v, place, is_listed);
	if (!yyjson_is_str(v))
		return refuse_at(b, place, is_listed, is_listed ? "must be a text or a list of tokens" : FORMS);
	if (yyjson_get_len(v) == 0)
		return refuse_at(b, place, is_listed, "is empty");
	b->r->prompt_tok += body_estimate(json_val_str(v));
	return true;
}

/* [1,2,3] is one input, ["1","2"] are two. */
static bool read_input(struct body *b)
{
	yyjson_val *input = b->own[INPUT], *v;
	size_t i, n;

	if (input == NULL)
		return body_refuse_str(b, "input", "is missing: send a text or a list of texts");
	if (!yyjson_is_arr(input) || yyjson_is_num(yyjson_arr_get_first(input)))
		return check_one(b, input, 0, false);
	if (yyjson_arr_size(input) == 0)
		return body_refuse_str(b, "input", "is empty");
	if (yyjson_arr_size(input) > EMBEDDINGS_PARSE_INPUTS)
		return body_refuse_str(b, "input", "has more than 2048 elements");
	b->r->choices = (uint32_t)yyjson_arr_size(input);
	yyjson_arr_foreach(input, i, n, v)
		if (!check_one(b, v, i, true))
			return false;
	return true;
}

enum err embeddings_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_EMBED;
	out->dialect = &openai_embeddings;
	bool ok = body_open(&b, a, body, "`model` and `input`", own_names, OWN, out, out_fault)
		&& body_read_model(&b) && read_input(&b) && body_read_options(&b);
	return ok ? ERR_OK : out_fault->err;
}
