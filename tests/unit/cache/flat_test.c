/* The flat index: the same neighbours as by brute force, with every set of lanes; who gives way; what bounds it. */
#include "unit.h"

#include <math.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/flat.h"
#include "cache/lanes.h"

enum { ROWS = 700 };

static struct embed_vec random_vec(struct dice *d, uint32_t dim)
{
	float x[EMBED_DIM_MAX];
	struct embed_vec v;

	for (uint32_t i = 0; i < dim; i++)
		x[i] = (float)dice_below(d, 2001) - 1000;
	embed_pack(x, dim, &v);
	return v;
}

static double exact_cosine(const struct embed_vec *a, const struct embed_vec *b, uint32_t dim)
{
	double dot = 0, aa = 0, bb = 0;

	for (uint32_t i = 0; i < dim; i++) {
		dot += a->v[i] * b->v[i];
		aa += a->v[i] * a->v[i];
		bb += b->v[i] * b->v[i];
	}
	return dot / sqrt(aa * bb);
}

static void put(struct flat *f, uint64_t id, uint64_t sign, const struct embed_vec *v, uint64_t want_evicted)
{
	uint64_t evicted = 99;

	flat_put(f, id, sign, v, &evicted);
	assert_int_equal(evicted, want_evicted);
}

/* Extreme and random bytes, all lengths that rows can have. */
static void test_lanes_agree(void **state)
{
	static _Alignas(64) int8_t q[EMBED_DIM_MAX], rows[8 * EMBED_DIM_MAX];
	static const unsigned order[8] = { 7, 0, 1, 2, 3, 4, 5, 6 };
	const struct lanes *plain = lanes_at(0);
	struct dice d;

	dice_init(&d, 1);
	for (uint32_t n = LANES_STEP; n <= EMBED_DIM_MAX; n += LANES_STEP)
		for (int round = 0; round < 50; round++) {
			for (uint32_t i = 0; i < n; i++)
				q[i] = (int8_t)(round == 0 ? -127 : round == 1 ? 127 : (int)dice_below(&d, 255) - 127);
			for (uint32_t i = 0; i < 8 * n; i++)
				rows[i] = (int8_t)(round < 2 ? 127 : (int)dice_below(&d, 255) - 127);
			int32_t want[8], got[8];
			const int8_t *at[8];
			for (size_t i = 0; i < 8; i++)
				at[i] = rows + (size_t)order[i] * n;
			plain->dots(q, at, n, 8, want);
			int32_t zeroth = 0;
			for (uint32_t i = 0; i < n; i++)
				zeroth += q[i] * rows[i];
			assert_int_equal(want[1], zeroth);
			for (size_t i = 1; lanes_at(i); i++)
				for (uint32_t count = 0; count <= 8; count++) {
					memset(got, 0x5a, sizeof(got));
					lanes_at(i)->dots(q, at, n, count, got);
					assert_memory_equal(got, want, count * sizeof(want[0]));
					for (uint32_t j = count; j < 8; j++)
						assert_int_equal(got[j], 0x5a5a5a5a);
				}
		}
}

static void test_sums_agree(void **state)
{
	static int8_t row[EMBED_DIM_MAX];
	static int32_t want[EMBED_DIM_MAX], got[EMBED_DIM_MAX];
	struct dice d;

	dice_init(&d, 2);
	for (uint32_t i = 0; i < EMBED_DIM_MAX; i++) {
		row[i] = (int8_t)dice_u64(&d);
		want[i] = -300 * row[i] + 77 * row[i];
	}
	for (size_t k = 0; lanes_at(k); k++) {
		memset(got, 0, sizeof(got));
		lanes_at(k)->add(got, row, -300, EMBED_DIM_MAX);
		lanes_at(k)->add(got, row, 77, EMBED_DIM_MAX);
		assert_memory_equal(got, want, sizeof(want));
	}
}

