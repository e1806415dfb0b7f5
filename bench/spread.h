/*
 * Log-linear histogram: the spread of many times in fixed memory. Values below 128 have a bucket each;
 * above, every power of two is cut into 64 equal buckets, so a value is known to within 1/64 (1.6 %)
 * whatever its size. Adding costs a few instructions.
 */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdint.h>

#include "pail.h"

enum {
	SPREAD_SUB_BITS = 6,                            /* 64 buckets a power of two */
	SPREAD_BUCKETS = (64 - SPREAD_SUB_BITS + 1) << SPREAD_SUB_BITS,
};

struct spread {
	uint64_t count;
	uint64_t sum;
	uint64_t min;           /* meaningless while count is 0 */
	uint64_t max;
	uint32_t bucket[SPREAD_BUCKETS];
};

void spread_add(struct spread *s, uint64_t value);

/* Forgets everything. */
void spread_clear(struct spread *s);

/* The value that a share `part` (0..1) of all values does not exceed: upper edge of its bucket, never
 * above max. */
uint64_t spread_at(const struct spread *s, double part);

/* Appends {"count":..,"mean":..,"p50":..,"p90":..,"p99":..,"p999":..,"max":..}; nanoseconds in,
 * microseconds out. */
void spread_json(const struct spread *s, struct pail *out);

#endif
