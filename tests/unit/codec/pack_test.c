/* What is packed comes back, and nothing that was not packed does harm. */
#include "unit.h"

#include "base/dice.h"
#include "codec/pack.h"

static struct slice packed_of(struct slice raw, struct buf *b)
{
	buf_init(b, 1 << 20);
	assert_true(pack_put(b, raw));
	return buf_slice(b);
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 1023, 1024, 1025, 4096, 70000 };
	static char raw[70000];
	struct dice d;

	dice_init(&d, 3);
	for (int noise = 0; noise < 2; noise++)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct buf packed, back;
			for (size_t k = 0; k < sizes[i]; k++)
				raw[k] = noise ? (char)dice_u64(&d) : "the tape says "[k % 14];
			struct slice p = packed_of(slice_of(raw, sizes[i]), &packed);
			/* text shrinks, noise grows by its head only */
			assert_true(p.n <= sizes[i] + 4);
			assert_true(noise || sizes[i] < 1024 || p.n < sizes[i] / 2);
			buf_init(&back, 1 << 20);
			assert_true(pack_get(p, sizes[i], &back));
			assert_int_equal(buf_len(&back), sizes[i]);
			assert_true(sizes[i] == 0 || memcmp(back.p, raw, sizes[i]) == 0);
			if (sizes[i])
				assert_false(pack_get(p, sizes[i] - 1, &back));
			buf_done(&packed);
			buf_done(&back);
		}
}

static void test_appends(void **state)
{
	struct buf packed, back;
	char text[1600];

	memset(text, 'x', sizeof(text));
	packed_of(slice_of(text, sizeof(text)), &packed);
	buf_init(&back, 1 << 20);
	buf_add(&back, SLICE("before"));
	assert_true(pack_get(buf_slice(&packed), 1600, &back));
	assert_int_equal(buf_len(&back), 1606);
	assert_memory_equal(back.p, "beforexxx", 9);
	buf_done(&packed);
	buf_done(&back);
}

/* Every cut, every flipped byte: an answer or false, never a byte outside. */
static void test_hostile(void **state)
{
	char text[1800], bad[2048];
	struct buf packed, back;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcabcabd"[i % 9];
	struct slice p = packed_of(slice_of(text, sizeof(text)), &packed);
	buf_init(&back, 1 << 12);
	for (size_t n = 0; n < p.n; n++) {
		assert_false(pack_get(slice_of(p.p, n), 4096, &back));
		assert_int_equal(buf_len(&back), 0);
	}
	for (size_t i = 0; i < p.n; i++) {
		memcpy(bad, p.p, p.n);
		bad[i] ^= 0x55;
		buf_clear(&back);
		if (!pack_get(slice_of(bad, p.n), 4096, &back))
			assert_int_equal(buf_len(&back), 0);
	}
	buf_done(&packed);
	buf_done(&back);
}

static void test_no_room(void **state)
{
	struct buf small;

	buf_init(&small, 10);
	assert_false(pack_put(&small, SLICE("1234567")));
	assert_true(pack_put(&small, SLICE("123456")));
	buf_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
