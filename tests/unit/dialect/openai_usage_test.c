#include "unit.h"

#include "dialect/openai_usage.h"

static bool read_text(struct arena *a, const char *text, struct usage *u)
{
	yyjson_doc *doc;
	assert_int_equal(json_parse(a, slice_str(text), &doc, NULL), ERR_OK);
	return openai_usage_read(yyjson_doc_get_root(doc), u);
}

static void test_read_over(void **state)
{
	struct usage u = USAGE_NONE;
	struct arena a;

	arena_init(&a, 0);
	assert_true(read_text(&a, "{\"prompt_tokens\":5,\"completion_tokens\":0}", &u));
	assert_int_equal(u.prompt_tok, 5);
	assert_int_equal(u.completion_tok, 0);
	assert_int_equal(u.cached_tok, -1);
	assert_true(read_text(&a, "{\"completion_tokens\":3,"
		"\"completion_tokens_details\":{\"reasoning_tokens\":2}}", &u));
	assert_int_equal(u.prompt_tok, 5);
	assert_int_equal(u.completion_tok, 3);
	assert_int_equal(u.reasoning_tok, 2);
	arena_done(&a);
}

/* xAI: reasoning is added, unless the total says that it is in there, or nothing is known. */
static void test_read_outside(void **state)
{
	static const struct {
		const char *text;
		int64_t completion;
	} cases[] = {
		{ "{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":32,"
			"\"completion_tokens_details\":{\"reasoning_tokens\":20}}", 22 },
		{ "{\"prompt_tokens\":10,\"completion_tokens\":22,\"total_tokens\":32,"
		"\"completion_tokens_details\":{\"reasoning_tokens\":20}}", 22 },
		{ "{\"completion_tokens\":2,\"reasoning_tokens\":20}", 22 },
		{ "{\"completion_tokens\":2,\"reasoning_tokens\":0}", 2 },
		{ "{\"completion_tokens\":2}", 2 },
		{ "{\"reasoning_tokens\":20}", -1 },
		{ "{\"completion_tokens\":9223372036854775807,\"reasoning_tokens\":20}", INT64_MAX },
		{ "{\"prompt_tokens\":9223372036854775807,\"completion_tokens\":9223372036854775807,"
		"\"total_tokens\":1,"
			"\"reasoning_tokens\":20}", INT64_MAX },
	};
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct usage u = USAGE_NONE;
		assert_int_equal(json_parse(&a, slice_str(cases[i].text), &doc, NULL), ERR_OK);
		/* Told twice, added once. */
		openai_usage_read_outside(yyjson_doc_get_root(doc), &u);
		assert_true(openai_usage_read_outside(yyjson_doc_get_root(doc), &u));
		if (u.completion_tok != cases[i].completion)
			fail_msg("%s: %lld", cases[i].text, (long long)u.completion_tok);
	}
	arena_done(&a);
}

static void test_read_odd(void **state)
{
	static const char *const odd[] = {
		"{}", "[]", "7",
		"{\"prompt_tokens\":null}", "{\"prompt_tokens\":\"5\"}", "{\"prompt_tokens\":-5}",
		"{\"prompt_tokens\":18446744073709551615}", "{\"prompt_tokens\":1e300}",
		"{\"prompt_tokens\":1e999}", "{\"prompt_tokens_details\":[{\"cached_tokens\":1}]}",
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		struct usage u = USAGE_NONE;
		if (read_text(&a, odd[i], &u) || u.prompt_tok != -1 || u.cached_tok != -1)
			fail_msg("%s says something", odd[i]);
	}
	arena_done(&a);
}

static void check_write(const struct usage *u, const char *want)
{
	struct buf b;

	buf_init(&b, 4096);
	openai_usage_write(u, &b);
	assert_slice(buf_slice(&b), want);
	buf_done(&b);
}

static void test_write(void **state)
{
	check_write(&USAGE_NONE, "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}");
	check_write(&(struct usage){ 3, 4, 0, -1, -1 },
		"{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,"
		"\"prompt_tokens_details\":{\"cached_tokens\":0}}");
	check_write(&(struct usage){ 3, 4, -1, 2, 1 },
		"{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,"
		"\"prompt_tokens_details\":{\"cache_write_tokens\":2},"
		"\"completion_tokens_details\":{\"reasoning_tokens\":1}}");
	check_write(&(struct usage){ INT64_MAX, INT64_MAX, -1, -1, -1 },
		"{\"prompt_tokens\":9223372036854775807,"
		"\"completion_tokens\":9223372036854775807,\"total_tokens\":18446744073709551614}");
}

static void test_written_is_read(void **state)
{
	struct usage u = { 11, 22, 3, 4, 5 }, again = USAGE_NONE;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 4096);
	openai_usage_write(&u, &b);
	buf_add_char(&b, '\0');
	assert_true(read_text(&a, b.p, &again));
	assert_memory_equal(&u, &again, sizeof(u));
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_over),
		cmocka_unit_test(test_read_outside),
		cmocka_unit_test(test_read_odd),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_written_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
