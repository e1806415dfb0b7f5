/* Keyed hash for in-process tables: SipHash-1-3 (Aumasson, Bernstein 2012), so that names chosen by a client
 * cannot flood one bucket. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/slice.h"

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, struct slice s);

#endif
