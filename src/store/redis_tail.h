/* Logs followed: streams of Redis, read with XREAD BLOCK on a connection of its own (in a cluster one for each slot
 * that is followed), many streams a call, from the last entry that was delivered on: nothing comes twice, and what
 * came while the connection was lost comes later.
 *
 * Gaps: trimming takes the oldest entries first.  So when the last delivered entry is still in the stream after newer
 * ones were read, nothing between can be missing; when it is not there any more (trimmed, wiped, or lost in a
 * failover), the log has a gap as far as we can know.  The check is one XRANGE after each read that brought
 * something, before it is delivered, and one after each quiet period.
 *
 *	starting (XREVRANGE: where "from now on" is) -> reading (XREAD) -> checking (XRANGE) -> delivered -> reading
 */
#ifndef STORE_REDIS_TAIL_H
#define STORE_REDIS_TAIL_H

#include "loop/loop.h"
#include "store/redis_nodes.h"
#include "store/store.h"

struct redis_tails {
	struct redis_nodes *nodes;
	struct list groups;		/* struct redis_tail_group: those that share a connection */
	struct task regroup;
	size_t n, max;
};

void redis_tail_open(struct redis_tails *ts, struct redis_nodes *nodes, size_t max);
void redis_tail_close(struct redis_tails *ts);
/* With too many already, counted and quiet for ever. */
void redis_tail_add(struct redis_tails *ts, struct store_tail *t, struct slice key, bool from_start);
/* May be called from its own callbacks. */
void redis_tail_remove(struct store_tail *t);
/* Other servers may hold the logs now. */
void redis_tail_moved(struct redis_tails *ts);

#endif
