/* Hash map from a name (bytes) to a pointer: open addressing, linear probing, seeded hash.  Keys are borrowed: the
 * caller keeps the bytes alive as long as the entry.  It grows in small steps, so that no call takes long however many
 * there are. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/siphash.h"
#include "base/slice.h"

struct map_entry {
	struct slice key;	/* key.p NULL: free */
	void *value;
};

/* Places in pieces, so that neither making nor freeing many takes long.  A piece is made when something comes into
 * it. */
struct map_table {
	struct map_entry **pieces;
	size_t cap;		/* places: 0 or a power of two */
};

struct map {
	struct map_table now;
	struct map_table old;	/* after growing: those that have not moved yet, from `moved` on; cap 0: none */
	size_t n, moved, max;	/* max: most entries; 0 is no limit */
	struct siphash_key seed;
};

/* `seed` from the process' secret dice. */
void map_init(struct map *m, size_t max, uint64_t seed);
void map_done(struct map *m);
/* NULL when absent. */
void *map_find(const struct map *m, struct slice key);
/* Adds or replaces.  False when the map is at `max` and the key is new. */
bool map_put(struct map *m, struct slice key, void *value);
/* The removed value, or NULL. */
void *map_take(struct map *m, struct slice key);
/* Walk: start with *at = 0; false at the end.  No changes during a walk. */
bool map_next(const struct map *m, size_t *at, struct slice *out_key, void **out_value);

#endif
