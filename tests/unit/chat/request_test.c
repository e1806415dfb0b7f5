#include "unit.h"

#include "chat/request.h"

/* A copy that lives on when the parsing's memory is gone. */
static void test_keep(void **state)
{
	char body[] = "{\"model\":\"chat\"}", model[] = "chat", first[] = "one", second[] = "two";
	struct slice fallbacks[] = { slice_str(first), slice_str(second) };
	struct request from = { .op = REQUEST_CHAT, .body = slice_str(body), .doc = (yyjson_doc *)body,
		.model = slice_str(model), .fallbacks = fallbacks, .n_fallbacks = 2, .no_fallbacks = true,
		.stream = true, .wants_usage = true, .choices = 3, .has_tools = true,
		.timeout_ms = 7, .prompt_tok = 8 };
	struct request kept;
	struct arena a;

	arena_init(&a, 0);
	request_keep(&a, &from, &kept);
	memset(body, 'x', sizeof(body) - 1);
	memset(model, 'x', sizeof(model) - 1);
	memset(first, 'x', sizeof(first) - 1);
	memset(second, 'x', sizeof(second) - 1);
	memset(fallbacks, 0, sizeof(fallbacks));
	assert_slice(kept.body, "{\"model\":\"chat\"}");
	assert_slice(kept.model, "chat");
	assert_int_equal(kept.n_fallbacks, 2);
	assert_slice(kept.fallbacks[0], "one");
	assert_slice(kept.fallbacks[1], "two");
	assert_null(kept.doc);
	assert_true(kept.no_fallbacks && kept.stream && kept.wants_usage && kept.has_tools);
	assert_int_equal(kept.choices, 3);
	assert_int_equal(kept.timeout_ms, 7);
	assert_int_equal(kept.prompt_tok, 8);
	arena_done(&a);
}

static void test_keep_without_fallbacks(void **state)
{
	struct request from = { .body = SLICE("{}"), .choices = 1 }, kept;
	struct arena a;

	arena_init(&a, 0);
	request_keep(&a, &from, &kept);
	assert_int_equal(kept.n_fallbacks, 0);
	assert_null(kept.fallbacks);
	arena_done(&a);
}

/* 4 ASCII bytes or 2 other characters a token, and never 0. */
static void test_estimate(void **state)
{
	char text[5000];

	assert_int_equal(request_estimate_tok(SLICE_EMPTY), 1);
	assert_int_equal(request_estimate_tok(SLICE("abc")), 1);
	assert_int_equal(request_estimate_tok(SLICE("abcd")), 2);
	assert_int_equal(request_estimate_tok(SLICE("abcdefgh")), 3);
	/* two characters of three bytes */
	assert_int_equal(request_estimate_tok(SLICE("\xe4\xbd\xa0\xe5\xa5\xbd")), 2);
	assert_int_equal(request_estimate_tok(SLICE("\xf0\x9f\x98\x80\xc3\xa9" "abcd")), 3);
	/* no lead byte: no character */
	assert_int_equal(request_estimate_tok(SLICE("\x80\x80\x80\x80")), 1);
	/* runs are summed in bytes: their ends must not lose any */
	for (size_t n = 250; n < 5000; n += n < 260 || (n > 505 && n < 515) ? 1 : 245) {
		memset(text, 'a', n);
		assert_int_equal(request_estimate_tok(slice_of(text, n)), n / 4 + 1);
		memset(text, 0xc3, n);
		assert_int_equal(request_estimate_tok(slice_of(text, n)), n / 2 + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_keep_without_fallbacks),
		cmocka_unit_test(test_estimate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
