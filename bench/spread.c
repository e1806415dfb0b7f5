/* Log-linear histogram. Pure arithmetic. */
#include "spread.h"

#include <string.h>

static unsigned bucket_of(uint64_t value)
{
	if (value < (2u << SPREAD_SUB_BITS))
		return (unsigned)value;
	unsigned top = 63 - (unsigned)__builtin_clzll(value);
	unsigned shift = top - SPREAD_SUB_BITS;
	return (shift << SPREAD_SUB_BITS) + (unsigned)(value >> shift);
}

/* Largest value that falls into bucket b. */
static uint64_t edge_of(unsigned b)
{
	if (b < (2u << SPREAD_SUB_BITS))
		return b;
	unsigned shift = (b >> SPREAD_SUB_BITS) - 1;
	uint64_t lead = (b & ((1u << SPREAD_SUB_BITS) - 1)) + (1u << SPREAD_SUB_BITS);
	return ((lead + 1) << shift) - 1;
}

void spread_add(struct spread *s, uint64_t value)
{
	if (s->count == 0 || value < s->min)
		s->min = value;
	if (value > s->max)
		s->max = value;
	s->count++;
	s->sum += value;
	s->bucket[bucket_of(value)]++;
}

void spread_clear(struct spread *s)
{
	memset(s, 0, sizeof *s);
}

uint64_t spread_at(const struct spread *s, double part)
{
	if (s->count == 0)
		return 0;
	double exact = part * (double)s->count;
	uint64_t rank = (uint64_t)exact;
	if (exact - (double)rank > 1e-6 || rank == 0)   /* 0.007 * 20000 is 140, not 140.00000000000003 */
		rank++;
	uint64_t seen = 0;
	for (unsigned b = 0; b < SPREAD_BUCKETS; b++) {
		seen += s->bucket[b];
		if (seen >= rank)
			return edge_of(b) < s->max ? edge_of(b) : s->max;
	}
	return s->max;
}

void spread_json(const struct spread *s, struct pail *out)
{
	double mean = s->count ? (double)s->sum / (double)s->count : 0;
	pail_print(out, "{\"count\":%llu,\"mean\":%.1f,"
		"\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
		(unsigned long long)s->count, mean / 1e3, (double)spread_at(s, 0.50) / 1e3,
		(double)spread_at(s, 0.90) / 1e3, (double)spread_at(s, 0.99) / 1e3,
		(double)spread_at(s, 0.999) / 1e3, (double)s->max / 1e3);
}
