#include "sim_each.h"

#include <string.h>
#include <yyjson.h>

struct sim_each_pair sim_each_vector(struct slice text)
{
	struct sim_each_pair v = { .n = text.n };

	for (size_t i = 0; i < text.n; i++)
		v.sum += (unsigned char)text.p[i];
	return v;
}

/* An input as text: itself, or its tokens as they would be written. */
static struct slice text_of(yyjson_val *v, char *scratch, size_t cap)
{
	size_t i, n, at = 0;
	yyjson_val *token;

	if (yyjson_is_str(v))
		return slice_of(yyjson_get_str(v), yyjson_get_len(v));
	yyjson_arr_foreach(v, i, n, token)
		at += (size_t)snprintf(scratch + at, cap - at, "%s%d", i ? "," : "", (int)yyjson_get_int(token));
	return slice_of(scratch, at);
}

static void put_one(struct slice path, size_t index, struct slice text, struct buf *out)
{
	struct sim_each_pair v = sim_each_vector(text);

	if (index)
		buf_add_char(out, ',');
	if (slice_eq(path, SLICE("/v1/embeddings")))
		buf_addf(out, "{\"object\":\"embedding\",\"index\":%zu,\"embedding\":[%llu,%llu]}", index,
			(unsigned long long)v.n, (unsigned long long)v.sum);
	else if (slice_eq(path, SLICE("/v1/completions")))
		buf_addf(out, "{\"index\":%zu,\"text\":\"%.*s!\",\"finish_reason\":\"stop\",\"logprobs\":null}", index,
			SLICE_ARG(text));
	else
		buf_addf(out, "{\"flagged\":false,\"text\":\"%.*s\"}", SLICE_ARG(text));
}

static unsigned refuse(struct buf *out)
{
	buf_add(out, SLICE("{\"error\":{\"message\":\"scripted\",\"type\":\"invalid_request_error\","
		"\"param\":\"input\",\"code\":\"bad_input\"}}"));
	return 400;
}

static bool hates(const struct sim_each_opts *o, yyjson_val *list)
{
	size_t i, n;
	yyjson_val *v;

	if (o->most && yyjson_arr_size(list) > o->most)
		return true;
	yyjson_arr_foreach(list, i, n, v)
		if (o->hates && yyjson_is_str(v) && strstr(yyjson_get_str(v), o->hates))
			return true;
	return o->hates && yyjson_is_str(list) && strstr(yyjson_get_str(list), o->hates);
}

static size_t put_items(struct slice path, yyjson_val *input, size_t short_by, struct buf *out)
{
	char scratch[4096];
	size_t i, n, tok = 0;
	yyjson_val *v;
	bool is_one = !yyjson_is_arr(input) || yyjson_is_num(yyjson_arr_get_first(input));

	if (is_one) {
		struct slice text = text_of(input, scratch, sizeof(scratch));
		put_one(path, 0, text, out);
		return text.n;
	}
	yyjson_arr_foreach(input, i, n, v) {
		struct slice text = text_of(v, scratch, sizeof(scratch));
		tok += text.n;
		if (n < 2 || i + short_by < n)
			put_one(path, i, text, out);
	}
	return tok;
}

unsigned sim_each(struct slice path, struct slice body, const struct sim_each_opts *o, struct buf *out)
{
	yyjson_doc *doc = yyjson_read(body.p, body.n, 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *input = yyjson_obj_get(root, "input");
	const char *list = slice_eq(path, SLICE("/v1/embeddings")) ? "data"
		: slice_eq(path, SLICE("/v1/completions")) ? "choices" : "results";
	unsigned status = 200;

	if (input == NULL)
		input = yyjson_obj_get(root, "prompt");
	if (hates(o, input)) {
		status = refuse(out);
	} else {
		buf_addf(out, "{\"id\":\"each-1\",\"object\":\"list\",\"model\":\"m-2026\",\"%s\":[", list);
		size_t tok = put_items(path, input, o->short_by, out);
		buf_addf(out, "],\"usage\":{\"prompt_tokens\":%zu,\"total_tokens\":%zu}}", tok, tok);
	}
	yyjson_doc_free(doc);
	return status;
}
