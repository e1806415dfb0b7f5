#include "unit.h"

#include "base/span.h"
#include "route/budget.h"

#define S(x) ((uint64_t)((x) * (double)SPAN_NS_PER_S))

static const struct budget_conf conf = { .share = 0.2, .per_s = 10 };

static unsigned drain(struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	unsigned n = 0;

	while (n < 1000000 && budget_take(b, c, now_ns))
		n++;
	return n;
}

static void test_new_one_holds_ten_seconds_of_the_floor(void **state)
{
	struct budget b = { 0 };

	assert_true(budget_has(&b, &conf, S(5)));
	assert_int_equal(drain(&b, &conf, S(5)), 100);
	assert_false(budget_has(&b, &conf, S(5)));
	assert_int_equal(drain(&b, &conf, S(6)), 9);		/* 10 came, a part of it faded */
}

static void test_new_one_at_time_zero(void **state)
{
	struct budget b = { 0 };

	assert_int_equal(drain(&b, &conf, 0), 100);
	assert_int_equal(drain(&b, &conf, 0), 0);		/* not new a second time */
}

static void test_share_of_requests(void **state)
{
	const struct budget_conf share = { .share = 0.2 };
	struct budget b = { 0 };

	assert_int_equal(drain(&b, &share, S(1)), 0);
	for (int i = 0; i < 1000; i++)
		budget_request(&b, &share, S(1));
	assert_in_range(drain(&b, &share, S(1)), 199, 200);
}

static void test_never_more_than_ten_seconds_worth(void **state)
{
	struct budget b = { 0 };

	/* An hour idle, then an hour at 1,000 requests a second (in steps of 10 ms). */
	assert_int_equal(drain(&b, &conf, S(3600)), 100);
	for (int i = 0; i < 360000; i++)
		for (int k = 0; k < 10; k++)
			budget_request(&b, &conf, S(3600) + (uint64_t)i * 10 * SPAN_NS_PER_MS);
	assert_in_range(drain(&b, &conf, S(7200)), 2090, 2110);
	assert_int_equal(drain(&b, &conf, S(7200)), 0);
}

static void test_give_back(void **state)
{
	struct budget b = { 0 };

	drain(&b, &conf, S(1));
	budget_give_back(&b);
	assert_int_equal(drain(&b, &conf, S(1)), 1);
}

static void test_nothing_allowed(void **state)
{
	const struct budget_conf none = { 0 };
	struct budget b = { 0 };

	budget_request(&b, &none, S(1));
	assert_false(budget_take(&b, &none, S(100)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_one_holds_ten_seconds_of_the_floor),
		cmocka_unit_test(test_new_one_at_time_zero),
		cmocka_unit_test(test_share_of_requests),
		cmocka_unit_test(test_never_more_than_ten_seconds_worth),
		cmocka_unit_test(test_give_back),
		cmocka_unit_test(test_nothing_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
