/* The verified policy: tables, and a stream of confusable questions. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/evidence.h"

static void test_bins(void **state)
{
	assert_int_equal(evidence_bin(-1), 0);
	assert_int_equal(evidence_bin(0.5f), 0);
	assert_int_equal(evidence_bin(0.54f), 1);
	assert_int_equal(evidence_bin(0.99f), 15);
	assert_int_equal(evidence_bin(1), 15);
}

/* A right label lowers the risk at its similarity and above, a wrong one raises it there and below. */
static void test_monotone(void **state)
{
	struct evidence_book b = { .risk = 0 };
	struct evidence plain = { .author = 1 };

	for (unsigned at = 0; at < EVIDENCE_BINS; at++) {
		struct evidence good = plain, bad = plain;
		struct evidence_book unused = b;
		evidence_note(&good, &unused, at, true, 1);
		evidence_note(&bad, &unused, at, false, 1);
		for (unsigned i = 0; i < EVIDENCE_BINS; i++) {
			double was = evidence_risk(&plain, &b, i);
			assert_int_equal(evidence_risk(&good, &b, i) < was, i >= at);
			assert_int_equal(evidence_risk(&bad, &b, i) > was, i <= at);
		}
	}
}

/* Against the formula, reckoned by hand: a = 3 g + pos, n = 3 (1 - g) + neg. */
static void test_risk(void **state)
{
	struct evidence_book b = { .pos = { [10] = 80 }, .all = { [10] = 80 } };
	struct evidence e = { .pos = { [9] = 4, [11] = 50 }, .neg = { [3] = 9, [12] = 1 } };
	double g = (80 + 10.0) / (80 + 20), a = 3 * g + 4, n = 3 * (1 - g) + 1;
	double mean = a / (a + n), sd = sqrt(a * n / ((a + n) * (a + n) * (a + n + 1)));

	assert_true(fabs(evidence_risk(&e, &b, 10) - (1 - mean + 0.7 * sd)) < 1e-9);
}

static struct evidence_book trusting(void)
{
	struct evidence_book b = { .risk = 0 };

	for (unsigned i = 0; i < EVIDENCE_BINS; i++)
		b.pos[i] = b.all[i] = 1e6;
	return b;
}

static void test_amends(void **state)
{
	struct evidence_book b = trusting();
	struct evidence e = { .author = 7 };
	double risk;

	for (unsigned i = 0; i < 1000; i++)
		evidence_note(&e, &b, 12, true, 7);
	b = trusting();
	assert_int_equal(evidence_judge(&e, &b, 12, 0.01, 7, &risk), EVIDENCE_SERVE);
	evidence_note(&e, &b, 12, false, 7);
	for (unsigned i = 0; i < EVIDENCE_AMENDS; i++) {
		assert_int_equal(evidence_judge(&e, &b, 12, 0.01, 7, &risk), EVIDENCE_AMENDING);
		evidence_note(&e, &b, 12, true, 7);
	}
	assert_int_equal(evidence_judge(&e, &b, 12, 0.01, 7, &risk), EVIDENCE_SERVE);
}

/* Served to others only when two others have found it right; to its author from the start. */
static void test_voices(void **state)
{
	struct evidence_book b = trusting();
	struct evidence e = { .author = 1, .pos = { 500 } };
	double risk;

	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 1, &risk), EVIDENCE_SERVE);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 2, &risk), EVIDENCE_ALONE);
	evidence_note(&e, &b, 15, true, 2);
	evidence_note(&e, &b, 15, true, 2);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 1, &risk), EVIDENCE_ALONE);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 3, &risk), EVIDENCE_ALONE);
	evidence_note(&e, &b, 15, true, 3);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 4, &risk), EVIDENCE_SERVE);
}

static void test_budget(void **state)
{
	struct evidence_book b = trusting();
	struct evidence e = { .author = 1, .pos = { 30 } };
	double risk;
	unsigned hits = 0;

	while (evidence_judge(&e, &b, 15, 0.01, 1, &risk) == EVIDENCE_SERVE && hits < 100000) {
		evidence_serve(&b, 0.02);
		hits++;
	}
	assert_true(hits > 5 && hits < 40);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.01, 1, &risk), EVIDENCE_BUDGET);
	assert_int_equal(evidence_judge(&e, &b, 15, 0.2, 1, &risk), EVIDENCE_SERVE);
	assert_int_equal(evidence_judge(&(struct evidence){ .author = 1 }, &b, 0, 0.0001, 1, &risk), EVIDENCE_UNSURE);
}

/* --- a stream of confusable questions (algorithms.md A5) ------------------------------------------------ */

#define REQUESTS 60000u
#define CLASSES 3500u

struct entry {
	struct evidence evidence;
	bool there;
};

/* One request as the cache sees it: its nearest entry, how near, and whether that entry's answer is right. */
struct sight {
	uint32_t class, nearest;
	float cosine;
	bool first, right;
};

static double normal(struct dice *d)
{
	double sum = -6;

	for (unsigned i = 0; i < 12; i++)
		sum += (double)dice_below(d, 1u << 20) / (1u << 20);
	return sum;
}

static double capped(double cosine)
{
	return MIN_OF(cosine, 1);
}

