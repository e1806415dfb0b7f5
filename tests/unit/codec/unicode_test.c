#include "unit.h"

#include "base/must.h"
#include "codec/unicode.h"

/* Every character there and back; bytes that are none one at a time. */
static void test_utf8(void **state)
{
	char bytes[UNICODE_UTF8_MAX];

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		struct slice s = slice_of(bytes, unicode_put(c, bytes));
		assert_int_equal(unicode_next(&s), c);
		assert_int_equal(s.n, 0);
	}
	struct slice bad = SLICE("\xe2\x82x\xc0");
	assert_int_equal(unicode_next(&bad), UNICODE_REPLACEMENT);
	assert_int_equal(unicode_next(&bad), UNICODE_REPLACEMENT);
	assert_int_equal(unicode_next(&bad), 'x');
	assert_int_equal(unicode_next(&bad), UNICODE_REPLACEMENT);
	assert_int_equal(bad.n, 0);
}

static void test_class(void **state)
{
	static const struct { uint32_t c; enum unicode_class class; } rows[] = {
		{ 'a', UNICODE_WORD }, { 0x4e00, UNICODE_WORD }, { '7', UNICODE_WORD }, { 0x93f, UNICODE_WORD },
		{ 0x301, UNICODE_NONSPACING }, { 0x941, UNICODE_NONSPACING }, { '?', UNICODE_PUNCTUATION },
		{ 0x3001, UNICODE_PUNCTUATION }, { '+', UNICODE_SYMBOL }, { 0x1f600, UNICODE_SYMBOL },
		{ ' ', UNICODE_SPACE }, { 0x3000, UNICODE_SPACE }, { '\n', UNICODE_CONTROL }, { 0xad, UNICODE_CONTROL },
		{ 0xe000, UNICODE_CONTROL }, { 0x378, UNICODE_UNASSIGNED },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(unicode_class(rows[i].c), rows[i].class);
	assert_true(unicode_is_space('\t') && unicode_is_space(0x85) && unicode_is_space(0x2029));
	assert_false(unicode_is_space(0x200b) || unicode_is_space('a') || unicode_is_space(0x1c));
	assert_true(unicode_is_han_or_kana(0x6771) && unicode_is_han_or_kana(0x3042));
	assert_false(unicode_is_han_or_kana(0xac00) || unicode_is_han_or_kana('a'));
}

static void test_mappings(void **state)
{
	uint32_t parts[UNICODE_PARTS_MAX];

	assert_int_equal(unicode_lower(0xc4), 0xe4);
	assert_int_equal(unicode_lower(0x416), 0x436);
	assert_int_equal(unicode_lower('7'), '7');
	assert_int_equal(unicode_decompose(0x1f82, parts), 4);
	assert_int_equal(parts[0], 0x3b1);
	assert_int_equal(parts[3], 0x345);
	assert_int_equal(unicode_decompose(0xac01, parts), 3);	/* Hangul: by rule */
	assert_int_equal(parts[2], 0x11a8);
	assert_int_equal(unicode_decompose(0xfb01, parts), 1);	/* a ligature is equal only for looks */
	assert_int_equal(parts[0], 0xfb01);
	assert_int_equal(unicode_decompose('a', parts), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_mappings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
