/* Operations of the store as commands of Redis, and replies as results.  Pure. */
#ifndef STORE_REDIS_VERB_H
#define STORE_REDIS_VERB_H

#include "store/redis_slot.h"
#include "store/redis_url.h"
#include "store/redis_wire.h"
#include "store/store_kind.h"

/* What to do about an error reply; rows in redis_errors.def. */
enum redis_verb_cure {
	REDIS_CURE_NONE,	/* the operation fails */
	REDIS_CURE_DROP,	/* this connection will not serve us any more: dial again */
	REDIS_CURE_MOVED,	/* ask another node, from now on */
	REDIS_CURE_ASK,		/* ask another node, this time */
	REDIS_CURE_LOAD,	/* send the script (or make the index), then the command again */
	REDIS_CURE_LACK,	/* the operation fails, and will always: there are no such commands */
	REDIS_CURE_AGAIN,	/* the cluster is changing: look at its map again */
};

/* Appends the command for `a` on the full key. */
void redis_verb_put(struct buf *out, const struct store_ask *a, struct slice key);
/* The name of its entries' only field. */
#define REDIS_VERB_FIELD "v"
/* Appends SCRIPT LOAD of the verb's script. */
void redis_verb_load(struct buf *out, enum store_verb verb);
/* Appends what takes the points of these ids from the vector set `key`, at most STORE_NEAR_MOST. */
void redis_verb_take(struct buf *out, struct slice key, const struct slice *ids, size_t n);
/* STORE_AWAY for every reply that makes no sense.  *out_value points into `r`.  Not for STORE_NEAR_GET
 * (redis_near.h). */
enum store_result redis_verb_result(enum store_verb verb, const struct redis_reply *r, struct slice *out_value,
	int64_t *out_number);
/* For an error reply. */
enum redis_verb_cure redis_verb_cure(const struct redis_reply *r);
/* "MOVED 3999 127.0.0.1:6381": the slot and where it is; an empty host leaves out->host.  False when it cannot be
 * read. */
bool redis_verb_moved(struct slice text, uint16_t *out_slot, struct redis_addr *out);

#endif
