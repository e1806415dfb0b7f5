/* Every error identity as a client of this dialect sees it. */
#include "unit.h"

#include "base/utf8.h"
#include "dialect/anthropic_error.h"
#include "dialect/scrub.h"

static yyjson_val *body_of(struct arena *a, const struct fault *f)
{
	yyjson_doc *doc;
	struct buf b;

	buf_init(&b, 65536);
	anthropic_error_body(f, &b);
	assert_int_equal(json_parse(a, buf_slice(&b), &doc, NULL), ERR_OK);
	buf_done(&b);
	return yyjson_doc_get_root(doc);
}

/* SDKs choose the class by the status; the type says the same. */
static void test_all(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		struct fault f = { .err = (enum err)e };
		yyjson_val *root = body_of(&a, &f), *error = json_obj(root, "error");
		int status = anthropic_error_status(&f);
		struct slice type = json_str(error, "type");
		assert_true(status >= 400 && status < 600 && status != 503);
		assert_slice(json_str(root, "type"), "error");
		assert_true(json_str(error, "message").n > 0 && type.n > 0);
		assert_int_equal(slice_eq(type, SLICE("api_error")), status >= 500 && status != 529 && status != 504);
		assert_int_equal(slice_eq(type, SLICE("overloaded_error")), status == 529);
		assert_int_equal(slice_eq(type, SLICE("rate_limit_error")), status == 429);
		assert_int_equal(slice_eq(type, SLICE("not_found_error")), status == 404);
	}
	arena_done(&a);
}

static void message_is(struct fault f, const char *want)
{
	struct arena a;

	arena_init(&a, 0);
	assert_slice(json_str(json_obj(body_of(&a, &f), "error"), "message"), want);
	arena_done(&a);
}

/* Clients look for these words. */
static void test_context(void **state)
{
	message_is((struct fault){ .err = ERR_UP_CONTEXT },
		"prompt is too long: the request is longer than the model's context");
	message_is((struct fault){ .err = ERR_UP_CONTEXT, .message = SLICE("Prompt is too long: 5 > 4") },
		"Prompt is too long: 5 > 4");
	message_is((struct fault){ .err = ERR_UP_BAD_REQUEST, .message = SLICE("a \"b\"\n") }, "a \"b\"\n");
}

static void test_long(void **state)
{
	struct arena a;
	char many[5000];

	memset(many, 'a', sizeof(many));
	arena_init(&a, 0);
	struct fault f = { .err = ERR_UP_BAD_REQUEST, .message = slice_of(many, sizeof(many)) };
	assert_int_equal(json_str(json_obj(body_of(&a, &f), "error"), "message").n, SCRUB_MAX_BYTES);
	arena_done(&a);
}

static void test_event(void **state)
{
	struct fault f = { .err = ERR_UP_OVERLOADED };
	struct buf b;

	buf_init(&b, 65536);
	anthropic_error_event(&f, &b);
	assert_slice(buf_slice(&b), "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
		"\"message\":\"the provider is overloaded\"},\"request_id\":null}\n\n");
	buf_done(&b);
}

/* A body that is too large to be an error says by its status enough, but words that decide are found. */
static void test_large(void **state)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"error\":{\"message\":\"prompt is too long\",\"type\":\"x\",\"echo\":\""));
	for (int i = 0; i < 70000; i++)
		buf_add_char(&b, 'a');
	buf_add(&b, SLICE("\"}}"));
	struct fault f = anthropic_error_fault(&a, 400, buf_slice(&b));
	assert_int_equal(f.err, ERR_UP_CONTEXT);
	assert_int_equal(f.message.n, 0);
	buf_done(&b);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
