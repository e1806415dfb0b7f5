#include "unit.h"

#include "codec/json_out.h"
#include "dialect/gemini_field.h"

static yyjson_val *parse(struct arena *a, const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(a, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

static void test_is(void **state)
{
	static const struct {
		const char *key, *name;
		bool same;
	} rows[] = {
		{ "mimeType", "mimeType", true }, { "mime_type", "mimeType", true }, { "mime_Type", "mimeType", false },
		{ "mimetype", "mimeType", false }, { "mime_typ", "mimeType", false }, { "mime_types", "mimeType",
			false },
		{ "mime_", "mimeType", false }, { "mime", "mimeType", false }, { "mime__type", "mimeType", false },
		{ "text", "text", true }, { "", "text", false }, { "tex", "text", false }, { "Text", "text", false },
		{ "top_k", "topK", true }, { "topK", "topK", true }, { "top_K", "topK", false }, { "top_", "topK",
			false },
		{ "parameters_json_schema", "parametersJsonSchema", true },
		{ "parameters_jsonSchema", "parametersJsonSchema", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (gemini_field_is(slice_str(rows[i].key), rows[i].name) != rows[i].same)
			fail_msg("%s, %s", rows[i].key, rows[i].name);
}

static void test_find(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	yyjson_val *v = parse(&a, "{\"a_b\":1,\"aB\":2,\"n\":null,\"s\":\"x\",\"o\":{},\"t\":true,\"f\":false}");
	assert_int_equal(yyjson_get_int(gemini_field(v, "aB")), 2);	/* the last */
	assert_null(gemini_field(v, "n"));
	assert_null(gemini_field(v, "x"));
	assert_null(gemini_field(NULL, "x"));
	assert_null(gemini_field(gemini_field(v, "s"), "x"));
	assert_slice(gemini_field_str(v, "s"), "x");
	assert_null(gemini_field_str(v, "t").p);
	assert_non_null(gemini_field_obj(v, "o"));
	assert_null(gemini_field_obj(v, "s"));
	assert_true(gemini_field_true(v, "t"));
	assert_false(gemini_field_true(v, "f"));
	assert_false(gemini_field_true(v, "s"));
	arena_done(&a);
}

/* A null behind a value takes it back, as in the parser of protocol buffers. */
static void test_null_is_absent(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	assert_null(gemini_field(parse(&a, "{\"a\":1,\"a\":null}"), "a"));
	arena_done(&a);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *json;
		bool is_num, is_int;
		double num;
		int64_t whole;
	} rows[] = {
		{ "[5]", true, true, 5, 5 }, { "[-5]", true, true, -5, -5 }, { "[5.0]", true, true, 5, 5 },
		{ "[5.5]", true, false, 5.5, 0 }, { "[\"5\"]", true, true, 5, 5 }, { "[\"-0.5\"]", true, false,
			-0.5, 0 },
		{ "[\"1e2\"]", true, true, 100, 100 }, { "[\"\"]", false, false, 0, 0 }, { "[\"five\"]", false,
			false, 0, 0 },
		{ "[\"5x\"]", false, false, 0, 0 }, { "[\" 5\"]", false, false, 0, 0 }, { "[\"inf\"]", false,
			false, 0, 0 },
		{ "[\"nan\"]", false, false, 0, 0 }, { "[\"0x10\"]", false, false, 0, 0 }, { "[\"1e999\"]", false,
			false, 0, 0 },
		{ "[true]", false, false, 0, 0 }, { "[null]", false, false, 0, 0 }, { "[{}]", false, false, 0, 0 },
		{ "[9223372036854775807]", true, true, 9223372036854775807.0, INT64_MAX },
		{ "[18446744073709551615]", true, false, 18446744073709551615.0, 0 },
		{ "[1e30]", true, false, 1e30, 0 }, { "[9007199254740993.0]", true, false, 9007199254740992.0, 0 },
		{ "[\"11111111111111111111111111111111111111111\"]", false, false, 0, 0 },
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		yyjson_val *v = yyjson_arr_get_first(parse(&a, rows[i].json));
		double num = 0;
		int64_t whole = 0;
		if (gemini_field_to_num(v, &num) != rows[i].is_num || (rows[i].is_num && num != rows[i].num))
			fail_msg("%s as a number: %g", rows[i].json, num);
		if (gemini_field_to_int(v, &whole) != rows[i].is_int || whole != rows[i].whole)
			fail_msg("%s as a whole number: %lld", rows[i].json, (long long)whole);
	}
	yyjson_val *v = parse(&a, "{\"a\":-1,\"b\":\"7\",\"c\":1.5}");
	assert_int_equal(gemini_field_count(v, "a"), -1);
	assert_int_equal(gemini_field_count(v, "b"), 7);
	assert_int_equal(gemini_field_count(v, "c"), -1);
	assert_int_equal(gemini_field_count(v, "d"), -1);
	arena_done(&a);
}

/* The elements that a walk sees, as JSON. */
static void expect_walk(struct arena *a, const char *json, const char *want)
{
	yyjson_val *list = parse(a, json), *one;
	struct buf b;
	size_t at = 0, n = 0;

	buf_init(&b, 4096);
	while ((one = gemini_field_next(list, &at)) != NULL) {
		buf_add(&b, json_out_text(a, one));
		buf_add_char(&b, ';');
		n++;
	}
	assert_null(gemini_field_next(list, &at));
	assert_slice(buf_slice(&b), want);
	assert_int_equal(gemini_field_size(list), n);
	buf_done(&b);
}

static void test_lists(void **state)
{
	struct arena a;
	size_t at = 0;

	arena_init(&a, 0);
	expect_walk(&a, "[1,[2,[3]],{\"a\":[4]},\"x\",null]", "1;[2,[3]];{\"a\":[4]};\"x\";null;");
	expect_walk(&a, "[]", "");
	expect_walk(&a, "{\"a\":[1,2]}", "{\"a\":[1,2]};");
	expect_walk(&a, "\"x\"", "\"x\";");
	expect_walk(&a, "null", "");
	assert_null(gemini_field_next(NULL, &at));
	assert_int_equal(gemini_field_size(NULL), 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_null_is_absent),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
