/* The words of openai_faults.def row by row; whole shapes are golden pages (error-*.md). */
#include "unit.h"

#include "dialect/openai_error.h"

enum { CODE, TEXT };
enum { ANY, REFUSAL, INSIDE };

static const struct {
	int where;
	const char *word;
	int statuses;
	enum err err;
} says[] = {
#define SAYS(where, word, statuses, err) { where, word, statuses, ERR_##err },
#include "dialect/openai_faults.def"
#undef SAYS
};

/* An error object with only this member. */
static struct fault fault_of(struct arena *a, int status, const char *member, const char *word)
{
	const char *before = strcmp(member, "message") == 0 ? "so: " : "";
	struct slice body = arena_printf(a, "{\"error\":{\"%s\":\"%s%s\"}}", member, before, word);
	return openai_error_fault(a, status, body);
}

static void expect(size_t row, struct fault f, enum err want)
{
	if (f.err != want)
		fail_msg("\"%s\" gives %s, not %s", says[row].word, err_name(f.err), err_name(want));
}

static void test_each_row(void **state)
{
	struct arena a;

	for (size_t i = 0; i < COUNT_OF(says); i++) {
		int status = says[i].statuses == INSIDE ? 200 : 400;
		arena_init(&a, 0);
		if (says[i].where == TEXT) {
			expect(i, fault_of(&a, status, "message", says[i].word), says[i].err);
		} else {
			expect(i, fault_of(&a, status, "code", says[i].word), says[i].err);
			expect(i, fault_of(&a, status, "type", says[i].word), says[i].err);
		}
		arena_done(&a);
	}
}

static void test_where_rows_count(void **state)
{
	struct arena a;

	for (size_t i = 0; i < COUNT_OF(says); i++) {
		const char *where = says[i].where == TEXT ? "message" : "code";
		arena_init(&a, 0);
		expect(i, fault_of(&a, 500, where, says[i].word),
			says[i].statuses == ANY ? says[i].err : ERR_UP_FAILED);
		expect(i, fault_of(&a, 401, where, says[i].word), ERR_UP_KEY_DEAD);
		expect(i, fault_of(&a, 302, where, says[i].word), ERR_UP_REDIRECT);
		if (says[i].statuses == INSIDE)
			expect(i, fault_of(&a, 418, where, says[i].word), ERR_UP_BAD_REQUEST);
		arena_done(&a);
	}
}

static void test_words_in_any_case(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(fault_of(&a, 400, "code", "CONTEXT_LENGTH_EXCEEDED").err, ERR_UP_CONTEXT);
	assert_int_equal(fault_of(&a, 400, "message", "MAXIMUM Context LENGTH").err, ERR_UP_CONTEXT);
	assert_int_equal(fault_of(&a, 400, "code", "context_length_exceeded_").err, ERR_UP_BAD_REQUEST);
	assert_int_equal(fault_of(&a, 400, "message", "maximum context lengt").err, ERR_UP_BAD_REQUEST);
	arena_done(&a);
}

/* The JSON of a fault: well-formed, with the row's type and code. */
static void check_written(enum err err)
{
	struct fault f = { .err = err };
	yyjson_doc *doc;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 65536);
	openai_error_body(&f, &b);
	assert_int_equal(json_parse(&a, buf_slice(&b), &doc, NULL), ERR_OK);
	yyjson_val *e = json_obj(yyjson_doc_get_root(doc), "error");
	assert_slice(json_str(e, "message"), err_text(err));
	assert_slice(json_str(e, "code"), err_row(err)->code);
	assert_true(json_str(e, "type").n > 0);
	assert_true(yyjson_is_null(yyjson_obj_get(e, "param")));
	buf_done(&b);
	arena_done(&a);
}

static void test_every_err_can_be_written(void **state)
{
	for (int e = 1; e < ERR_COUNT; e++)
		check_written((enum err)e);
}

/* Whatever a fault holds, its bytes are bounded and one event. */
static void test_hostile_texts(void **state)
{
	static char text[100000];
	struct buf b;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "\n\r\"\\\x01\xff"[i % 6];
	struct slice s = slice_of(text, sizeof(text));
	struct fault f = { .err = ERR_UP_BAD_REQUEST, .message = s, .code = s, .param = s };
	buf_init(&b, 65536);
	openai_error_event(&f, &b);
	struct slice event = buf_slice(&b);
	assert_true(slice_starts(event, SLICE("event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":")));
	event = slice_skip(event, 13);
	assert_int_equal(slice_find(event, '\n'), event.n - 2);
	assert_int_equal(slice_find(event, '\r'), event.n);
	buf_done(&b);
}

/* A body past the limit and one past the depth: the status says enough. */
static void test_huge_and_deep(void **state)
{
	static char body[200000];
	struct arena a;

	arena_init(&a, 0);
	memset(body, '[', sizeof(body));
	assert_int_equal(openai_error_fault(&a, 422, slice_of(body, 1000)).err, ERR_UP_UNPROCESSABLE);
	assert_int_equal(openai_error_fault(&a, 503, slice_of(body, sizeof(body))).err, ERR_UP_OVERLOADED);
	memcpy(body, "{\"detail\":\"prompt is too long\",", 31);
	struct fault f = openai_error_fault(&a, 400, slice_of(body, sizeof(body)));
	assert_int_equal(f.err, ERR_UP_CONTEXT);
	assert_int_equal(f.message.n, 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row),
		cmocka_unit_test(test_where_rows_count),
		cmocka_unit_test(test_words_in_any_case),
		cmocka_unit_test(test_every_err_can_be_written),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_huge_and_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
