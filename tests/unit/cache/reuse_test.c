/* What the sketch of prefixes remembers, and what it makes of it. */
#include "unit.h"

#include "cache/reuse.h"

static void test_a_prefix_is_known_again(void **state)
{
	struct reuse r;

	reuse_init(&r, 1 << 16);
	assert_int_equal(reuse_look(&r, 5, 100).uses, 0);
	reuse_note(&r, 1, 5, REUSE_TURN, 300, 100);
	reuse_note(&r, 1, 5, REUSE_TURN, 300, 160);
	reuse_note(&r, 1, 5, REUSE_TURN, 300, 180);
	struct reuse_seen s = reuse_look(&r, 5, 190);
	assert_int_equal(s.uses, 3);
	assert_int_equal(s.age_s, 10);
	assert_int_equal(s.gap_s, (60 * 3 + 20) / 4);
	assert_int_equal(s.per_minute, 1);	/* the third began the minute 3 */
	assert_int_equal(reuse_look(&r, 5, 190 + 120).per_minute, 0);
	reuse_done(&r);
}

/* However many come: bounded, and the ones used last are there. */
static void test_the_oldest_gives_way(void **state)
{
	struct reuse r;

	reuse_init(&r, REUSE_WAYS * sizeof(struct reuse_row));
	assert_int_equal(r.n_sets, 1);
	for (uint32_t i = 1; i <= 100; i++)
		reuse_note(&r, 1, i, REUSE_TURN, 300, i);
	for (uint32_t i = 1; i <= 100; i++)
		assert_int_equal(reuse_look(&r, i, 100).uses, i > 100 - REUSE_WAYS);
	reuse_limit(&r, 1 << 16);
	assert_int_equal(reuse_look(&r, 100, 100).uses, 0);
	assert_true(r.n_sets * REUSE_WAYS * sizeof(struct reuse_row) <= 1 << 16);
	reuse_done(&r);
}

static void test_chances(void **state)
{
	struct reuse r;
	double first;

	reuse_init(&r, 1 << 16);
	assert_true(reuse_chance(&r, 1, REUSE_FIRST) == 0);
	assert_true(reuse_chance(&r, 1, REUSE_TURN) > 0.5);
	assert_true(reuse_chance(&r, 1, REUSE_SYSTEM) > 0.28);
	/* Of ten lone questions eight are gone on with, two of these too late. */
	for (uint32_t i = 0; i < 10; i++) {
		reuse_note(&r, 1, 1000 + i, REUSE_FIRST, 300, i);
		if (i < 8)
			reuse_note(&r, 1, 1000 + i, REUSE_TURN, 300, i + (i < 6 ? 200 : 400));
		if (i < 2)	/* once more says nothing new */
			reuse_note(&r, 1, 1000 + i, REUSE_TURN, 300, i + 250);
	}
	first = reuse_chance(&r, 1, REUSE_FIRST);
	assert_true(first > 0.49 && first < 0.51);	/* 6 of 10 + 2 */
	assert_true(reuse_chance(&r, 2, REUSE_FIRST) == 0);
	/* Another place with the same slot takes it over. */
	reuse_note(&r, 1 + REUSE_PLACES, 9, REUSE_FIRST, 300, 1);
	assert_true(reuse_chance(&r, 1, REUSE_FIRST) == 0);
	reuse_done(&r);
}

/* Old traffic is outweighed by new. */
static void test_chances_fade(void **state)
{
	struct reuse r;
	uint64_t h = 1;

	reuse_init(&r, 1 << 20);
	for (uint32_t i = 0; i < 3000; i++, h++) {
		reuse_note(&r, 1, h, REUSE_FIRST, 300, i);
		reuse_note(&r, 1, h, REUSE_TURN, 300, i);
	}
	assert_true(reuse_chance(&r, 1, REUSE_FIRST) > 0.9);
	for (uint32_t i = 0; i < 3000; i++, h++)
		reuse_note(&r, 1, h, REUSE_FIRST, 300, 3000 + i);
	assert_true(reuse_chance(&r, 1, REUSE_FIRST) < 0.2);
	reuse_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_prefix_is_known_again),
		cmocka_unit_test(test_the_oldest_gives_way),
		cmocka_unit_test(test_chances),
		cmocka_unit_test(test_chances_fade),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
