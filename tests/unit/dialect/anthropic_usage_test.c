/* Counts in every state of knowledge. */
#include "unit.h"

#include "dialect/anthropic_usage.h"

static bool read_over(struct usage *u, const char *json)
{
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(json), &doc, NULL), ERR_OK);
	bool any = anthropic_usage_read(yyjson_doc_get_root(doc), u);
	arena_done(&a);
	return any;
}

static void expect(const struct usage *u, int64_t prompt, int64_t completion, int64_t cached, int64_t written,
	int64_t reasoning)
{
	assert_int_equal(u->prompt_tok, prompt);
	assert_int_equal(u->completion_tok, completion);
	assert_int_equal(u->cached_tok, cached);
	assert_int_equal(u->cache_write_tok, written);
	assert_int_equal(u->reasoning_tok, reasoning);
}

static void test_merge(void **state)
{
	struct usage u = USAGE_NONE;

	assert_true(read_over(&u, "{\"input_tokens\":10,\"cache_creation_input_tokens\":5,"
		"\"cache_read_input_tokens\":100,"
		"\"output_tokens\":1}"));
	expect(&u, 115, 1, 100, 5, -1);
	assert_true(read_over(&u, "{\"output_tokens\":7,\"output_tokens_details\":{\"thinking_tokens\":3}}"));
	expect(&u, 115, 7, 100, 5, 3);
	assert_true(read_over(&u, "{\"cache_read_input_tokens\":200}"));
	expect(&u, 215, 7, 200, 5, 3);
	assert_true(read_over(&u, "{\"input_tokens\":0}"));
	expect(&u, 205, 7, 200, 5, 3);
}

static void test_parts_only(void **state)
{
	struct usage u = USAGE_NONE;

	assert_true(read_over(&u, "{\"output_tokens\":7}"));
	expect(&u, -1, 7, -1, -1, -1);
	assert_true(read_over(&u, "{\"cache_read_input_tokens\":3}"));
	expect(&u, 3, 7, 3, -1, -1);
	assert_true(read_over(&u, "{\"input_tokens\":2.0}"));
	expect(&u, 5, 7, 3, -1, -1);
}

static void test_nothing(void **state)
{
	struct usage u = USAGE_NONE;

	assert_false(read_over(&u, "{}"));
	assert_false(read_over(&u, "7"));
	assert_false(read_over(&u, "{\"input_tokens\":null,\"output_tokens\":\"7\",\"cache_read_input_tokens\":-1}"));
	assert_false(read_over(&u, "{\"input_tokens\":1e300,\"output_tokens\":18446744073709551615}"));
	expect(&u, -1, -1, -1, -1, -1);
}

static void writes(struct usage u, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	struct json_out w = json_out_to(&b);
	anthropic_usage_write(&w, &u);
	assert_slice(buf_slice(&b), want);
	buf_done(&b);
}

static void test_write(void **state)
{
	writes(USAGE_NONE, "{\"input_tokens\":0,\"output_tokens\":0}");
	writes((struct usage){ 115, 7, 100, 5, 3 }, "{\"input_tokens\":10,\"cache_creation_input_tokens\":5,"
		"\"cache_read_input_tokens\":100,\"output_tokens\":7,\"output_tokens_details\":"
			"{\"thinking_tokens\":3}}");
	/* a provider whose prompt count leaves out the cached ones: never below 0 */
	writes((struct usage){ 10, 7, 100, -1, -1 },
		"{\"input_tokens\":0,\"cache_read_input_tokens\":100,\"output_tokens\":7}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_parts_only),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
