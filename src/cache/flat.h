/* A flat index of points: exact nearest neighbours by looking at all of them, which below some 40,000 is no slower than
 * any graph (algorithms.md C1).  AVX2, NEON or plain C, chosen once at start; all give the same numbers. */
#ifndef CACHE_FLAT_H
#define CACHE_FLAT_H

#include "cache/embed.h"

#define FLAT_NEAR_MAX 16

struct flat;
struct flat_near {
	uint64_t id;
	float cosine;
};

/* At most `max` rows; the one longest unused gives way (CLOCK). */
struct flat *flat_new(uint32_t dim, uint32_t max);
void flat_free(struct flat **f);
/* Replaces the row of this id.  *out_evicted: the id that gave way, 0: none.  Ids are not 0.  `sign`: rows whose
 * signature differs from the asked one are passed over before any arithmetic (guard.h). */
void flat_put(struct flat *f, uint64_t id, uint64_t sign, const struct embed_vec *v, uint64_t *out_evicted);
void flat_drop(struct flat *f, uint64_t id);
/* The `k` nearest of this signature, at least `floor` near, nearest first.  Returns how many. */
uint32_t flat_find(struct flat *f, uint64_t sign, const struct embed_vec *v, float floor, struct flat_near *out,
	uint32_t k);
uint32_t flat_rows(const struct flat *f);
size_t flat_bytes(const struct flat *f);

#endif
