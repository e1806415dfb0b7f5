#include "unit.h"

#include "base/utf8.h"

static void test_valid_and_not(void **state)
{
	assert_true(utf8_valid(SLICE("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	assert_true(utf8_valid(SLICE("\xf4\x8f\xbf\xbf")));
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xff" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(slice_str(bad[i])));
}

static void test_cut_keeps_characters_whole(void **state)
{
	struct slice s = SLICE("a\xe2\x82\xac""b");

	assert_int_equal(utf8_cut(s, 10).n, 5);
	assert_int_equal(utf8_cut(s, 4).n, 4);
	assert_int_equal(utf8_cut(s, 3).n, 1);
	assert_int_equal(utf8_cut(s, 2).n, 1);
	assert_int_equal(utf8_cut(s, 0).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid_and_not),
		cmocka_unit_test(test_cut_keeps_characters_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
