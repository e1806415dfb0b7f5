/* Growth and room; usual answers are golden pages (client-json blocks). */
#include "unit.h"

#include "dialect/openai_collect.h"

static void collect_many(struct dialect_encode *e, size_t n)
{
	char piece[32];

	for (size_t i = 0; i < n; i++) {
		int len = snprintf(piece, sizeof(piece), "%zu,", i);
		struct event text = { .kind = EVENT_TEXT, .text = slice_of(piece, (size_t)len) }, args = text;
		args.kind = EVENT_TOOL_ARGS;
		args.part = (uint16_t)(i % 3);
		openai_collect(e, &text);
		openai_collect(e, &args);
	}
}

static void test_grows(void **state)
{
	struct arena a;
	struct buf out;
	yyjson_doc *doc;

	arena_init(&a, 0);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a };
	collect_many(&e, 20000);
	openai_collect_write(&e, &out);
	assert_int_equal(e.err, ERR_OK);
	assert_int_equal(json_parse(&a, buf_slice(&out), &doc, NULL), ERR_OK);
	yyjson_val *choice = yyjson_arr_get_first(json_arr(yyjson_doc_get_root(doc), "choices"));
	struct slice text = json_str(json_obj(choice, "message"), "content"), piece;
	uint64_t n = 0, v;
	while (slice_next(&text, ',', &piece)) {
		assert_true(slice_u64(piece, &v) && v == n);
		n++;
	}
	assert_int_equal(n, 20000);
	assert_int_equal(yyjson_arr_size(json_arr(json_obj(choice, "message"), "tool_calls")), 3);
	buf_done(&out);
	arena_done(&a);
}

/* Past the arena's limit: an error, and nothing is written as if it were the answer. */
static void test_arena_limit(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 65536);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .id = SLICE("own"), .arena = &a };
	collect_many(&e, 50000);
	assert_int_equal(e.err, ERR_TOO_BIG);
	assert_true(a.used <= 65536);
	openai_collect_write(&e, &out);
	assert_int_equal(buf_len(&out), 0);
	buf_done(&out);
	arena_done(&a);
}

/* An output buffer that is too small is an error and no crash, wherever it ends. */
static void test_no_room(void **state)
{
	struct arena a;
	struct buf out;

	for (size_t max = 0; max < 4000; max += 61) {
		arena_init(&a, 0);
		buf_init(&out, max);
		struct dialect_encode e = { .id = SLICE("own"), .arena = &a };
		collect_many(&e, 100);
		openai_collect_write(&e, &out);
		assert_true(e.err == ERR_OK || e.err == ERR_TOO_BIG);
		bool is_whole = buf_len(&out) > 900 && out.p[out.n - 1] == '}';
		assert_int_equal(e.err == ERR_OK, is_whole);
		buf_done(&out);
		arena_done(&a);
	}
}

static void test_empty(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a };
	openai_collect_write(&e, &out);
	assert_slice(buf_slice(&out), "{\"id\":\"own\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"\","
		"\"choices\":[]}");
	buf_done(&out);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
