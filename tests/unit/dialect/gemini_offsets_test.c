#include "unit.h"

#include "dialect/gemini_offsets.h"

#include "base/buf.h"
#include "base/utf8.h"

static const char *const pieces[] = { "abc", "é", "éé x", "你好", "", "😀a", "\n", "zzzz", "\xff\xfe" };

/* Every place of the text, counted anew. */
static void check_all(const struct gemini_offsets *o, struct slice text)
{
	int64_t chars = 0;

	for (size_t at = 0; at < text.n; chars++) {
		assert_int_equal(gemini_offsets_chars(o, (int64_t)at), chars);
		assert_int_equal(gemini_offsets_bytes(o, chars), (int64_t)at);
		at += MAX_OF(utf8_len(slice_skip(text, at)), (size_t)1);
	}
	assert_int_equal(gemini_offsets_chars(o, (int64_t)text.n), chars);
	assert_int_equal(gemini_offsets_bytes(o, chars), (int64_t)text.n);
	assert_int_equal(gemini_offsets_chars(o, (int64_t)text.n + 1), -1);
	assert_int_equal(gemini_offsets_bytes(o, chars + 1), -1);
	assert_int_equal(gemini_offsets_chars(o, -1), -1);
	assert_int_equal(gemini_offsets_bytes(o, -1), -1);
}

static void test_places(void **state)
{
	struct gemini_offsets o = { .n = 0 };
	struct arena a;
	struct buf text;

	arena_init(&a, 0);
	buf_init(&text, 1 << 20);
	check_all(&o, SLICE(""));
	for (int round = 0; round < 5; round++)
		for (size_t i = 0; i < COUNT_OF(pieces); i++) {
			gemini_offsets_add(&o, &a, slice_str(pieces[i]));
			buf_add(&text, slice_str(pieces[i]));
			check_all(&o, buf_slice(&text));
		}
	buf_done(&text);
	arena_done(&a);
}

/* A run holds 16,383 characters. */
static void test_long_runs(void **state)
{
	struct gemini_offsets o = { .n = 0 };
	struct arena a;

	arena_init(&a, 0);
	char *text = arena_take(&a, 40001);
	memset(text, 'x', 40000);
	gemini_offsets_add(&o, &a, slice_of(text, 16383));
	gemini_offsets_add(&o, &a, slice_of(text, 1));
	gemini_offsets_add(&o, &a, slice_of(text, 40000));
	assert_int_equal(o.chars, 56384);
	assert_int_equal(gemini_offsets_chars(&o, 56000), 56000);
	assert_true(o.n <= 5);
	arena_done(&a);
}

/* Without room nothing is known, and nothing is made up. */
static void test_no_room(void **state)
{
	struct gemini_offsets o = { .n = 0 };
	struct arena a;

	arena_init(&a, 1);
	gemini_offsets_add(&o, &a, SLICE("abc"));
	assert_int_equal(gemini_offsets_chars(&o, 0), -1);
	gemini_offsets_add(&o, &a, SLICE("abc"));
	assert_int_equal(gemini_offsets_bytes(&o, 0), -1);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_long_runs),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
