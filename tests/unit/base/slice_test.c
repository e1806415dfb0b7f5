#include "unit.h"

static void test_compare(void **state)
{
	assert_true(slice_eq(SLICE("abc"), slice_str("abc")));
	assert_false(slice_eq(SLICE("abc"), SLICE("abd")));
	assert_true(slice_eq(SLICE_EMPTY, SLICE("")));
	assert_true(slice_case_eq(SLICE("Content-TYPE"), SLICE("content-type")));
	assert_false(slice_case_eq(SLICE("a@"), SLICE("a`")));	/* differ by 32 but are no letters */
	assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
	assert_false(slice_starts(SLICE("a"), SLICE("ab")));
}

static void test_pieces(void **state)
{
	struct slice s = SLICE(" a, b ,,c"), piece;

	assert_true(slice_next(&s, ',', &piece));
	assert_slice(piece, "a");
	assert_true(slice_next(&s, ',', &piece));
	assert_slice(piece, "b");
	assert_true(slice_next(&s, ',', &piece));
	assert_slice(piece, "");
	assert_true(slice_next(&s, ',', &piece));
	assert_slice(piece, "c");
	assert_false(slice_next(&s, ',', &piece));
}

static void test_numbers(void **state)
{
	uint64_t v = 7;

	assert_true(slice_u64(SLICE("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	v = 7;
	assert_false(slice_u64(SLICE("18446744073709551616"), &v));
	assert_false(slice_u64(SLICE("+1"), &v));
	assert_false(slice_u64(SLICE(""), &v));
	assert_false(slice_u64(SLICE("1 "), &v));
	assert_int_equal(v, 7);
}

static void test_copy_cuts(void **state)
{
	char out[4];
	assert_string_equal(slice_copy(SLICE("abcdef"), out, sizeof(out)), "abc");
}

static void test_tokens(void **state)
{
	assert_true(slice_is_token(SLICE("aZ09"), ""));
	assert_true(slice_is_token(SLICE("a.b_c-d"), "._-"));
	assert_false(slice_is_token(SLICE("a.b"), "_-"));
	assert_false(slice_is_token(SLICE("a b"), "._-"));
	assert_false(slice_is_token(SLICE("a\0b"), "._-"));
	assert_false(slice_is_token(SLICE("\xc3\xa9"), "._-"));
	assert_false(slice_is_token(SLICE(""), "._-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_copy_cuts),
		cmocka_unit_test(test_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
