#include "unit.h"

#include "route/health.h"

static void test_same_name_same_health(void **state)
{
	struct health_table t;

	health_init(&t, 10, 1);
	struct health *a = health_get(&t, "target", SLICE("openai/gpt"));
	assert_slice(a->name, "target openai/gpt");
	assert_ptr_equal(health_get(&t, "target", SLICE("openai/gpt")), a);
	assert_ptr_equal(health_keep(&t, "target", SLICE("openai/gpt")), a);
	assert_ptr_not_equal(health_get(&t, "model", SLICE("openai/gpt")), a);
	health_done(&t);
}

static void test_bounded(void **state)
{
	struct health_table t;
	char name[32];

	health_init(&t, 3, 1);
	struct health *first = health_get(&t, "target", SLICE("x/0"));
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "x/%d", i);
		struct health *h = health_get(&t, "target", slice_str(name));
		assert_true(h->shared == (i >= 3));
	}
	assert_int_equal(t.map.n, 3);
	assert_ptr_equal(health_get(&t, "target", SLICE("x/0")), first);
	/* What the configuration names always has its own. */
	struct health *kept = health_keep(&t, "target", SLICE("y/1"));
	assert_false(kept->shared);
	assert_ptr_equal(health_get(&t, "target", SLICE("y/1")), kept);
	health_done(&t);
}

static void test_kept_do_not_use_up_the_bound(void **state)
{
	struct health_table t;

	health_init(&t, 1, 1);
	health_keep(&t, "model", SLICE("a"));
	health_keep(&t, "model", SLICE("b"));
	assert_false(health_get(&t, "model", SLICE("c"))->shared);
	assert_true(health_get(&t, "model", SLICE("d"))->shared);
	health_done(&t);
}

static void test_odd_names(void **state)
{
	struct health_table t;
	char big[2000];

	memset(big, 'a', sizeof(big));
	health_init(&t, 10, 1);
	assert_ptr_equal(health_get(&t, "target", slice_of(big, sizeof(big))), t.other);
	assert_ptr_not_equal(health_get(&t, "target", SLICE("a\0b")), health_get(&t, "target", SLICE("a\0c")));
	assert_ptr_not_equal(health_get(&t, "target", slice_of(big, 1017)), t.other);
	assert_ptr_equal(health_get(&t, "target", slice_of(big, 1018)), t.other);
	assert_slice(health_get(&t, "model", SLICE(""))->name, "model ");
	health_done(&t);
}

static void test_rest(void **state)
{
	struct health_table t;

	health_init(&t, 10, 1);
	struct health *h = health_get(&t, "target", SLICE("a/b"));
	assert_true(health_may_use(h, 0));
	health_rest(h, 100, ERR_UP_THROTTLED);
	health_rest(h, 50, ERR_UP_KEY_DEAD);			/* shorter: changes nothing */
	assert_false(health_may_use(h, 99));
	assert_true(health_is_resting(h, 99));
	assert_false(health_is_resting(h, 100));
	assert_true(health_may_use(h, 100));
	assert_int_equal(h->rest_why, ERR_UP_THROTTLED);
	health_done(&t);
}

static void test_other_never_rests(void **state)
{
	struct health_table t;

	health_init(&t, 0, 1);
	struct health *h = health_get(&t, "target", SLICE("a/b"));
	struct health *key = health_keep(&t, "key", SLICE("a 1234"));
	assert_true(h->shared);
	health_rest(h, 100, ERR_UP_THROTTLED);
	health_rest_key(h, key, 100, ERR_UP_THROTTLED);
	assert_true(health_may_use(h, 0));
	assert_null(health_key_rest(h, key));
	health_done(&t);
}

static void test_pairs(void **state)
{
	struct health_table t;
	struct health *keys[HEALTH_RESTS + 2];
	char name[32];

	health_init(&t, 10, 1);
	struct health *a = health_get(&t, "target", SLICE("p/a"));
	struct health *b = health_get(&t, "target", SLICE("p/b"));
	for (int i = 0; i < HEALTH_RESTS + 2; i++) {
		snprintf(name, sizeof(name), "p %d", i);
		keys[i] = health_keep(&t, "key", slice_str(name));
	}
	health_rest_key(a, keys[0], 1000, ERR_UP_THROTTLED);
	health_rest_key(a, keys[0], 500, ERR_UP_KEY_DEAD);
	assert_int_equal(health_key_rest(a, keys[0])->until_ns, 1000);
	assert_int_equal(health_key_rest(a, keys[0])->why, ERR_UP_THROTTLED);
	assert_null(health_key_rest(b, keys[0]));		/* the neighbour is free */
	assert_true(health_is_resting(a, 999));
	assert_false(health_is_resting(a, 1000));
	assert_false(health_is_resting(b, 999));
	assert_null(health_key_rest(a, keys[1]));
	/* Full: the rest that is over first makes room. */
	for (int i = 1; i < HEALTH_RESTS; i++)
		health_rest_key(a, keys[i], (uint64_t)(2000 - i), ERR_UP_THROTTLED);
	health_rest_key(a, keys[HEALTH_RESTS], 3000, ERR_UP_KEY_DEAD);
	assert_null(health_key_rest(a, keys[0]));
	assert_int_equal(health_key_rest(a, keys[HEALTH_RESTS])->until_ns, 3000);
	assert_int_equal(health_key_rest(a, keys[1])->until_ns, 1999);
	health_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_name_same_health),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_kept_do_not_use_up_the_bound),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_other_never_rests),
		cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