static void test_pack(void **state)
{
	float x[64] = { [3] = -2, [4] = 1, [63] = 0.5f };
	struct embed_vec v;

	embed_pack(x, 64, &v);
	assert_int_equal(v.v[3], -127);
	assert_int_equal(v.v[4], 64);
	assert_int_equal(v.v[63], 32);
	assert_true(fabsf(embed_cosine(&v, &v, 64) - 1) < 1e-6f);
	for (int bad = 0; bad < 3; bad++) {
		x[5] = bad == 0 ? NAN : INFINITY;
		if (bad == 2)
			memset(x, 0, sizeof(x));
		embed_pack(x, 64, &v);
		assert_true(v.scale == 0);
	}
}

/* The k nearest of one signature by brute force. */
static uint32_t brute(const struct embed_vec *rows, uint64_t sign, const struct embed_vec *q, uint32_t dim, float floor,
	struct flat_near *out, uint32_t k)
{
	bool taken[ROWS] = { false };
	uint32_t n = 0;

	for (; n < k; n++) {
		int best = -1;
		double cosine = floor;
		for (int i = 0; i < ROWS; i++) {
			double c = exact_cosine(&rows[i], q, dim);
			if (!taken[i] && (uint64_t)i % 3 == sign && (best < 0 ? c >= cosine : c > cosine)) {
				best = i;
				cosine = c;
			}
		}
		if (best < 0)
			break;
		taken[best] = true;
		out[n] = (struct flat_near){ (uint64_t)best + 1, (float)cosine };
	}
	return n;
}

static void compare(struct flat *f, const struct embed_vec *rows, const struct embed_vec *q, uint32_t dim, float floor,
	uint32_t k)
{
	struct flat_near got[FLAT_NEAR_MAX], want[FLAT_NEAR_MAX];

	for (uint64_t sign = 0; sign < 4; sign++) {
		uint32_t n = flat_find(f, sign, q, floor, got, k);
		assert_int_equal(n, brute(rows, sign, q, dim, floor, want, k));
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(got[i].id, want[i].id);
			assert_true(fabsf(got[i].cosine - want[i].cosine) < 1e-5f);
		}
	}
}

static void test_nearest(void **state)
{
	static const uint32_t dims[] = { 32, 96, 128, 256, 512 };
	static struct embed_vec rows[ROWS];
	struct dice d;

	dice_init(&d, 3);
	for (size_t t = 0; t < COUNT_OF(dims); t++) {
		struct flat *f = flat_new(dims[t], ROWS);
		for (uint64_t i = 0; i < ROWS; i++) {
			rows[i] = random_vec(&d, dims[t]);
			put(f, i + 1, i % 3, &rows[i], 0);
		}
		for (size_t l = 0; lanes_at(l); l++) {
			flat_use(f, lanes_at(l));
			const struct embed_vec q = random_vec(&d, dims[t]);
			compare(f, rows, &q, dims[t], -1, 1);
			compare(f, rows, &q, dims[t], 0.05f, FLAT_NEAR_MAX);
			compare(f, rows, &rows[9], dims[t], 0.99f, 4);
		}
		flat_free(&f);
		assert_null(f);
	}
}

