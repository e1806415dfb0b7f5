/* Pseudo-random numbers for jitter, weights and ids: xoshiro256** (Blackman, Vigna 2018).  Not for secrets.
 * Policy rooms take a struct dice so that tests and the sim can replay a run from its seed. */
#ifndef BASE_DICE_H
#define BASE_DICE_H

#include <stdint.h>

struct dice {
	uint64_t s[4];
};

/* Any seed is good, 0 too (expanded with splitmix64). */
void dice_init(struct dice *d, uint64_t seed);
uint64_t dice_u64(struct dice *d);
/* Uniform in [0, n); n > 0. */
uint64_t dice_below(struct dice *d, uint64_t n);

#endif
