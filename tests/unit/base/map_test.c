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

/* While the old places are emptied, everything is found, replaced, taken and walked, wherever it is just then. */
static void test_growing(void **state)
{
	enum { MANY = 14000 };	/* several pieces */
	static char names[MANY][16];
	static int values[MANY];
	struct map m;
	bool grew = false;

	map_init(&m, 0, 7);
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "key-%d", i);
		assert_true(map_put(&m, slice_str(names[i]), &values[i]));
		if (m.old.cap == 0 || m.moved == 0)
			continue;
		grew |= m.old.cap >= 4 * 4096;
		const int early = i / 3, late = i - 1;
		assert_ptr_equal(map_find(&m, slice_str(names[early])), &values[early]);
		assert_true(map_put(&m, slice_str(names[early]), &values[i]));
		assert_int_equal(m.n, i + 1);
		assert_ptr_equal(map_find(&m, slice_str(names[early])), &values[i]);
		assert_ptr_equal(map_take(&m, slice_str(names[early])), &values[i]);
		assert_null(map_find(&m, slice_str(names[early])));
		assert_null(map_take(&m, slice_str(names[early])));
		assert_true(map_put(&m, slice_str(names[early]), &values[early]));
		assert_ptr_equal(map_find(&m, slice_str(names[late])), &values[late]);
		size_t at = 0, seen = 0, sum = 0;
		struct slice key;
		for (void *v; map_next(&m, &at, &key, &v); seen++)
			sum += (size_t)((int *)v - values);
		assert_int_equal(seen, i + 1);
		assert_int_equal(sum, (size_t)i * ((size_t)i + 1) / 2);
	}
	assert_true(grew);
	map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_growing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
