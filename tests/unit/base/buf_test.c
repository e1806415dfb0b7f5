#include "unit.h"

#include "base/buf.h"

static void test_maximum_is_exact(void **state)
{
	struct buf b;

	buf_init(&b, 5);
	assert_true(buf_put(&b, SLICE("abc")));
	assert_false(buf_put(&b, SLICE("def")));
	assert_slice(buf_slice(&b), "abc");
	assert_true(buf_put(&b, SLICE("de")));
	assert_null(buf_room(&b, SIZE_MAX));
	buf_eat(&b, 2);
	assert_true(buf_put(&b, SLICE("fg")));
	assert_slice(buf_slice(&b), "cdefg");
	buf_done(&b);
}

/* A queue that is eaten as fast as it is filled must not grow. */
static void test_eaten_space_is_used_again(void **state)
{
	struct buf b;
	char want[8];

	buf_init(&b, 1000);
	for (int i = 0; i < 10000; i++) {
		snprintf(want, sizeof(want), "%07d", i);
		buf_add(&b, slice_str(want));
		if (i >= 3) {
			snprintf(want, sizeof(want), "%07d", i - 3);
			assert_true(slice_eq(slice_of(buf_slice(&b).p, 7), slice_str(want)));
			buf_eat(&b, 7);
		}
	}
	assert_true(b.cap <= 1024);
	buf_done(&b);
}

static void test_numbers_and_formats(void **state)
{
	struct buf b;
	char longer[2000];

	buf_init(&b, 1 << 16);
	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	assert_slice(buf_slice(&b), "0 18446744073709551615");
	buf_clear(&b);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	buf_addf(&b, "%s!", longer);
	assert_int_equal(buf_len(&b), sizeof(longer));
	assert_int_equal(buf_slice(&b).p[sizeof(longer) - 1], '!');
	buf_done(&b);
}

static void test_json_escapes(void **state)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add_json(&b, SLICE("a\"b\\c\n\r\t\x01\x7f/\xc3\xa9"));
	assert_slice(buf_slice(&b), "a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f/\xc3\xa9");
	buf_clear(&b);
	buf_add_json(&b, SLICE("x\xff\xc3y\xed\xa0\x80"));
	assert_slice(buf_slice(&b), "x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	buf_done(&b);
}

/* Every byte at every place of two words is written as it is when it stands alone: what looks at eight at once agrees
 * with what looks at one. */
static void test_json_at_every_place(void **state)
{
	struct buf b, alone;

	buf_init(&b, 1 << 16);
	buf_init(&alone, 1 << 16);
	for (unsigned c = 0; c < 256; c++) {
		char byte = (char)c, text[19];
		buf_clear(&alone);
		buf_add_json(&alone, slice_of(&byte, 1));
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = byte;
			buf_clear(&b);
			buf_add_json(&b, slice_of(text, sizeof(text)));
			struct slice got = buf_slice(&b);
			assert_int_equal(got.n, sizeof(text) - 1 + buf_len(&alone));
			assert_memory_equal(got.p + at, alone.p, buf_len(&alone));
			for (size_t i = 0; i < got.n; i++)
				assert_true((i >= at && i < at + buf_len(&alone)) || got.p[i] == 'a');
		}
	}
	buf_done(&b);
	buf_done(&alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maximum_is_exact),
		cmocka_unit_test(test_eaten_space_is_used_again),
		cmocka_unit_test(test_numbers_and_formats),
		cmocka_unit_test(test_json_escapes),
		cmocka_unit_test(test_json_at_every_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
