/* Who stays in memory. */
#include "unit.h"

#include "base/counter.h"
#include "base/must.h"
#include "cache/partition.h"

#define ROWS 16u

static struct partition_set set;

static struct digest name_of(unsigned i)
{
	return (struct digest){ { (uint8_t)i, (uint8_t)(i >> 8), 1 } };
}

static bool put(unsigned partition, uint64_t id)
{
	const struct embed_vec vec = { .v = { 100, (int8_t)id }, .scale = 0.01f };
	const struct partition_new n = { .id = id, .sign = 1, .tenant = 2, .ends_ns = 3, .author = 4,
		.text = SLICE("a text"), .vec = &vec, .rows = ROWS };
	struct digest d = name_of(partition);

	return partition_put(&set, &d, &n);
}

static bool has(unsigned partition)
{
	struct digest d = name_of(partition);

	return map_find(&set.partitions, digest_slice(&d)) != NULL;
}

static void test_rows(void **state)
{
	partition_init(&set, 32, 1 << 20, 7);
	for (uint64_t id = 1; id <= 3 * ROWS; id++)
		assert_true(put(0, id));
	assert_int_equal(set.entries.n, ROWS);
	assert_false(put(0, 3 * ROWS));
	struct partition_entry *e = partition_entry(&set, 3 * ROWS);
	assert_slice(slice_of(e->text, e->text_n), "a text");
	assert_int_equal(e->tenant, 2);
	assert_int_equal(e->evidence.author, 4);
	partition_drop(&set, e);
	assert_null(partition_entry(&set, 3 * ROWS));
	partition_done(&set);
	assert_int_equal(set.bytes, 0);
}

/* The longest unused goes first; found ones stay. */
static void test_recent(void **state)
{
	partition_init(&set, 32, 64 << 20, 7);
	counter_reset();
	for (unsigned i = 0; i < PARTITION_MAX; i++)
		assert_true(put(i, 1 + i));
	struct digest first = name_of(0);
	assert_non_null(partition_find(&set, &first));
	assert_true(put(PARTITION_MAX, 1 + PARTITION_MAX));
	assert_true(has(0));
	assert_false(has(1));
	assert_true(has(2));
	assert_int_equal(counter_values[COUNTER_semantic_evicted], 1);
	assert_int_equal(set.partitions.n, PARTITION_MAX);
	assert_false(partition_sweep(&set, 1));
	assert_int_equal(set.entries.n, PARTITION_MAX);
	partition_forget(&set, &first);
	partition_forget(&set, &first);
	assert_false(has(0));
	partition_done(&set);
	assert_int_equal(set.bytes, 0);
}

/* Never above its bytes, whatever comes. */
static void test_bytes(void **state)
{
	for (size_t max = 0; max < 100000; max += 1000) {
		partition_init(&set, 32, max, 7);
		for (uint64_t id = 1; id < 100; id++) {
			put((unsigned)(id % 7), id);
			assert_true(set.bytes <= max);
		}
		assert_true(max < 50000 || set.entries.n > 0);
		assert_true(max > 2000 || set.entries.n == 0);
		partition_done(&set);
		assert_int_equal(set.bytes, 0);
	}
}

/* What is forgotten is not found at once, comes again under its id, and is freed piece by piece. */
static void test_forgotten_in_pieces(void **state)
{
	struct digest first = name_of(0);

	partition_init(&set, 32, 64 << 20, 7);
	for (uint64_t id = 1; id <= ROWS; id++)
		assert_true(put(0, id) && put(1, 100 + id));
	partition_forget(&set, &first);
	assert_null(partition_entry(&set, 5));
	assert_non_null(partition_entry(&set, 105));
	assert_true(partition_sweep(&set, 3));
	assert_int_equal(set.entries.n, 2 * ROWS - 3);
	assert_true(put(0, 5));
	assert_non_null(partition_entry(&set, 5));
	assert_true(partition_find(&set, &first) == partition_entry(&set, 5)->in);
	for (int i = 0; partition_sweep(&set, 1); i++)
		assert_true(i < 100);
	assert_int_equal(set.entries.n, ROWS + 1);
	assert_non_null(partition_entry(&set, 5));
	partition_clear(&set, 64);
	assert_int_equal(set.bytes, 0);
	assert_null(partition_entry(&set, 5));
	assert_true(put(3, 5));
	assert_int_equal(set.dim, 64);
	partition_done(&set);		/* and what is dying when all ends */
	assert_int_equal(set.bytes, 0);
}

static void test_zero_vector(void **state)
{
	const struct embed_vec none = { .scale = 0 };
	const struct partition_new n = { .id = 1, .text = SLICE("x"), .vec = &none, .rows = ROWS };
	struct digest d = name_of(0);

	partition_init(&set, 32, 1 << 20, 7);
	assert_false(partition_put(&set, &d, &n));
	assert_null(partition_find(&set, &d));
	partition_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_forgotten_in_pieces),
		cmocka_unit_test(test_zero_vector),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
