/* How often the same request comes: within this second and the one before. */
#include "unit.h"

#include "base/span.h"
#include "flight/heat.h"

static struct heat heat;

static int setup(void **state)
{
	memset(&heat, 0, sizeof(heat));
	return 0;
}

static uint32_t note(uint64_t hash, uint64_t ms)
{
	return heat_note(&heat, hash, ms * SPAN_NS_PER_MS);
}

static void it_counts_within_a_second(void **state)
{
	for (uint32_t i = 1; i <= 100; i++)
		assert_int_equal(note(7, 5000 + i), i);
	assert_int_equal(note(8, 5200), 1);
	assert_int_equal(note(7, 5999), 101);
}

/* The second before counts half (rounded up), what was earlier not at all. */
static void it_cools(void **state)
{
	for (int i = 0; i < 9; i++)
		note(7, 5000);
	assert_int_equal(note(7, 6000), 6);
	assert_int_equal(note(7, 6999), 7);
	assert_int_equal(note(7, 7000), 5);
	assert_int_equal(note(7, 9000), 1);
	note(7, 9500);
	assert_int_equal(note(7, 11000), 1);
}

/* What comes once a second never looks like more than twice as much. */
static void a_steady_trickle_stays_cold(void **state)
{
	for (uint64_t s = 1; s < 1000; s++)
		assert_true(note(7, s * 1000) <= 2);
}

/* They push each other out, and neither is counted for the other. */
static void two_in_one_slot(void **state)
{
	for (int i = 0; i < 10; i++) {
		assert_int_equal(note(7, 5000), 1);
		assert_int_equal(note(7 + HEAT_SLOTS, 5000), 1);
	}
	assert_int_equal(note(7 + HEAT_SLOTS, 5000), 2);
	assert_int_equal(note(8, 5000), 1);
	assert_int_equal(note(8, 5000), 2);
	assert_int_equal(note(7 + HEAT_SLOTS, 5000), 3);
}

/* The first seconds of a machine, and a clock that has gone far. */
static void at_the_ends_of_time(void **state)
{
	assert_int_equal(note(0, 0), 1);
	assert_int_equal(note(0, 999), 2);
	uint64_t turn = ((UINT64_C(1) << 32) - 1) * 1000;
	assert_int_equal(note(5, turn), 1);
	assert_int_equal(note(5, turn + 999), 2);
	assert_int_equal(note(5, turn + 1000), 2);
}

#define CASE(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_counts_within_a_second),
		CASE(it_cools),
		CASE(a_steady_trickle_stays_cold),
		CASE(two_in_one_slot),
		CASE(at_the_ends_of_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
