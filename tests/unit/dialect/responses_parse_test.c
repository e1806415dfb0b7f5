/* What routing learns; refusals are golden pages (request-bad.md). */
#include "unit.h"

#include "dialect/dialect.h"
#include "dialect/responses_parse.h"

static enum err parse(struct arena *a, const char *body, struct request *out)
{
	struct fault fault = { .err = ERR_OK };

	*out = (struct request){ .op = REQUEST_RAW };
	enum err e = responses_parse(a, slice_str(body), out, &fault);
	assert_int_equal(e, fault.err);
	return e;
}

static void test_kind(void **state)
{
	struct request r;
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(parse(&a, "{\"model\":\"m\",\"input\":\"x\"}", &r), ERR_OK);
	assert_int_equal(r.op, REQUEST_CHAT);
	assert_ptr_equal(r.dialect, &openai_responses);
	assert_int_equal(r.choices, 1);
	/* The caller asks a provider of another dialect for token counts. */
	assert_false(r.wants_usage);
	assert_false(r.has_tools);
	arena_done(&a);
}

static uint64_t estimate(const char *body)
{
	struct request r;
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(parse(&a, body, &r), ERR_OK);
	uint64_t tok = r.prompt_tok;
	arena_done(&a);
	return tok;
}

/* Every text counts, wherever it stands; bytes of images and opaque state do not. */
static void test_estimate(void **state)
{
	const uint64_t long_tok = request_estimate_tok(SLICE("12345678")), tok = request_estimate_tok(SLICE("1234"));

	assert_int_equal(estimate("{\"model\":\"m\",\"input\":\"12345678\"}"), long_tok);
	assert_int_equal(estimate("{\"model\":\"m\",\"instructions\":\"1234\",\"input\":\"12345678\"}"),
		long_tok + tok);
	assert_int_equal(estimate("{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"12345678\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"1234\"},"
		"{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAA\"}]},"
		"{\"type\":\"reasoning\",\"encrypted_content\":\"AAAAAAAAAAAAAAAAAAAA\"},"
		"{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{...}678\"},"
		"{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1234\"},"
		"{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"f\",\"input\":\"1234\"},"
		"{\"type\":\"custom_tool_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":\"input_text\","
		"\"text\":\"1234\"}]}]}"), 2 * long_tok + 4 * tok);
}

/* A template or a stored response stands for the input, and may come beside one. */
static void test_elsewhere(void **state)
{
	static const char *const bodies[] = {
		"{\"model\":\"m\",\"previous_response_id\":\"r\"}",
		"{\"model\":\"m\",\"conversation\":\"c\",\"input\":[]}",
		"{\"model\":\"m\",\"prompt\":{\"id\":\"p\"}}",
		"{\"model\":\"m\",\"previous_response_id\":\"r\",\"input\":[{\"type\":\"function_call_output\"}]}",
	};
	struct request r;
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_int_equal(parse(&a, bodies[i], &r), ERR_OK);
	assert_int_equal(parse(&a, "{\"model\":\"m\",\"previous_response_id\":null}", &r), ERR_BAD_FIELD);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
