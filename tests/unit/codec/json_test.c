#include "unit.h"

#include "codec/json.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

static enum err parse(const char *text, struct json_place *out_place)
{
	yyjson_doc *doc;
	size_t n = strlen(text);
	/* Exactly as long as it is, so that ASan sees a byte read too far. */
	char *exact = malloc(n + !n);
	memcpy(exact, text, n);
	enum err e = json_parse(&arena, slice_of(exact, n), &doc, out_place);
	struct json_scratch s;
	json_scratch_init(&s, 1 << 20);
	assert_int_equal(json_parse_scratch(&s, slice_of(exact, n), &doc), e);
	json_scratch_done(&s);
	free(exact);
	return e;
}

static void test_accepts(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", " \t\r\n{ } \n", "null", "true", "-0", "1e400", "-1e400",
		"123456789012345678901234567890", "1E-400", "0.1",
		"\"\"", "\"\\u0000\"", "\"\\ud83c\\udf0a\"", "\"\xf0\x9f\x8c\x8a\"", "{\"a\":1,\"a\":2}",
		"{\"\":{}}", "\"/\\/\"", "\"\x7f\"",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (parse(texts[i], NULL) != ERR_OK)
			fail_msg("refused: %s", texts[i]);
}

static void test_refuses(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "[", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,]", "{a:1}", "{'a':1}",
		"nul", "NaN", "Infinity",
		"-Infinity", "+1", "01", "1.", ".5", "1e", "0x1", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
		"\"\\udc00\"", "\"\n\"",
		"\"\t\"", "// c\n1", "/* c */1", "1 2", "{}{}", "\xef\xbb\xbf{}", "\"\xff\"", "\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"abc", "{\"a\":1", "[[]", "[1}", "{\"a\":1]", "tru",
		"\x01", "\xa0{}",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct json_place place = { 0 };
		if (parse(texts[i], &place) != ERR_BAD_JSON)
			fail_msg("taken: %s", texts[i]);
		assert_non_null(place.what);
	}
	yyjson_doc *doc;
	assert_int_equal(json_parse(&arena, SLICE("\"a\0b\""), &doc, NULL), ERR_BAD_JSON);
	assert_int_equal(json_parse(&arena, SLICE("{}\0"), &doc, NULL), ERR_BAD_JSON);
	assert_int_equal(json_parse(&arena, SLICE_EMPTY, &doc, NULL), ERR_BAD_JSON);
}

static void test_place(void **state)
{
	struct json_place place;
	assert_int_equal(parse("{\n  \"a\": 1,\n  \"b\": x\n}", &place), ERR_BAD_JSON);
	assert_int_equal(place.line, 3);
	assert_int_equal(place.column, 8);
	assert_int_equal(parse("{\"a\": [1, 2", &place), ERR_BAD_JSON);
	assert_int_equal(place.line, 1);
	assert_int_equal(place.column, 12);
}

/* The document owns its bytes, and big numbers keep theirs. */
static void test_document(void **state)
{
	char text[] =
		"{\"s\":\"a\\n\\u0000b\",\"i\":-5,\"u\":18446744073709551615,\"big\":1e999,"
		"\"t\":true,\"o\":{\"x\":1},\"l\":[1],\"n\":null}";
	yyjson_doc *doc;
	assert_int_equal(json_parse(&arena, slice_of(text, sizeof(text) - 1), &doc, NULL), ERR_OK);
	memset(text, 'x', sizeof(text));
	/* Memory taken afterwards must not touch it. */
	memset(arena_take(&arena, 4000), 0xff, 4000);
	yyjson_val *root = yyjson_doc_get_root(doc);
	assert_true(slice_eq(json_str(root, "s"), SLICE("a\n\0b")));
	assert_int_equal(json_int(root, "i", 1), -5);
	assert_int_equal(json_int(root, "u", 1), 1);
	assert_int_equal(json_int(root, "s", 1), 1);
	assert_int_equal(json_int(root, "none", 1), 1);
	assert_string_equal(yyjson_get_raw(yyjson_obj_get(root, "big")), "1e999");
	assert_true(json_bool(root, "t", false));
	assert_true(json_bool(root, "i", true));
	assert_false(json_bool(root, "none", false));
	assert_int_equal(json_int(json_obj(root, "o"), "x", 0), 1);
	assert_null(json_obj(root, "l"));
	assert_null(json_arr(root, "o"));
	assert_int_equal(yyjson_arr_size(json_arr(root, "l")), 1);
	assert_null(json_str(root, "n").p);
	assert_null(json_str(NULL, "n").p);
	assert_null(json_val_str(NULL).p);
	assert_non_null(json_str(root, "s").p);
}

