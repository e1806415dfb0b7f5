/* The in-process store: what is found, what has expired, and what gives way. */
#include "unit.h"

#include "base/span.h"
#include "store/shelf.h"

#define S ((uint64_t)SPAN_NS_PER_S)

static bool put(struct shelf *s, const char *key, const char *value, uint64_t now_s)
{
	return shelf_put(s, slice_str(key), slice_str(value), 10000, now_s * S);
}

static bool has(struct shelf *s, const char *key, uint64_t now_s)
{
	struct shelf_value v;
	return shelf_get(s, slice_str(key), now_s * S, &v);
}

static void test_put_and_get(void **state)
{
	struct shelf_value v;
	struct shelf s;

	shelf_init(&s, 1 << 16, 7);
	assert_true(put(&s, "a", "one", 1));
	assert_true(shelf_get(&s, SLICE("a"), 3 * S, &v));
	assert_slice(v.bytes, "one");
	assert_int_equal(v.age_ms, 2000);
	assert_int_equal(v.left_ms, 8000);
	assert_false(has(&s, "b", 3));
	assert_true(put(&s, "a", "two", 4));
	assert_true(shelf_get(&s, SLICE("a"), 4 * S, &v));
	assert_slice(v.bytes, "two");
	assert_int_equal(v.age_ms, 0);
	shelf_drop(&s, SLICE("a"));
	shelf_drop(&s, SLICE("a"));
	assert_false(has(&s, "a", 4));
	assert_int_equal(s.bytes, 0);
	shelf_done(&s);
}

static void test_expiry(void **state)
{
	struct shelf s;

	shelf_init(&s, 1 << 16, 7);
	put(&s, "a", "one", 1);
	assert_true(has(&s, "a", 10));
	assert_false(has(&s, "a", 11));
	assert_int_equal(s.bytes, 0);		/* gone at the first look */
	assert_false(shelf_put(&s, SLICE("b"), SLICE("x"), 0, S));
	shelf_done(&s);
}

/* Used ones get a second chance; the limit holds whatever comes. */
static void test_what_gives_way(void **state)
{
	char key[16], value[100];
	struct shelf s;

	memset(value, 'v', sizeof(value));
	shelf_init(&s, 4000, 7);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(shelf_put(&s, slice_str(key), slice_of(value, sizeof(value)), 10000, S));
		assert_true(s.bytes <= 4000);
		if (i > 2)
			assert_true(has(&s, "k0", 1));	/* asked for all the time */
	}
	assert_false(has(&s, "k500", 1));
	assert_true(s.evicted > 900);
	shelf_done(&s);
}

/* Expired ones go before used ones, and are not counted as a loss. */
static void test_the_expired_go_first(void **state)
{
	char value[800];
	struct shelf s;

	memset(value, 'v', sizeof(value));
	shelf_init(&s, 4000, 7);
	assert_true(shelf_put(&s, SLICE("old"), slice_of(value, 800), 1000, S));
	assert_true(shelf_put(&s, SLICE("new"), slice_of(value, 800), 100000, S));
	for (int i = 0; i < 2; i++)
		assert_true(has(&s, "old", 1) && has(&s, "new", 1));
	char key[8];
	for (int i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(shelf_put(&s, slice_str(key), slice_of(value, 800), 100000, 5 * S));
	}
	assert_int_equal(s.evicted, 0);
	assert_true(has(&s, "new", 5));
	shelf_done(&s);
}

static void test_too_big(void **state)
{
	char value[1200];
	struct shelf s;

	memset(value, 'v', sizeof(value));
	shelf_init(&s, 4000, 7);
	put(&s, "a", "one", 1);
	assert_false(shelf_put(&s, SLICE("a"), slice_of(value, sizeof(value)), 1000, S));
	assert_false(has(&s, "a", 1));		/* the old value is not the answer any more */
	shelf_limit(&s, 0);
	assert_false(put(&s, "b", "", 1));
	shelf_done(&s);
}