/* Of equals the older come first, and stay when there are more than were asked for. */
static void test_equals(void **state)
{
	struct flat *f = flat_new(64, 100);
	struct flat_near near[3];
	struct dice d;

	dice_init(&d, 6);
	const struct embed_vec v = random_vec(&d, 64);
	for (uint64_t id = 1; id <= 5; id++)
		put(f, id, 0, &v, 0);
	assert_int_equal(flat_find(f, 0, &v, 0.9f, near, 3), 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(near[i].id, i + 1);
	flat_free(&f);
}

static struct embed_vec axis(uint32_t i)
{
	float x[32] = { 0 };
	struct embed_vec v;

	x[i] = 1;
	embed_pack(x, 32, &v);
	return v;
}

static bool has(struct flat *f, uint32_t i)
{
	const struct embed_vec v = axis(i);
	struct flat_near near;

	return flat_find(f, 0, &v, 0.9f, &near, 1) == 1 && near.id == i + 1;
}

static void test_clock(void **state)
{
	struct flat *f = flat_new(32, 3);
	struct embed_vec v;

	for (uint32_t i = 0; i < 3; i++) {
		v = axis(i);
		put(f, i + 1, 0, &v, 0);
	}
	assert_true(has(f, 0));
	v = axis(3);
	put(f, 4, 0, &v, 2);		/* 1 was found and is spared once; 2 was not */
	v = axis(4);
	put(f, 5, 0, &v, 3);
	v = axis(5);
	put(f, 6, 0, &v, 1);
	assert_int_equal(flat_rows(f), 3);
	assert_true(has(f, 3) && has(f, 4) && has(f, 5) && !has(f, 0));
	v = axis(6);
	put(f, 7, 0, &v, 4);		/* all were found: the hand goes round once */
	flat_free(&f);
}

static void test_replace_and_drop(void **state)
{
	struct flat *f = flat_new(32, 100);
	struct embed_vec v;

	for (uint32_t i = 0; i < 4; i++) {
		v = axis(i);
		put(f, i + 1, 0, &v, 0);
	}
	v = axis(9);
	put(f, 2, 0, &v, 0);
	assert_int_equal(flat_rows(f), 4);
	assert_false(has(f, 1));
	flat_drop(f, 1);
	flat_drop(f, 1);
	assert_int_equal(flat_rows(f), 3);
	assert_true(!has(f, 0) && has(f, 2) && has(f, 3));
	flat_drop(f, 3);
	flat_drop(f, 4);
	flat_drop(f, 2);
	assert_int_equal(flat_rows(f), 0);
	assert_false(has(f, 3));
	v = axis(1);
	put(f, 2, 0, &v, 0);
	assert_true(has(f, 1));
	flat_free(&f);
}

/* Neither kept nor near anything; and whoever had that id has gone. */
static void test_nothing_to_go_by(void **state)
{
	const struct embed_vec none = { .scale = 0 };
	struct flat *f = flat_new(32, 100);
	struct embed_vec v = axis(0);
	struct flat_near near;

	put(f, 1, 0, &v, 0);
	assert_int_equal(flat_find(f, 0, &none, -1, &near, 1), 0);
	assert_int_equal(flat_find(f, 0, &v, -1, &near, 0), 0);
	put(f, 1, 0, &none, 0);
	assert_int_equal(flat_rows(f), 0);
	flat_free(&f);
}

static void test_memory(void **state)
{
	struct flat *f = flat_new(256, 100);
	struct dice d;

	dice_init(&d, 4);
	const size_t empty = flat_bytes(f);
	assert_true(empty < 200);
	for (uint64_t i = 1; i <= 1000; i++) {
		const struct embed_vec v = random_vec(&d, 256);
		put(f, i, 0, &v, i > 100 ? i - 100 : 0);
	}
	assert_int_equal(flat_rows(f), 100);
	assert_true(flat_bytes(f) - empty == 100 * (8 + 8 + 4 + 1) + 2 * (64 * 256 + 8));
	flat_free(&f);
	flat_free(&f);
}

/* What another node sends may hold -128. */
static void test_foreign_bytes(void **state)
{
	struct embed_vec v = { .scale = 0.01f }, q = { .scale = 0.01f };
	struct flat_near near;
	float first = 0;

	memset(v.v, -128, 64);
	memset(q.v, -127, 64);
	for (size_t l = 0; lanes_at(l); l++) {
		struct flat *f = flat_new(64, 1);
		flat_use(f, lanes_at(l));
		put(f, 1, 0, &v, 0);
		assert_int_equal(flat_find(f, 0, &q, 0, &near, 1), 1);
		first = l == 0 ? near.cosine : first;
		assert_true(near.cosine == first);
		flat_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes_agree),
		cmocka_unit_test(test_sums_agree),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_equals),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_replace_and_drop),
		cmocka_unit_test(test_nothing_to_go_by),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_foreign_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
