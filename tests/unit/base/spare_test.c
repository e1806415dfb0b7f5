/* The last one given is the next one taken; no more are kept than the maximum. */
#include "unit.h"

#include "base/must.h"
#include "base/spare.h"

static void test_again(void **state)
{
	struct spares s = { .size = 100 };
	char *p[SPARE_MAX + 2];

	for (size_t i = 0; i < COUNT_OF(p); i++) {
		p[i] = spare_take(&s);
		memset(p[i], 0xaa, 100);
	}
	for (size_t i = 0; i < COUNT_OF(p); i++)
		spare_give(&s, p[i]);
	assert_int_equal(s.n, SPARE_MAX);
	for (size_t i = SPARE_MAX; i-- > 0; ) {
		char *again = spare_zeroed(&s);
		assert_ptr_equal(again, p[i]);
		for (size_t at = 0; at < 100; at++)
			assert_int_equal(again[at], 0);
		free(again);
	}
	assert_int_equal(s.n, 0);
	free(spare_take(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
