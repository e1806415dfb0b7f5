/* The estimate of the prompt, and what golden pages cannot show. */
#include "unit.h"

#include "dialect/anthropic_parse.h"
#include "dialect/dialect.h"

static uint64_t tokens(const char *body)
{
	struct arena a;
	struct request r = { .prompt_tok = 0 };
	struct fault fault = { .err = ERR_OK };

	arena_init(&a, 0);
	assert_int_equal(anthropic_parse_count(&a, slice_str(body), &r, &fault), ERR_OK);
	arena_done(&a);
	return r.prompt_tok;
}

#define BODY(messages) "{\"model\":\"m\",\"messages\":[" messages "]}"
#define EIGHT "12345678"	/* 8 / 4 + 1 tokens */

static void test_texts_count(void **state)
{
	assert_int_equal(tokens(BODY("{\"role\":\"user\",\"content\":\"" EIGHT "\"}")), 3);
	assert_int_equal(tokens(BODY("{\"content\":[{\"type\":\"text\",\"text\":\"" EIGHT "\"},"
		"{\"type\":\"thinking\",\"thinking\":\"" EIGHT "\"}]}")), 6);
	assert_int_equal(tokens(BODY("{\"content\":[{\"type\":\"tool_result\",\"content\":\"" EIGHT "\"},"
		"{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\",\"text\":\"" EIGHT "\"}]}]}")), 6);
	assert_int_equal(tokens(BODY("{\"content\":[{\"type\":\"tool_use\",\"input\":{\"a\":\"" EIGHT "\"}}]}")), 4);
	assert_int_equal(tokens("{\"model\":\"m\",\"messages\":[{}],\"system\":\"" EIGHT "\"}"), 3);
	assert_int_equal(tokens("{\"model\":\"m\",\"messages\":[{}],\"system\":[{\"text\":\"" EIGHT "\"}]}"), 3);
	assert_int_equal(tokens("{\"model\":\"m\",\"messages\":[{}],\"tools\":[{\"description\":\"" EIGHT "\"}]}"), 6);
}

static void test_base64_does_not(void **state)
{
	assert_int_equal(tokens(BODY("{\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
		"\"data\":\"" EIGHT
		"\"}}]}")), 0);
	assert_int_equal(tokens(BODY("{\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\","
		"\"data\":\"" EIGHT
		"\"}}]}")), 3);
}

static void test_ops(void **state)
{
	const char *body = "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{}],\"stream\":true,\"tools\":[{}]}";
	struct arena a;
	struct request r = { .prompt_tok = 0 };
	struct fault fault = { .err = ERR_OK };

	arena_init(&a, 0);
	assert_int_equal(anthropic_parse(&a, slice_str(body), &r, &fault), ERR_OK);
	assert_ptr_equal(r.dialect, &anthropic_messages);
	assert_true(r.op == REQUEST_CHAT && r.stream && r.has_tools && r.choices == 1);
	r = (struct request){ .prompt_tok = 0 };
	assert_int_equal(anthropic_parse_count(&a, slice_str(body), &r, &fault), ERR_OK);
	assert_ptr_equal(r.dialect, &anthropic_count);
	assert_true(r.op == REQUEST_COUNT && !r.stream);
	arena_done(&a);
}

static void test_too_deep(void **state)
{
	struct arena a;
	struct request r = { .prompt_tok = 0 };
	struct fault fault = { .err = ERR_OK };
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"model\":\"m\",\"max_tokens\":1,\"messages\":"));
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, '[');
	assert_int_equal(anthropic_parse(&a, buf_slice(&b), &r, &fault), ERR_TOO_DEEP);
	assert_int_equal(fault.err, ERR_TOO_DEEP);
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_count),
		cmocka_unit_test(test_base64_does_not),
		cmocka_unit_test(test_ops),
		cmocka_unit_test(test_too_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
