/* A histogram of durations in log-linear buckets: 16 steps a power of two, so at most 6 % error; 1 us to
 * about 19 hours. */
#ifndef BASE_HISTO_H
#define BASE_HISTO_H

#include <stdint.h>

#define HISTO_STEPS 16
#define HISTO_POWERS 26		/* 1 us << 36 is 19 hours; the first 4 powers are exact */
#define HISTO_BUCKETS (HISTO_STEPS * (HISTO_POWERS + 8))

struct histo {
	uint64_t count, sum_us;
	uint32_t buckets[HISTO_BUCKETS];
};

void histo_add_ns(struct histo *h, uint64_t ns);
/* Observations of at most `us` microseconds, exact to the bucket. */
uint64_t histo_below(const struct histo *h, uint64_t us);
/* Upper edge in microseconds of the bucket that holds quantile q (0..1); 0 when empty. */
uint64_t histo_quantile_us(const struct histo *h, double q);

#endif
