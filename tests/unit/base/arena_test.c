#include "unit.h"

#include "base/arena.h"

static void test_pieces_are_apart_aligned_and_zero(void **state)
{
	struct arena a;
	char *last = NULL;

	arena_init(&a, 0);
	for (size_t n = 1; n < 5000; n += 37) {
		char *p = arena_take(&a, n);
		assert_true((uintptr_t)p % 16 == 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xaa, n);
		assert_ptr_not_equal(p, last);
		last = p;
	}
	arena_done(&a);
}

static void test_limit_refuses_only_try(void **state)
{
	struct arena a;

	arena_init(&a, 4096);
	assert_non_null(arena_try(&a, 1000));
	assert_null(arena_try(&a, 100000));
	assert_non_null(arena_take(&a, 100000));
	arena_done(&a);
	assert_int_equal(a.used, 0);
	assert_int_equal(a.limit, 4096);
}

static void test_reset_keeps_a_fitting_block(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	arena_take(&a, 10000);
	size_t used = a.used;
	arena_reset(&a, 1 << 20);
	assert_true(a.used > 0 && a.used <= used);
	char *p = arena_take(&a, 9000);
	for (size_t i = 0; i < 9000; i++)
		assert_int_equal(p[i], 0);
	arena_reset(&a, 100);
	assert_int_equal(a.used, 0);
	arena_done(&a);
}

static void test_text(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	arena_copy(&a, SLICE_EMPTY);
	assert_int_equal(a.used, 0);
	struct slice s = arena_printf(&a, "%d-%s", 7, "x");
	assert_slice(s, "7-x");
	assert_int_equal(s.p[s.n], 0);
	s = arena_copy(&a, SLICE_EMPTY);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.p[0], 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_apart_aligned_and_zero),
		cmocka_unit_test(test_limit_refuses_only_try),
		cmocka_unit_test(test_reset_keeps_a_fitting_block),
		cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