static void nest(char *out, size_t depth, const char *open, const char *close)
{
	for (size_t i = 0; i < depth; i++)
		memcpy(out + i * strlen(open), open, strlen(open));
	out += depth * strlen(open);
	*out++ = '1';
	for (size_t i = 0; i < depth; i++)
		*out++ = close[0];
	*out = '\0';
}

static void test_depth(void **state)
{
	char text[8192];
	nest(text, JSON_MAX_DEPTH, "[", "]");
	assert_int_equal(parse(text, NULL), ERR_OK);
	nest(text, JSON_MAX_DEPTH + 1, "[", "]");
	assert_int_equal(parse(text, NULL), ERR_TOO_DEEP);
	nest(text, JSON_MAX_DEPTH, "{\"[\":", "}");
	assert_int_equal(parse(text, NULL), ERR_OK);
	nest(text, JSON_MAX_DEPTH + 1, "{\"]\":", "}");
	assert_int_equal(parse(text, NULL), ERR_TOO_DEEP);

	/* The same with room to spare, which takes another way: brackets alone need more than the first guess. */
	char padded[16384];
	for (int extra = 0; extra < 2; extra++) {
		char *at = padded + snprintf(padded, sizeof(padded), "[[[],{}],\"%2000s\",", "");
		nest(at, JSON_MAX_DEPTH - 1 + (size_t)extra, extra ? "[" : "{\"\":", extra ? "]" : "}");
		snprintf(at + strlen(at), 10, ",[[]]]");
		assert_int_equal(parse(padded, NULL), extra ? ERR_TOO_DEEP : ERR_OK);
	}

	assert_true(json_depth_ok(SLICE("[[]]"), 2));
	assert_false(json_depth_ok(SLICE("[[]]"), 1));
	assert_true(json_depth_ok(SLICE("[],[],[]"), 1));
	assert_true(json_depth_ok(SLICE(""), 0));
	assert_true(json_depth_ok(SLICE("\"[[[\\\"[[[\""), 0));
	assert_false(json_depth_ok(SLICE("\"[[[\\\\\"[["), 1));

	size_t n = 100000;
	char *deep = malloc(n);
	memset(deep, '[', n);
	assert_false(json_depth_ok(slice_of(deep, n), JSON_MAX_DEPTH));
	free(deep);
}

/* The block-wise scan against the plain one, with strings and escapes across every block border. */
static bool plain_depth_ok(struct slice text, int limit)
{
	bool in_string = false;
	int depth = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > limit)
				return false;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return true;
}

static void test_depth_everywhere(void **state)
{
	static const char alphabet[] = "[]{}\"\"\\\\aa ,";
	uint32_t dice = 12345;
	char text[300];
	for (int round = 0; round < 20000; round++) {
		bool in_string = false;
		for (size_t i = 0; i < sizeof(text); i++) {
			dice = dice * 1664525 + 1013904223;
			char c = alphabet[(dice >> 16) % (sizeof(alphabet) - 1)];
			/* Backslashes outside strings are no JSON: what they mean there is open. */
			if (c == '\\' && !in_string)
				c = 'b';
			text[i] = c;
			if (c == '"')
				in_string = !in_string;
			if (c == '\\' && i + 1 < sizeof(text))
				text[++i] = (dice >> 8) % 2 ? '"' : '\\';
		}
		size_t n = (dice >> 4) % sizeof(text);
		for (int limit = 0; limit < 8; limit++)
			assert_int_equal(json_depth_ok(slice_of(text, n), limit), plain_depth_ok(slice_of(text, n),
				limit));
	}
}

static void test_arena_limit(void **state)
{
	struct arena small;
	struct json_place place;
	yyjson_doc *doc = NULL;
	char text[4000];
	memset(text, ' ', sizeof(text));
	memcpy(text, "[1]", 3);
	arena_init(&small, 8000);
	assert_int_equal(json_parse(&small, slice_of(text, sizeof(text)), &doc, &place), ERR_TOO_BIG);
	assert_null(doc);
	arena_done(&small);
	struct json_scratch s;
	json_scratch_init(&s, 8000);
	assert_int_equal(json_parse_scratch(&s, slice_of(text, sizeof(text)), &doc), ERR_TOO_BIG);
	assert_int_equal(json_parse_scratch(&s, SLICE("[1]"), &doc), ERR_OK);
	json_scratch_done(&s);
}

