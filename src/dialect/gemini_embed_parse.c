#include "dialect/gemini_embed_parse.h"

#include "dialect/body.h"
#include "dialect/gemini_field.h"

#define NEEDED "must be an object with `parts`"

static void estimate(struct body *b, yyjson_val *content)
{
	yyjson_val *parts = gemini_field(content, "parts"), *part;
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL)
		b->r->prompt_tok += body_estimate(json_str(part, "text"));
}

static bool check_content(struct body *b, yyjson_val *request, struct slice param)
{
	yyjson_val *content = gemini_field(request, "content");

	if (content == NULL)
		return body_refuse(b, param, "is missing: it " NEEDED);
	if (!yyjson_is_obj(content))
		return body_refuse(b, param, NEEDED);
	estimate(b, content);
	return true;
}

static bool check_batch(struct body *b)
{
	yyjson_val *requests = gemini_field(yyjson_doc_get_root(b->r->doc), "requests"), *v;
	size_t i, n;

	if (requests == NULL)
		return body_refuse_str(b, "requests", "is missing: send a list with at least one request");
	if (!yyjson_is_arr(requests) || yyjson_arr_size(requests) == 0)
		return body_refuse_str(b, "requests", "must be a list with at least one request");
	if (yyjson_arr_size(requests) > GEMINI_EMBED_PARSE_INPUTS)
		return body_refuse_str(b, "requests", "has more than 2048 elements");
	b->r->choices = (uint32_t)yyjson_arr_size(requests);
	yyjson_arr_foreach(requests, i, n, v) {
		if (!yyjson_is_obj(v))
			return body_refuse(b, arena_printf(b->arena, "requests[%zu]", i),
				"must be an object with `content`");
		if (!check_content(b, v, arena_printf(b->arena, "requests[%zu].content", i)))
			return false;
	}
	return true;
}

enum err gemini_embed_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_EMBED;
	out->dialect = &gemini_embed;
	bool ok = body_open(&b, a, body, "`content`", NULL, 0, out, out_fault) && body_read_model(&b)
		&& check_content(&b, yyjson_doc_get_root(out->doc), SLICE("content")) && body_read_options(&b);
	return ok ? ERR_OK : out_fault->err;
}

enum err gemini_embed_parse_batch(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_EMBED;
	out->dialect = &gemini_batch_embed;
	bool ok = body_open(&b, a, body, "`requests`", NULL, 0, out, out_fault) && body_read_model(&b)
		&& check_batch(&b) && body_read_options(&b);
	return ok ? ERR_OK : out_fault->err;
}
