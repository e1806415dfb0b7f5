#include "unit.h"

#include "dialect/responses_usage.h"

static struct usage read(const char *json, bool outside, bool *out_any)
{
	struct usage u = USAGE_NONE;
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(json), &doc, NULL), ERR_OK);
	*out_any = responses_usage_read(yyjson_doc_get_root(doc), outside, &u);
	arena_done(&a);
	return u;
}

static void expect(struct usage u, int64_t prompt, int64_t completion, int64_t cached, int64_t written,
	int64_t reasoning)
{
	assert_int_equal(u.prompt_tok, prompt);
	assert_int_equal(u.completion_tok, completion);
	assert_int_equal(u.cached_tok, cached);
	assert_int_equal(u.cache_write_tok, written);
	assert_int_equal(u.reasoning_tok, reasoning);
}

static void test_read(void **state)
{
	bool any;

	expect(read("{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":4,\"cache_write_tokens\":2},"
		"\"output_tokens\":5,\"output_tokens_details\":{\"reasoning_tokens\":3},\"total_tokens\":14}",
		false, &any),
		9, 5, 4, 2, 3);
	assert_true(any);
	/* this dialect's names count more than Chat's */
	expect(read("{\"input_tokens\":9,\"prompt_tokens\":1,\"completion_tokens\":2.0}", false, &any), 9, 2,
		-1, -1, -1);
	assert_true(any);
}

static void test_read_nonsense(void **state)
{
	static const char *const texts[] = { "{}", "[]", "7", "null", "{\"input_tokens\":-1}",
		"{\"input_tokens\":\"9\"}",
		"{\"input_tokens\":1e300}", "{\"input_tokens\":18446744073709551615}", "{\"input_tokens_details\":7}" };
	bool any;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		expect(read(texts[i], true, &any), -1, -1, -1, -1, -1);
		assert_false(any);
	}
}

static void test_reasoning_outside(void **state)
{
	static const char outside[] = "{\"input_tokens\":9,\"output_tokens\":5,\"total_tokens\":17,"
		"\"output_tokens_details\":{\"reasoning_tokens\":3}}";
	static const char inside[] = "{\"input_tokens\":9,\"output_tokens\":5,\"total_tokens\":14,"
		"\"output_tokens_details\":{\"reasoning_tokens\":3}}";
	bool any;

	expect(read(outside, true, &any), 9, 8, -1, -1, 3);
	expect(read(outside, false, &any), 9, 5, -1, -1, 3);
	expect(read(inside, true, &any), 9, 5, -1, -1, 3);
}

static void test_write(void **state)
{
	struct usage u = USAGE_NONE;
	struct buf b;

	buf_init(&b, 4096);
	struct json_out w = json_out_to(&b);
	responses_usage_write(&w, &u);
	assert_slice(buf_slice(&b), "{\"input_tokens\":0,\"input_tokens_details\":{\"cached_tokens\":0,"
		"\"cache_write_tokens\":0},\"output_tokens\":0,\"output_tokens_details\":{\"reasoning_tokens\":0},"
		"\"total_tokens\":0}");
	buf_clear(&b);
	w = json_out_to(&b);
	responses_usage_write(&w, NULL);
	assert_slice(buf_slice(&b), "null");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_nonsense),
		cmocka_unit_test(test_reasoning_outside),
		cmocka_unit_test(test_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
