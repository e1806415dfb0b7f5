/* When a provider's model counts as another one. */
#include "unit.h"

#include "base/must.h"
#include "cache/drift.h"

static void test_changes(void **state)
{
	static const struct {
		const char *target;
		uint64_t version;
		bool changed;
	} rows[] = {
		{ "p/a", 0, false }, { "p/a", 1, false }, { "p/a", 1, false }, { "p/b", 2, false }, { "p/a", 2, true },
		/* both are in use: neither is new */
		{ "p/a", 1, false }, { "p/a", 2, false }, { "p/a", 0, false }, { "p/a", 3, true },
	};
	struct drift d;

	drift_init(&d, 1);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (drift_note(&d, slice_str(rows[i].target), rows[i].version) != rows[i].changed)
			fail_msg("row %zu", i);
	drift_done(&d);
}

/* The ninth makes the first forgotten, and targets beyond the limit go unnoticed. */
static void test_bounds(void **state)
{
	struct drift d;
	char name[16];

	drift_init(&d, 1);
	for (uint64_t v = 1; v <= DRIFT_VERSIONS + 1; v++)
		assert_int_equal(drift_note(&d, SLICE("p/a"), v), v > 1);
	assert_false(drift_note(&d, SLICE("p/a"), 2));
	assert_true(drift_note(&d, SLICE("p/a"), 1));
	for (unsigned i = 1; i < DRIFT_TARGETS + 10; i++) {
		snprintf(name, sizeof(name), "q/%u", i);
		assert_false(drift_note(&d, slice_str(name), 1));
	}
	assert_int_equal(d.targets.n, DRIFT_TARGETS);
	assert_true(drift_note(&d, SLICE("q/1"), 2));
	assert_false(drift_note(&d, slice_str(name), 2));
	drift_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
