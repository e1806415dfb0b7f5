#include "unit.h"

#include "dialect/anthropic_input.h"

static struct arena a;

static void writes(const char *args, const char *want)
{
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 4096);
	struct json_out w = json_out_to(&b);
	assert_true(anthropic_input_write(&a, &w, slice_str(args)));
	assert_slice(buf_slice(&b), want);
	buf_done(&b);
	arena_done(&a);
}

static void reads(const char *input, const char *want)
{
	yyjson_doc *doc;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(input), &doc, NULL), ERR_OK);
	assert_slice(anthropic_input_text(&a, yyjson_doc_get_root(doc)), want);
	arena_done(&a);
}

static void test_objects(void **state)
{
	writes("{\"a\": [1, 2.5]}", "{\"a\":[1,2.5]}");
	writes(" {} ", "{}");
	writes("", "{}");
	writes("  ", "{}");
	reads("{\"a\":[1,2.5]}", "{\"a\":[1,2.5]}");
	reads("{}", "{}");
}

static void test_texts(void **state)
{
	writes("{\"a\":", "{\"_raw\":\"{\\\"a\\\":\"}");
	writes("[1]", "{\"_raw\":\"[1]\"}");
	writes("7", "{\"_raw\":\"7\"}");
	writes("rain in K\xc3\xb6ln", "{\"_raw\":\"rain in K\xc3\xb6ln\"}");
	reads("{\"_raw\":\"{\\\"a\\\":\"}", "{\"a\":");
	reads("{\"_raw\":7}", "{\"_raw\":7}");
	reads("{\"_raw\":\"a\",\"b\":1}", "{\"_raw\":\"a\",\"b\":1}");
	reads("7", "7");
}

static void test_nothing(void **state)
{
	arena_init(&a, 0);
	assert_int_equal(anthropic_input_text(&a, NULL).n, 0);
	arena_done(&a);
}

static void test_room(void **state)
{
	struct buf b;

	arena_init(&a, 16);
	buf_init(&b, 4096);
	struct json_out w = json_out_to(&b);
	assert_false(anthropic_input_write(&a, &w, SLICE("{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}")));
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