static uint32_t zipf(struct dice *d, const double *sums)
{
	double u = (double)dice_below(d, 1u << 30) / (1u << 30) * sums[CLASSES - 1];
	uint32_t low = 0, high = CLASSES - 1;

	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (sums[mid] < u)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The best threshold differs from question to question (arXiv 2502.03771): rewordings of one are at a similarity of its
 * own, 0.95 +- 0.02 and +- 0.015 around it, and the other seven of its family, which ask for something else, are
 * anywhere from 0.74 to 0.98 away from it, +- 0.01.  What is nearest is seen. */
#define FAMILY 8u

static struct sight look(struct dice *d, uint32_t class, const double *own_mean, const double *family_mean,
	const bool *there)
{
	struct sight s = { .class = class, .nearest = class, .first = !there[class], .right = true };
	double best = there[class] ? capped(own_mean[class] + 0.015 * normal(d)) : 0;

	for (uint32_t c = class & ~(FAMILY - 1), end = MIN_OF(c + FAMILY, CLASSES); c < end; c++) {
		double cosine = capped(family_mean[class / FAMILY] + 0.01 * normal(d));
		if (c == class || !there[c] || cosine <= best)
			continue;
		best = cosine;
		s.nearest = c;
		s.right = false;
	}
	s.cosine = (float)best;
	return s;
}

static void make_stream(struct sight *stream)
{
	static double sums[CLASSES], own_mean[CLASSES], family_mean[CLASSES];
	static bool there[CLASSES];
	struct dice d;

	dice_init(&d, 5);
	memset(there, 0, sizeof(there));
	for (uint32_t c = 0; c < CLASSES; c++) {
		sums[c] = (c ? sums[c - 1] : 0) + 1.0 / (c + 1);
		own_mean[c] = 0.95 + 0.02 * normal(&d);
		family_mean[c] = 0.74 + 0.24 * (double)dice_below(&d, 1000) / 1000;
	}
	for (uint32_t i = 0; i < REQUESTS; i++) {
		uint32_t class = zipf(&d, sums);
		stream[i] = look(&d, class, own_mean, family_mean, there);
		there[class] = true;
	}
}

struct outcome {
	uint32_t hits, wrong;
};

static struct outcome run_verified(const struct sight *stream, double error)
{
	struct evidence *entries = calloc(CLASSES, sizeof(*entries));
	struct evidence_book b = { .risk = 0 };
	struct outcome o = { 0 };
	double risk;

	must(entries != NULL);
	for (uint32_t i = 0; i < REQUESTS; i++) {
		const struct sight *s = &stream[i];
		struct evidence *e = &entries[s->nearest];
		unsigned bin = evidence_bin(s->cosine);
		if (s->cosine < 0.5f)
			continue;
		e->author = 1;
		if (evidence_judge(e, &b, bin, error, 1, &risk) == EVIDENCE_SERVE) {
			evidence_serve(&b, risk);
			o.hits++;
			o.wrong += !s->right;
			if (i % 50)
				continue;
		}
		evidence_note(e, &b, bin, s->right, 1);
	}
	free(entries);
	return o;
}

static struct outcome run_static(const struct sight *stream, float threshold)
{
	struct outcome o = { 0 };

	for (uint32_t i = 0; i < REQUESTS; i++)
		if (stream[i].cosine >= threshold) {
			o.hits++;
			o.wrong += !stream[i].right;
		}
	return o;
}

static double share(struct outcome o)
{
	return o.hits ? (double)o.wrong / o.hits : 0;
}

/* The most hits of any threshold whose share of wrong ones is no greater. */
static struct outcome equal_static(const struct sight *stream, double error)
{
	struct outcome best = { 0 };

	for (unsigned t = 0; t <= 500; t++) {
		struct outcome o = run_static(stream, 0.5f + (float)t / 1000);
		if (share(o) <= error && o.hits > best.hits)
			best = o;
	}
	return best;
}

static void test_stream(void **state)
{
	static const double errors[] = { 0.01, 0.02, 0.05 };
	struct sight *stream = calloc(REQUESTS, sizeof(*stream));

	must(stream != NULL);
	make_stream(stream);
	for (unsigned t = 90; t <= 99; t += 3) {
		struct outcome o = run_static(stream, (float)t / 100);
		print_message("# threshold 0.%u: hits %.1f %%, %.2f %% of them wrong\n", t, 100.0 * o.hits / REQUESTS,
			100 * share(o));
	}
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		struct outcome o = run_verified(stream, errors[i]), s = equal_static(stream, errors[i]);
		/* One-sided 95 %: normal approximation of the binomial's upper bound. */
		double upper = share(o) + 1.645 * sqrt(share(o) * (1 - share(o)) / o.hits);
		print_message("# error %.0f %%: hits %.1f %%, %.2f %% of them wrong (95 %%: at most %.2f %%); "
			"%.1f times the %.1f %% of a threshold\n", 100 * errors[i], 100.0 * o.hits / REQUESTS,
			100 * share(o), 100 * upper, (double)o.hits / MAX_OF(s.hits, 1), 100.0 * s.hits / REQUESTS);
		assert_true(o.hits > 500);
		assert_true(upper <= errors[i]);
		assert_true(o.hits >= 5 * s.hits);
	}
	free(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_risk),
		cmocka_unit_test(test_amends),
		cmocka_unit_test(test_voices),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
