#include "unit.h"

#include "base/dice.h"
#include "base/map.h"

#define KEYS 500

/* Random puts, takes and finds against a plain array. */
static void test_against_model(void **state)
{
	static char names[KEYS][16];
	static int values[KEYS];
	bool present[KEYS] = { false };
	struct map m;
	struct dice d;
	size_t count = 0;

	dice_init(&d, 1);
	map_init(&m, 0, 42);
	for (int i = 0; i < KEYS; i++)
		snprintf(names[i], sizeof(names[i]), "key-%d", i);
	for (int round = 0; round < 200000; round++) {
		size_t i = dice_below(&d, KEYS);
		struct slice key = slice_str(names[i]);
		switch (dice_below(&d, 3)) {
		case 0:
			assert_true(map_put(&m, key, &values[i]));
			count += !present[i];
			present[i] = true;
			break;
		case 1:
			assert_ptr_equal(map_take(&m, key), present[i] ? &values[i] : NULL);
			count -= present[i];
			present[i] = false;
			break;
		default:
			assert_ptr_equal(map_find(&m, key), present[i] ? &values[i] : NULL);
		}
		assert_int_equal(m.n, count);
	}
	size_t at = 0, seen = 0;
	struct slice key;
	void *v;
	while (map_next(&m, &at, &key, &v))
		seen++;
	assert_int_equal(seen, count);
	map_done(&m);
}

static void test_maximum(void **state)
{
	struct map m;
	int x, y;

	map_init(&m, 2, 1);
	assert_null(map_find(&m, SLICE("a")));
	assert_null(map_take(&m, SLICE("a")));
	assert_true(map_put(&m, SLICE("a"), &x));
	assert_true(map_put(&m, SLICE(""), &x));
	assert_false(map_put(&m, SLICE("c"), &x));
	assert_true(map_put(&m, SLICE("a"), &y));
	assert_ptr_equal(map_find(&m, SLICE("a")), &y);
	assert_ptr_equal(map_find(&m, SLICE("")), &x);
	map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