/* More values than the first guess holds: parsed all the same. */
static void test_dense(void **state)
{
	size_t n = 20001;
	char *text = malloc(n);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '1' : ',';
	text[0] = '[';
	text[n - 1] = ']';
	yyjson_doc *doc;
	assert_int_equal(json_parse(&arena, slice_of(text, n), &doc, NULL), ERR_OK);
	assert_int_equal(yyjson_arr_size(yyjson_doc_get_root(doc)), 10000);
	struct json_scratch s;
	json_scratch_init(&s, 1 << 20);
	assert_int_equal(json_parse_scratch(&s, slice_of(text, n), &doc), ERR_OK);
	assert_int_equal(yyjson_arr_size(yyjson_doc_get_root(doc)), 10000);
	json_scratch_done(&s);
	free(text);
}

/* A small document leaves most of its first guess to what comes after it. */
static void test_gives_back(void **state)
{
	struct arena a;
	yyjson_doc *doc;
	arena_init(&a, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(json_parse(&a, SLICE("{\"a\":1}"), &doc, NULL), ERR_OK);
	assert_true(a.used <= 2048);
	arena_done(&a);
}

static void test_members(void **state)
{
	struct slice text = SLICE(" { \"a\" : 1 ,\"b\\\"}\":\"x\\\\\\\"}]\", \"c\":[{\"d\":\"]\"},[]] , "
		"\"e\":{\"f\":{}}\n,\"g\":null,\"a\":-1.5e3 } ");
	static const char *const want[][2] = {
		{ "a", "1" }, { "b\\\"}", "\"x\\\\\\\"}]\"" }, { "c", "[{\"d\":\"]\"},[]]" }, { "e", "{\"f\":{}}" },
		{ "g", "null" },
		{ "a", "-1.5e3" },
	};
	struct json_member m;
	size_t at = 0, n = 0;
	assert_int_equal(parse(text.p, NULL), ERR_OK);
	while (json_next_member(text, &at, &m)) {
		assert_true(n < COUNT_OF(want));
		assert_slice(m.key, want[n][0]);
		assert_slice(m.value, want[n][1]);
		assert_ptr_equal(m.whole.p, m.key.p - 1);
		assert_ptr_equal(m.whole.p + m.whole.n, m.value.p + m.value.n);
		n++;
	}
	assert_int_equal(n, COUNT_OF(want));
	/* It stays at the end. */
	assert_false(json_next_member(text, &at, &m));
}

static void test_members_of_nothing(void **state)
{
	static const char *const texts[] = { "", " ", "{}", "{ }", "[]", "[1,2]", "1", "\"{\"", "{\"", "{\"a",
		"{\"a\"", "{\"a\":", "{,", "{\"a\"1}" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct json_member m;
		size_t at = 0;
		assert_false(json_next_member(slice_str(texts[i]), &at, &m));
	}
}

static void test_elements(void **state)
{
	struct slice text = SLICE(" [ 1 ,\"a]\\\",\", [{\"b\":\"]\"},[]] , {\"c\":[]}\n,null,-1.5e3 ] "), element;
	static const char *const want[] = { "1", "\"a]\\\",\"", "[{\"b\":\"]\"},[]]", "{\"c\":[]}", "null", "-1.5e3" };
	size_t at = 0, n = 0;
	assert_int_equal(parse(text.p, NULL), ERR_OK);
	while (json_next_element(text, &at, &element)) {
		assert_true(n < COUNT_OF(want));
		assert_slice(element, want[n]);
		n++;
	}
	assert_int_equal(n, COUNT_OF(want));
	assert_false(json_next_element(text, &at, &element));
}

static void test_elements_of_nothing(void **state)
{
	static const char *const texts[] = { "", " ", "[]", "[ ]", "{}", "{\"a\":1}", "1", "\"[\"", "[", "[,", ",1" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct slice element;
		size_t at = 0;
		assert_false(json_next_element(slice_str(texts[i]), &at, &element));
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_accepts), TEST(test_refuses), TEST(test_place), TEST(test_document), TEST(test_depth),
		TEST(test_depth_everywhere), TEST(test_arena_limit), TEST(test_dense), TEST(test_gives_back),
		TEST(test_members),
		TEST(test_members_of_nothing), TEST(test_elements), TEST(test_elements_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
