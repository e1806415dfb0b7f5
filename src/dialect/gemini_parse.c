#include "dialect/gemini_parse.h"

#include "dialect/body.h"
#include "dialect/gemini_field.h"

enum {
	CHOICES_MAX = 8,	/* Google's limit of candidateCount */
};

static bool refuse_at(struct body *b, const char *what, size_t i, const char *why)
{
	return body_refuse(b, arena_printf(b->arena, "%s[%zu]", what, i), why);
}

/* One content may stand without its list; so may one part (gemini_read looks inside). */
static bool check_contents(struct body *b, yyjson_val *request)
{
	yyjson_val *contents = gemini_field(request, "contents"), *v;
	size_t at = 0, i = 0;

	if (contents == NULL)
		return body_refuse_str(b, "contents", "is missing: send a list with at least one content");
	if (gemini_field_size(contents) == 0 || (!yyjson_is_ctn(contents) && !yyjson_is_str(contents)))
		return body_refuse_str(b, "contents", "must be a list with at least one content");
	for (; (v = gemini_field_next(contents, &at)) != NULL; i++)
		if (!yyjson_is_obj(v) && !yyjson_is_str(v))
			return refuse_at(b, "contents", i, "must be an object with `parts`");
	return true;
}

static bool check_count(struct body *b, yyjson_val *request)
{
	yyjson_val *config = gemini_field(request, "generationConfig");
	yyjson_val *count = gemini_field(config, "candidateCount");
	int64_t n = 1;

	if (config && !yyjson_is_obj(config))
		return body_refuse_str(b, "generationConfig", "must be an object");
	if (count && (!gemini_field_to_int(count, &n) || n < 1 || n > CHOICES_MAX))
		return body_refuse_str(b, "generationConfig.candidateCount", "must be a whole number from 1 to 8");
	b->r->choices = (uint32_t)n;
	return true;
}

/* Text and what functions said; not the base64 of images. */
static uint64_t estimate_parts(yyjson_val *content)
{
	yyjson_val *parts = gemini_field(content, "parts"), *part;
	uint64_t tok = body_estimate(json_val_str(content));
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL) {
		tok += body_estimate(json_str(part, "text"));
		tok += body_estimate_value(gemini_field(part, "functionCall"));
		tok += body_estimate_value(gemini_field_obj(gemini_field(part, "functionResponse"), "response"));
	}
	return tok;
}

static void estimate(struct body *b, yyjson_val *request)
{
	yyjson_val *contents = gemini_field(request, "contents"), *v;
	size_t at = 0;

	while ((v = gemini_field_next(contents, &at)) != NULL)
		b->r->prompt_tok += estimate_parts(v);
	b->r->prompt_tok += estimate_parts(gemini_field(request, "systemInstruction"));
}

static bool read_request(struct body *b, yyjson_val *request)
{
	if (!check_contents(b, request) || !check_count(b, request))
		return false;
	b->r->has_tools = gemini_field_size(gemini_field(request, "tools")) > 0;
	estimate(b, request);
	return true;
}

/* The method in the path says whether the answer streams, whatever the body says. */
static bool read_stream(struct body *b)
{
	if (b->r->door.model.n == 0)
		return body_read_stream(b);
	b->r->stream = b->r->door.stream;
	return true;
}

enum err gemini_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_CHAT;
	out->dialect = &gemini_generate;
	bool ok = body_open(&b, a, body, "`contents`", NULL, 0, out, out_fault) && body_read_model(&b)
		&& read_stream(&b) && body_read_options(&b) && read_request(&b, yyjson_doc_get_root(out->doc));
	return ok ? ERR_OK : out_fault->err;
}

enum err gemini_parse_count(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_COUNT;
	out->dialect = &gemini_count;
	if (!body_open(&b, a, body, "`contents`", NULL, 0, out, out_fault) || !body_read_model(&b)
			|| !body_read_options(&b))
		return out_fault->err;
	yyjson_val *root = yyjson_doc_get_root(out->doc), *inner = gemini_field(root, "generateContentRequest");
	if (inner && !yyjson_is_obj(inner))
		body_refuse_str(&b, "generateContentRequest", "must be an object");
	else
		read_request(&b, inner ? inner : root);
	return out_fault->err;
}
