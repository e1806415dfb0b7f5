#include "unit.h"

#include "chat/seal.h"

static struct arena arena;

static void test_there_and_back(void **state)
{
	static const struct slice states[] = { { "x", 1 }, { "EqQBCgIYAhIM+/=", 15 }, { "\0\xff{\"a\":1}", 9 } };

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct slice wrapped = seal_wrap(&arena, 'a', states[i]);
		assert_true(slice_starts(wrapped, SLICE("d2VpcjE6")));
		assert_true(seal_in(wrapped));
		struct prompt_seal s = seal_unwrap(&arena, 'g', wrapped);
		assert_int_equal(s.origin, 'a');
		assert_true(slice_eq(s.bytes, states[i]));
	}
	assert_slice(seal_wrap(&arena, 'a', SLICE("x")), "d2VpcjE6YXg=");
}

/* A seal of a seal: the inner one comes out whole, as its maker wrote it. */
static void test_twice(void **state)
{
	struct slice once = seal_wrap(&arena, 'a', SLICE("state")), twice = seal_wrap(&arena, 'g', once);
	struct prompt_seal s = seal_unwrap(&arena, 'c', twice);

	assert_int_equal(s.origin, 'g');
	assert_true(slice_eq(s.bytes, once));
}

static void test_nothing_to_seal(void **state)
{
	struct arena small;

	assert_int_equal(seal_wrap(&arena, 'a', SLICE_EMPTY).n, 0);
	assert_int_equal(seal_wrap(&arena, '\0', SLICE("x")).n, 0);
	arena_init(&small, 16);
	assert_int_equal(seal_wrap(&small, 'a', SLICE("012345678901234567890123456789")).n, 0);
	arena_done(&small);
}

static void assert_unwraps(const char *text, char origin, const char *bytes)
{
	struct prompt_seal s = seal_unwrap(&arena, 'g', slice_str(text));

	assert_int_equal(s.origin, origin);
	assert_slice(s.bytes, bytes);
}

static void test_what_is_not_sealed_is_the_dialects_own(void **state)
{
	assert_unwraps("EqQBCgIYAhIM", 'g', "EqQBCgIYAhIM");
	assert_unwraps("d2VpcjE", 'g', "d2VpcjE");
	assert_unwraps("", '\0', "");
}

/* Damaged on its way: worth nothing to anyone, and never taken for the dialect's own. */
static void test_broken(void **state)
{
	assert_unwraps("d2VpcjE6", '\0', "");
	assert_unwraps("d2VpcjE6YQ==", '\0', "");	/* a maker and no bytes */
	assert_unwraps("d2VpcjE6YX", '\0', "");
	assert_unwraps("d2VpcjE6YXg=!", '\0', "");
	assert_unwraps("d2VpcjE6 YXg=", '\0', "");
}

static void test_found_in_a_body(void **state)
{
	assert_true(seal_in(SLICE("{\"signature\":\"d2VpcjE6YXg=\"}")));
	assert_false(seal_in(SLICE("{\"signature\":\"d2VpcjE\"}")));
	assert_false(seal_in(SLICE_EMPTY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_nothing_to_seal),
		cmocka_unit_test(test_what_is_not_sealed_is_the_dialects_own),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_found_in_a_body),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
