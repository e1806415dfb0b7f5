/* What the exact cache gives back. */
#include "unit.h"

#include "base/span.h"
#include "cache/exact.h"

static const struct digest one = { { 1 } }, two = { { 2 } };

static void test_round_trip(void **state)
{
	const struct exact_answer in = { .dialect = 'a', .target = SLICE("p/m"), .tape = SLICE("tape \0 bytes") };
	struct exact_answer out;
	struct exact x;

	exact_init(&x, 1 << 16, 7);
	assert_false(exact_get(&x, &one, UINT64_MAX, 0, &out));
	assert_true(exact_put(&x, &one, &in, 60000, 0));
	assert_true(exact_get(&x, &one, UINT64_MAX, 5 * (uint64_t)SPAN_NS_PER_S, &out));
	assert_int_equal(out.dialect, 'a');
	assert_slice(out.target, "p/m");
	assert_int_equal(out.tape.n, in.tape.n);
	assert_memory_equal(out.tape.p, in.tape.p, in.tape.n);
	assert_int_equal(out.age_ms, 5000);
	assert_false(exact_get(&x, &two, UINT64_MAX, 0, &out));
	assert_int_equal(x.hits, 1);
	assert_int_equal(x.misses, 2);
	exact_done(&x);
}

static void test_age(void **state)
{
	const struct exact_answer in = { .dialect = 'c', .tape = SLICE("x") };
	struct exact_answer out;
	struct exact x;

	exact_init(&x, 1 << 16, 7);
	exact_put(&x, &one, &in, 60000, 0);
	assert_false(exact_get(&x, &one, 4999, 5 * (uint64_t)SPAN_NS_PER_S, &out));
	assert_true(exact_get(&x, &one, 5000, 5 * (uint64_t)SPAN_NS_PER_S, &out));
	assert_false(exact_get(&x, &one, UINT64_MAX, 60 * (uint64_t)SPAN_NS_PER_S, &out));
	exact_done(&x);
}

static void test_purge(void **state)
{
	const struct exact_answer in = { .dialect = 'c', .tape = SLICE("x") };
	struct exact_answer out;
	struct exact x;

	exact_init(&x, 1 << 16, 7);
	exact_put(&x, &one, &in, 60000, 0);
	exact_purge(&x);
	assert_false(exact_get(&x, &one, UINT64_MAX, 0, &out));
	exact_done(&x);
}

/* What is no entry of this version is a miss. */
static void test_foreign_bytes(void **state)
{
	static const struct slice rows[] = { { "", 0 }, { "\x02" "c\0\0x", 5 }, { "\x01" "c\0", 3 },
		{ "\x01" "c\x09\0x", 5 } };
	struct exact_answer out;
	struct exact x;

	exact_init(&x, 1 << 16, 7);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(shelf_put(&x.shelf, digest_slice(&one), rows[i], 60000, 0));
		assert_false(exact_get(&x, &one, UINT64_MAX, 0, &out));
	}
	exact_done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_purge),
		cmocka_unit_test(test_foreign_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
