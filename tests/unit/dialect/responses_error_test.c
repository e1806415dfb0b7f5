/* Every row of responses_faults.def; forms of errors are golden pages (stream-error-*.md, stream-failed-*.md). */
#include "unit.h"

#include "dialect/responses_error.h"

static struct fault read(struct arena *a, const char *json)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(a, slice_str(json), &doc, NULL), ERR_OK);
	return responses_error_read(a, yyjson_doc_get_root(doc));
}

static void test_codes(void **state)
{
	static const struct {
		const char *code;
		enum err err;
	} rows[] = {
#define FAULT(code, err) { code, ERR_##err },
#include "dialect/responses_faults.def"
#undef FAULT
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice json = arena_printf(&a, "{\"code\":\"%s\","
			"\"message\":\"Why <b> sk-proj-abcdefghijklmnopqrstuv\","
			"\"param\":\"input\"}", rows[i].code);
		struct fault f = read(&a, json.p);
		bool is_clients = err_row(f.err)->blame == ERR_BLAME_CLIENT;
		assert_int_equal(f.err, rows[i].err);
		assert_int_equal(f.message.n > 0, is_clients);
		assert_int_equal(f.param.n > 0, is_clients);
		if (is_clients)
			assert_null(memmem(f.message.p, f.message.n, "sk-proj", 7));
		if (f.err == ERR_UP_BAD_REQUEST)
			assert_slice(f.code, rows[i].code);
	}
	arena_done(&a);
}

static void test_others(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(read(&a, "{\"code\":\"insufficient_quota\",\"message\":\"x\"}").err, ERR_UP_KEY_DEAD);
	assert_int_equal(read(&a, "{\"code\":\"odd\",\"message\":\"x\"}").err, ERR_UP_ERROR_EVENT);
	assert_int_equal(read(&a, "{\"code\":\"RATE_LIMIT_EXCEEDED\"}").err, ERR_UP_THROTTLED);
	assert_int_equal(read(&a, "{}").err, ERR_UP_ERROR_EVENT);
	assert_int_equal(read(&a, "\"boom\"").err, ERR_UP_ERROR_EVENT);
	arena_done(&a);
}

/* Both the documented members and the object that makes SDKs raise. */
static void test_event(void **state)
{
	struct fault f = { .err = ERR_UP_BAD_REQUEST, .message = SLICE("a\"\n"), .code = SLICE("c"),
		.param = SLICE("p") };
	struct buf b;

	buf_init(&b, 65536);
	responses_error_event(&f, &b);
	assert_slice(buf_slice(&b), "event: error\ndata: {\"type\":\"error\",\"code\":\"c\",\"message\":\"a\\\"\\n\","
		"\"param\":\"p\",\"sequence_number\":0,\"error\":{\"type\":\"invalid_request_error\",\"code\":\"c\","
		"\"message\":\"a\\\"\\n\",\"param\":\"p\"}}\n\n");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
