/* When a server is left alone, and for how long. */
#include "unit.h"

#include "base/must.h"
#include "base/span.h"
#include "store/redis_breaker.h"

#define MS ((uint64_t)SPAN_NS_PER_MS)

static void five_within_a_second(void **state)
{
	struct redis_breaker b = { 0 };

	for (int i = 0; i < 4; i++)
		assert_false(redis_breaker_late(&b, (5000 + 250 * i) * MS));
	assert_true(redis_breaker_late(&b, 6000 * MS));
	assert_int_equal(b.state, REDIS_BREAKER_OPEN);
	assert_int_equal(b.window_ms, 1000);
	assert_false(redis_breaker_late(&b, 6001 * MS));	/* those under way */
}

static void five_over_a_longer_time(void **state)
{
	struct redis_breaker b = { 0 };

	for (int i = 0; i < 100; i++)
		assert_false(redis_breaker_late(&b, (5000 + 251 * i) * MS));
	assert_int_equal(b.state, REDIS_BREAKER_CLOSED);
}

static void the_window_doubles_to_half_a_minute(void **state)
{
	const uint64_t windows[] = { 2000, 4000, 8000, 16000, 30000, 30000 };
	struct redis_breaker b = { 0 };

	for (int i = 0; i < 5; i++)
		redis_breaker_late(&b, 5000 * MS);
	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		redis_breaker_probe(&b);
		assert_int_equal(b.state, REDIS_BREAKER_PROBING);
		redis_breaker_missed(&b);
		assert_int_equal(b.window_ms, windows[i]);
	}
	redis_breaker_probe(&b);
	redis_breaker_worked(&b);
	assert_int_equal(b.state, REDIS_BREAKER_CLOSED);
	for (int i = 0; i < 4; i++)
		assert_false(redis_breaker_late(&b, 9000 * MS));
	assert_true(redis_breaker_late(&b, 9000 * MS));
	assert_int_equal(b.window_ms, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_within_a_second),
		cmocka_unit_test(five_over_a_longer_time),
		cmocka_unit_test(the_window_doubles_to_half_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
