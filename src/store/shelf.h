/* The in-process store: values under keys for a while, in bounded memory.  What was not used since the hand last passed
 * gives way first (CLOCK, Corbato 1968: LRU's hits at the price of one bit).
 *
 * No call takes long, however much there is: a new value looks at SHELF_LOOKS others at most, so that there may be a
 * quarter more than `max` for the moment, and what a lower limit or shelf_clear leaves is freed piece by piece. */
#ifndef STORE_SHELF_H
#define STORE_SHELF_H

#include "base/list.h"
#include "base/map.h"

#define SHELF_LOOKS 128u

struct shelf {
	struct map entries;		/* key -> struct shelf_entry */
	struct list ring;		/* in the order in which the hand comes by */
	struct list dead;		/* cleared, to be freed by shelf_sweep */
	size_t bytes, max;		/* of keys, values and their heads */
	uint64_t evicted;		/* entries that gave way while they could still have been used */
};

/* A value found.  Borrowed until the shelf changes. */
struct shelf_value {
	struct slice bytes;
	uint64_t age_ms, left_ms;	/* since it was put, until it expires */
};

/* `max`: most bytes; 0 keeps nothing.  `seed` from the process' secret dice. */
void shelf_init(struct shelf *s, size_t max, uint64_t seed);
void shelf_done(struct shelf *s);
/* A new limit; what is too much goes with shelf_sweep. */
void shelf_limit(struct shelf *s, size_t max);
/* Frees some: looks at `n` entries at most.  True: there is more to do. */
bool shelf_sweep(struct shelf *s, size_t n);
/* Whether shelf_sweep has anything to do. */
bool shelf_is_over(const struct shelf *s);
/* False when there is none, or it has expired. */
bool shelf_get(struct shelf *s, struct slice key, uint64_t now_ns, struct shelf_value *out);
/* Copies both; replaces what was there.  A value above a quarter of `max` is not kept: it would push out everything
 * else.  False then, and when there is far too much already. */
bool shelf_put(struct shelf *s, struct slice key, struct slice value, uint64_t ttl_ms, uint64_t now_ns);
void shelf_drop(struct shelf *s, struct slice key);
/* Nothing is found any more; the memory goes with shelf_sweep. */
void shelf_clear(struct shelf *s);

#endif
