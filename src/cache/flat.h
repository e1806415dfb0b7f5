/* A flat index of points: exact nearest neighbours by looking at all of them, which below some 40,000 is no slower than
 * any graph (algorithms.md C1).  AVX2, NEON or plain C, chosen once at start; all give the same numbers. */
#ifndef CACHE_FLAT_H
#define CACHE_FLAT_H

#include "cache/embed.h"

#define FLAT_NEAR_MAX 16

struct flat;
struct lanes;
struct flat_near {
	uint64_t id;
	float cosine;
};

/* At most `max` rows, not 0; the one longest unused gives way (CLOCK: a row that was found since the hand last passed
 * is spared once).  Memory grows with the rows,
 * in small steps. */
struct flat *flat_new(uint32_t dim, uint32_t max);
/* Sets NULL; accepts NULL. */
void flat_free(struct flat **f);
/* Copies; replaces the row of this id.  *out_evicted: the id that gave way, 0: none.  Ids are not 0.  `sign`: rows
 * whose signature differs from the asked one are passed over before any arithmetic (guard.h).  A vector of scale 0 is
 * not kept. */
void flat_put(struct flat *f, uint64_t id, uint64_t sign, const struct embed_vec *v, uint64_t *out_evicted);
/* Harmless when there is no such row. */
void flat_drop(struct flat *f, uint64_t id);
/* The `k` (at most FLAT_NEAR_MAX) nearest of this signature, at least `floor` near, nearest first; how many. */
uint32_t flat_find(struct flat *f, uint64_t sign, const struct embed_vec *v, float floor, struct flat_near *out,
	uint32_t k);
uint32_t flat_rows(const struct flat *f);
/* Memory it holds now. */
size_t flat_bytes(const struct flat *f);
/* For tests and measurements: scans with these instead of lanes_best(). */
void flat_use(struct flat *f, const struct lanes *with);

#endif
