/* The in-process store: values under keys for a while, in bounded memory.  What was not used since the hand last passed
 * gives way first (CLOCK, Corbato 1968: LRU's hits at the price of one bit). */
#ifndef STORE_SHELF_H
#define STORE_SHELF_H

#include "base/list.h"
#include "base/map.h"

struct shelf {
	struct map entries;		/* key -> struct shelf_entry */
	struct list ring;		/* in the order in which the hand comes by */
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
/* A new limit; what is too much goes now. */
void shelf_limit(struct shelf *s, size_t max);
/* False when there is none, or it has expired. */
bool shelf_get(struct shelf *s, struct slice key, uint64_t now_ns, struct shelf_value *out);
/* Copies both; replaces what was there.  A value above a quarter of `max` is not kept: it would push out everything
 * else.  False then. */
bool shelf_put(struct shelf *s, struct slice key, struct slice value, uint64_t ttl_ms, uint64_t now_ns);
void shelf_drop(struct shelf *s, struct slice key);
void shelf_clear(struct shelf *s);

#endif