static void test_a_lower_limit(void **state)
{
	struct shelf s;

	shelf_init(&s, 1 << 16, 7);
	put(&s, "a", "one", 1);
	put(&s, "b", "one", 1);
	assert_false(shelf_is_over(&s));
	shelf_limit(&s, s.bytes / 2);
	assert_true(shelf_is_over(&s));
	assert_false(shelf_sweep(&s, 10));
	assert_true(s.bytes <= s.max);
	assert_true(has(&s, "a", 1) + has(&s, "b", 1) == 1);
	shelf_clear(&s);
	assert_int_equal(s.bytes, 0);
	shelf_done(&s);
}

static void fill(struct shelf *s, int n, size_t bytes)
{
	char key[16], value[1000];

	memset(value, 'v', sizeof(value));
	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(shelf_put(s, slice_str(key), slice_of(value, bytes), 10000, S));
	}
}

/* Cleared at once, freed in pieces, and as good as new meanwhile. */
static void test_a_large_one_is_cleared(void **state)
{
	struct shelf s;

	shelf_init(&s, 16 << 20, 7);
	fill(&s, 10000, 10);
	shelf_clear(&s);
	assert_int_equal(s.bytes, 0);
	assert_false(has(&s, "k77", 1));
	assert_true(shelf_sweep(&s, 4000));
	put(&s, "k77", "new", 1);
	assert_true(shelf_sweep(&s, 4000));
	shelf_clear(&s);
	assert_true(shelf_sweep(&s, 2000));
	put(&s, "k78", "new", 1);
	assert_false(shelf_sweep(&s, 1));
	assert_true(has(&s, "k78", 1));
	assert_false(has(&s, "k77", 1));
	fill(&s, 100, 10);
	shelf_clear(&s);		/* and what is dead when all ends */
	shelf_done(&s);
}

/* One large value does not wait until thousands have gone: they go with the next ones. */
static void test_a_large_value(void **state)
{
	static char large[200000];
	struct shelf s;

	shelf_init(&s, 1 << 20, 7);
	fill(&s, 20000, 10);
	const size_t n = s.entries.n;
	assert_true(n > 8000 && s.bytes <= s.max);
	assert_true(shelf_put(&s, SLICE("large"), slice_of(large, sizeof(large)), 10000, S));
	assert_int_equal(s.entries.n, n + 1 - SHELF_LOOKS);
	assert_true(s.bytes > s.max && s.bytes <= s.max + s.max / 4);
	assert_true(has(&s, "large", 1));
	assert_false(shelf_put(&s, SLICE("second"), slice_of(large, sizeof(large)), 10000, S));
	for (int i = 0; shelf_is_over(&s); i++) {
		assert_true(i < 100);
		put(&s, "small", "x", 1);
	}
	assert_true(has(&s, "large", 1));
	assert_true(shelf_put(&s, SLICE("second"), slice_of(large, sizeof(large)), 10000, S));
	shelf_done(&s);
}

/* Where all were used, the hand gives no more second chances at once than it may look at. */
static void test_all_were_used(void **state)
{
	char key[16];
	struct shelf s;

	shelf_init(&s, 1 << 20, 7);
	fill(&s, 8000, 10);
	for (int i = 0; i < 8000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		has(&s, key, 1);
	}
	shelf_limit(&s, s.bytes);
	assert_true(put(&s, "new", "x", 1));
	assert_int_equal(s.evicted, 0);
	assert_int_equal(s.entries.n, 8001);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "n%d", i);
		assert_true(put(&s, key, "x", 1));
	}
	assert_true(s.evicted > 50 && s.bytes <= s.max);
	shelf_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_get),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_what_gives_way),
		cmocka_unit_test(test_the_expired_go_first),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_a_lower_limit),
		cmocka_unit_test(test_a_large_one_is_cleared),
		cmocka_unit_test(test_a_large_value),
		cmocka_unit_test(test_all_were_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
