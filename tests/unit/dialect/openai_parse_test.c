/* Limits and what pages cannot say; the forms of requests are golden pages (request-*.md). */
#include "unit.h"

#include "dialect/dialect.h"
#include "dialect/body.h"
#include "dialect/openai_parse.h"

static void test_too_deep(void **state)
{
	static char body[100000];
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 0 };
	struct arena a;

	arena_init(&a, 0);
	memset(body, '[', sizeof(body));
	memcpy(body, "{\"model\":", 9);
	assert_int_equal(openai_parse(&a, slice_of(body, sizeof(body)), &r, &fault), ERR_TOO_DEEP);
	assert_int_equal(fault.err, ERR_TOO_DEEP);
	arena_done(&a);
}

/* The exchange's memory is limited: the client's body is too big for it, which is no fault of the gateway. */
static void test_arena_limit(void **state)
{
	static char body[200000];
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 0 };
	struct arena a;
	size_t n = (size_t)snprintf(body, sizeof(body), "{\"model\":\"a\",\"messages\":[{\"content\":\"");

	memset(body + n, 'x', sizeof(body) - n);
	memcpy(body + sizeof(body) - 4, "\"}]}", 4);
	arena_init(&a, 65536);
	assert_int_equal(openai_parse(&a, slice_of(body, sizeof(body)), &r, &fault), ERR_BODY_TOO_BIG);
	assert_int_equal(fault.err, ERR_BODY_TOO_BIG);
	arena_done(&a);
	arena_init(&a, 1 << 20);
	assert_int_equal(openai_parse(&a, slice_of(body, sizeof(body)), &r, &fault), ERR_OK);
	assert_in_range(r.prompt_tok, 45000, 55000);
	arena_done(&a);
}

static uint64_t estimate(const char *messages)
{
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 0 };
	struct arena a;

	arena_init(&a, 0);
	struct slice body = arena_printf(&a, "{\"model\":\"a\",\"messages\":%s}", messages);
	assert_int_equal(openai_parse(&a, body, &r, &fault), ERR_OK);
	arena_done(&a);
	return r.prompt_tok;
}

static void test_estimate(void **state)
{
	assert_int_equal(estimate("[{}]"), 0);
	assert_int_equal(estimate("[{\"content\":null},{\"content\":7}]"), 0);
	assert_in_range(estimate("[{\"content\":\"four words of text\"}]"), 3, 6);
	assert_in_range(estimate("[{\"content\":[{\"type\":\"text\",\"text\":\"four words of text\"},"
		"{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAA\"}}"
		"]}]"), 3, 6);
}

/* Names live as long as the arena, not as the body's buffer. */
static void test_names_outlive_the_body(void **state)
{
	char body[] = "{\"model\":\"first\",\"models\":[\"second\"],\"messages\":[{}]}";
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 0 };
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(openai_parse(&a, slice_str(body), &r, &fault), ERR_OK);
	memset(body, 'x', sizeof(body) - 1);
	assert_slice(r.model, "first");
	assert_int_equal(r.n_fallbacks, 1);
	assert_slice(r.fallbacks[0], "second");
	assert_ptr_equal(r.dialect, &openai_chat);
	arena_done(&a);
}

static void test_sixteen_fallbacks(void **state)
{
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 0 };
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 65536);
	buf_add(&b, SLICE("{\"messages\":[{}],\"models\":[\"m\""));
	for (unsigned i = 0; i < BODY_FALLBACKS; i++)
		buf_addf(&b, ",\"m%u\",\"m\"", i);
	buf_add(&b, SLICE("]}"));
	assert_int_equal(openai_parse(&a, buf_slice(&b), &r, &fault), ERR_OK);
	assert_int_equal(r.n_fallbacks, BODY_FALLBACKS);
	assert_slice(r.fallbacks[15], "m15");
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_names_outlive_the_body),
		cmocka_unit_test(test_sixteen_fallbacks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
