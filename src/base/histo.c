#include "base/histo.h"

#include <stddef.h>

/* Values under 16 us have a bucket each; above, the top four bits after the leading one choose the step. */
static size_t bucket_of(uint64_t us)
{
	if (us < HISTO_STEPS)
		return (size_t)us;
	int power = 63 - __builtin_clzll(us);
	size_t step = (size_t)(us >> (power - 4)) & (HISTO_STEPS - 1);
	size_t at = (size_t)(power - 3) * HISTO_STEPS + step;
	return at < HISTO_BUCKETS ? at : HISTO_BUCKETS - 1;
}

/* Largest value of a bucket. */
static uint64_t edge_of(size_t at)
{
	if (at < HISTO_STEPS)
		return at;
	size_t power = at / HISTO_STEPS + 3, step = at % HISTO_STEPS;
	return ((uint64_t)(HISTO_STEPS + step + 1) << (power - 4)) - 1;
}

void histo_add_ns(struct histo *h, uint64_t ns)
{
	uint64_t us = ns / 1000;
	h->count++;
	h->sum_us += us;
	h->buckets[bucket_of(us)]++;
}

uint64_t histo_below(const struct histo *h, uint64_t us)
{
	uint64_t n = 0;
	for (size_t i = 0, end = bucket_of(us); i <= end; i++)
		n += h->buckets[i];
	return n;
}

uint64_t histo_quantile_us(const struct histo *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->count), seen = 0;

	for (size_t i = 0; h->count && i < HISTO_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen > want || seen == h->count)
			return edge_of(i);
	}
	return 0;
}
