/* A whole answer holds what the last event of a stream holds; usual answers are golden pages (client-json blocks). */
#include "unit.h"

#include "dialect/responses_collect.h"
#include "dialect/responses_encode.h"

static const struct event events[] = {
	{ .kind = EVENT_START, .text = { "resp_1", 6 }, .extra = { "m", 1 } },
	{ .kind = EVENT_REASONING, .text = { "think", 5 } },
	{ .kind = EVENT_TEXT, .text = { "text", 4 } },
	{ .kind = EVENT_PART_END, .part = EVENT_NO_PART },
	{ .kind = EVENT_TEXT, .text = { "more", 4 } },
	{ .kind = EVENT_TOOL_START, .text = { "c", 1 }, .extra = { "f", 1 } },
	{ .kind = EVENT_TOOL_ARGS, .text = { "{}", 2 } },
	{ .kind = EVENT_FINISH, .finish = EVENT_FINISH_TOOL_CALLS },
};

static struct dialect_encode encode_of(struct arena *a)
{
	return (struct dialect_encode){ .id = SLICE("own"), .created_s = 7, .arena = a };
}

static void test_same_as_stream(void **state)
{
	struct buf stream, whole;
	struct arena a;

	arena_init(&a, 0);
	buf_init(&stream, 1 << 20);
	buf_init(&whole, 1 << 20);
	struct dialect_encode s = encode_of(&a), w = encode_of(&a);
	for (size_t i = 0; i < COUNT_OF(events); i++) {
		responses_encode_event(&s, &events[i], &stream);
		responses_collect(&w, &events[i]);
	}
	buf_clear(&stream);
	responses_encode_end(&s, &stream);
	responses_collect_write(&w, &whole);
	struct slice text = buf_slice(&stream), body = buf_slice(&whole);
	assert_non_null(memmem(text.p, text.n, body.p, body.n));
	assert_true(slice_starts(body, SLICE("{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":7,"
		"\"status\":\"completed\",")));
	buf_done(&stream);
	buf_done(&whole);
	arena_done(&a);
}

static void test_room(void **state)
{
	struct buf whole;
	struct arena a;

	for (size_t max = 0; max < 1000; max += 50) {
		arena_init(&a, 0);
		buf_init(&whole, max);
		struct dialect_encode w = encode_of(&a);
		for (size_t i = 0; i < COUNT_OF(events); i++)
			responses_collect(&w, &events[i]);
		assert_int_equal(w.err, ERR_OK);
		responses_collect_write(&w, &whole);
		assert_int_equal(w.err, ERR_TOO_BIG);
		buf_done(&whole);
		arena_done(&a);
	}
}

/* An answer that did not say how it ended is not called complete. */
static void test_no_finish(void **state)
{
	struct buf whole;
	struct arena a;

	arena_init(&a, 0);
	buf_init(&whole, 1 << 20);
	struct dialect_encode w = encode_of(&a);
	responses_collect(&w, &events[0]);
	responses_collect(&w, &events[2]);
	responses_collect_write(&w, &whole);
	buf_add_char(&whole, '\0');
	assert_non_null(strstr(whole.p, "\"status\":\"incomplete\",\"background\""));
	assert_non_null(strstr(whole.p, "\"text\":\"text\""));
	buf_done(&whole);
	arena_done(&a);
}

/* What did not fit is not written as if it were whole. */
static void test_no_arena(void **state)
{
	struct buf whole;
	struct arena a;

	arena_init(&a, 4096);
	buf_init(&whole, 1 << 20);
	struct dialect_encode w = encode_of(&a);
	for (int i = 0; i < 10000; i++)
		responses_collect(&w, &events[2]);
	assert_int_equal(w.err, ERR_TOO_BIG);
	responses_collect_write(&w, &whole);
	assert_int_equal(buf_len(&whole), 0);
	buf_done(&whole);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_stream),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_no_finish),
		cmocka_unit_test(test_no_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
