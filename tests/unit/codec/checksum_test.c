/* A value comes back as it was, or not at all. */
#include "unit.h"

#include "codec/checksum.h"

static void put(struct buf *b, struct slice bytes, const char *name)
{
	buf_init(b, 1000);
	assert_true(buf_put(b, bytes));
	assert_true(checksum_put(b, slice_str(name)));
	assert_int_equal(buf_len(b), bytes.n + CHECKSUM_BYTES);
}

static void test_round_trip(void **state)
{
	static const struct slice all[] = { { "", 0 }, { "x", 1 }, { "a\0b", 3 }, { "abcdefgh", 8 } };

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct buf b;
		put(&b, all[i], "name");
		struct slice v = buf_slice(&b);
		assert_true(checksum_cut(&v, SLICE("name")));
		assert_true(slice_eq(v, all[i]));
		buf_done(&b);
	}
}

/* Each bit changed, each shorter one, another name, bytes that never had one. */
static void test_others(void **state)
{
	struct buf b;

	put(&b, SLICE("some words"), "name");
	struct slice whole = buf_slice(&b), v;
	for (size_t i = 0; i < 8 * whole.n; i++) {
		b.p[i / 8] ^= (char)(1 << i % 8);
		v = whole;
		assert_false(checksum_cut(&v, SLICE("name")));
		assert_int_equal(v.n, whole.n);
		b.p[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++) {
		v = slice_of(whole.p, n);
		assert_false(checksum_cut(&v, SLICE("name")));
	}
	v = whole;
	assert_false(checksum_cut(&v, SLICE("nane")));
	v = SLICE("eighteen bytes too");
	assert_false(checksum_cut(&v, SLICE("name")));
	buf_done(&b);
}

static void test_no_room(void **state)
{
	struct buf b;

	buf_init(&b, 10);
	assert_true(buf_put(&b, SLICE("abc")));
	assert_false(checksum_put(&b, SLICE("name")));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
