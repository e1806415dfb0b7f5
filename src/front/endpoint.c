#include "front/endpoint.h"

static const struct endpoint table[] = {
#define ENDPOINT(path, method, kind, where, label, dialect) \
	{ path, HTTP1_##method, ENDPOINT_##kind, ENDPOINT_##where, label, dialect },
#include "front/endpoints.def"
#undef ENDPOINT
};

static bool matches(const struct endpoint *e, struct slice path, struct slice *out_rest)
{
	struct slice want = slice_str(e->path);

	if (want.p[want.n - 1] != '*') {
		*out_rest = SLICE_EMPTY;
		return slice_eq(path, want);
	}
	want.n--;
	*out_rest = slice_skip(path, want.n);
	return path.n > want.n && slice_starts(path, want);
}

enum err endpoint_find(struct slice path, enum http1_method method, enum endpoint_where where,
	const struct endpoint **out, struct slice *out_rest)
{
	*out = NULL;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct endpoint *e = &table[i];
		struct slice rest;
		if (!(e->where & where) || !matches(e, path, &rest))
			continue;
		bool head = method == HTTP1_HEAD && e->method == HTTP1_GET;
		if (*out && method != e->method && !head)
			continue;
		*out = e;
		*out_rest = rest;
		if (method == e->method || head)
			return ERR_OK;
	}
	return *out ? ERR_BAD_METHOD : ERR_NOT_FOUND;
}

char *endpoint_allow(struct slice path, enum endpoint_where where, char out[ENDPOINT_ALLOW_BYTES])
{
	bool get = false, post = false;
	struct slice rest;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (!(table[i].where & where) || !matches(&table[i], path, &rest))
			continue;
		must(table[i].method == HTTP1_GET || table[i].method == HTTP1_POST);
		get |= table[i].method == HTTP1_GET;
		post |= table[i].method == HTTP1_POST;
	}
	slice_copy(slice_str(!get ? "POST" : post ? "GET, HEAD, POST" : "GET, HEAD"), out, ENDPOINT_ALLOW_BYTES);
	return out;
}

const struct endpoint_method *endpoint_method_of(struct slice rest, struct slice *out_name)
{
	static const struct endpoint_method methods[] = {
		{ "generateContent", &gemini_generate, "generate_content", false },
		{ "streamGenerateContent", &gemini_generate, "generate_content", true },
		{ "countTokens", &gemini_count, "count_tokens", false },
		{ "embedContent", &gemini_embed, "embed_content", false },
		{ "batchEmbedContents", &gemini_batch_embed, "embed_content", false },
	};
	size_t colon = rest.n;

	while (colon > 0 && rest.p[colon - 1] != ':')
		colon--;
	for (size_t i = 0; colon > 1 && i < COUNT_OF(methods); i++)
		if (slice_eq(slice_skip(rest, colon), slice_str(methods[i].name))) {
			*out_name = slice_of(rest.p, colon - 1);
			return &methods[i];
		}
	return NULL;
}
