#include "front/endpoint.h"

static const struct endpoint table[] = {
#define ENDPOINT(path, method, kind, where, label) \
	{ path, HTTP1_##method, ENDPOINT_##kind, ENDPOINT_##where, label },
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
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct endpoint *e = &table[i];
		if (!(e->where & where) || !matches(e, path, out_rest))
			continue;
		*out = e;
		bool head = method == HTTP1_HEAD && e->method == HTTP1_GET;
		return method == e->method || head ? ERR_OK : ERR_BAD_METHOD;
	}
	*out = NULL;
	return ERR_NOT_FOUND;
}
