/* A text that parses is checked against its own document: depth, members, strings. */
#include "codec/json.h"
#include "fuzz.h"

static int depth_of(yyjson_val *v, int depth)
{
	size_t i, n;
	yyjson_val *key, *child;

	if (!yyjson_is_ctn(v))
		return depth;
	must(depth < JSON_MAX_DEPTH);
	int deepest = ++depth, below;
	if (yyjson_is_arr(v)) {
		yyjson_arr_foreach(v, i, n, child)
			if ((below = depth_of(child, depth)) > deepest)
				deepest = below;
	} else {
		yyjson_obj_foreach(v, i, n, key, child)
			if ((below = depth_of(child, depth)) > deepest)
				deepest = below;
	}
	return deepest;
}

static bool is_same(struct arena *a, struct slice text, yyjson_val *v)
{
	yyjson_doc *doc;
	must(json_parse(a, text, &doc, NULL) == ERR_OK);
	return yyjson_equals(yyjson_doc_get_root(doc), v);
}

static void check_members(struct arena *a, struct slice text, yyjson_val *root)
{
	struct json_member m;
	size_t at = 0, i, n;
	yyjson_val *key, *child;

	yyjson_obj_foreach(root, i, n, key, child) {
		must(json_next_member(text, &at, &m));
		must(is_same(a, slice_of(m.key.p - 1, m.key.n + 2), key));
		/* Raw numbers compare as raw; yyjson_equals wants the first of equal keys, so only objects without
		 * twins match. */
		if (!yyjson_is_obj(child))
			must(is_same(a, m.value, child) || yyjson_is_arr(child));
		must(m.whole.p == m.key.p - 1 && m.whole.p + m.whole.n == m.value.p + m.value.n);
	}
	must(!json_next_member(text, &at, &m));
}

static void check_elements(struct arena *a, struct slice text, yyjson_val *root)
{
	struct slice element;
	size_t at = 0, i, n;
	yyjson_val *child;

	yyjson_arr_foreach(root, i, n, child) {
		must(json_next_element(text, &at, &element));
		/* As above: objects with twins do not match. */
		if (!yyjson_is_ctn(child))
			must(is_same(a, element, child));
	}
	must(!json_next_element(text, &at, &element));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n);
	struct arena a;
	struct json_scratch s;
	struct json_place place = { 0 };
	struct json_member m;
	yyjson_doc *doc = NULL, *again;

	arena_init(&a, 64 << 20);
	json_scratch_init(&s, 64 << 20);
	enum err e = json_parse(&a, text, &doc, &place);
	must(json_parse_scratch(&s, text, &again) == e);
	must((e == ERR_TOO_DEEP) == !json_depth_ok(text, JSON_MAX_DEPTH) || e == ERR_OK);
	if (e == ERR_OK) {
		int depth = depth_of(yyjson_doc_get_root(doc), 0);
		must(json_depth_ok(text, depth) && (depth == 0 || !json_depth_ok(text, depth - 1)));
		if (yyjson_is_obj(yyjson_doc_get_root(doc)))
			check_members(&a, text, yyjson_doc_get_root(doc));
		if (yyjson_is_arr(yyjson_doc_get_root(doc)))
			check_elements(&a, text, yyjson_doc_get_root(doc));
	} else if (e == ERR_BAD_JSON) {
		must(place.what != NULL && place.line <= n + 1 && place.column <= n + 1);
	}
	/* The walk may be started on anything: it must end, inside the text. */
	for (size_t at = 0, before = 0; json_next_member(text, &at, &m); before = at)
		must(at > before && at <= n);
	struct slice element;
	for (size_t at = 0, before = 0; json_next_element(text, &at, &element); before = at)
		must(at > before && at <= n);
	json_scratch_done(&s);
	arena_done(&a);
	return 0;
}
