/* The semantic cache's index at the server that all nodes share (store_near_*), for partitions that are too large for
 * each node's memory: entries lie there with their questions' points, and whatever is near to a question is heard from
 * there before it is looked up here.  This node's own index is then a cache of that one, and all rules (guards,
 * evidence, modes) stay where they are, in semantic.c.
 *
 *  set      near<dimensions>:{<partition, 32 hex digits>}
 *  group    the guards' signature of the question: entries of another could not be served
 *  value    struct head (semantic_index.c), then a piece of news and a checksum (codec/checksum.h)
 *  notes    labels, 8 bytes each: so an entry always comes with its evidence, whoever forgot it
 *  words    on the channel "semantic": complaints of clients (struct complaint) about entries that are not here, for
 *           the nodes that hold them; where several do it counts several times, which errs on the safe side
 *
 * There is no log then.  Each question costs one operation of the store, whose deadline is all it can wait.  Without
 * an answer this node goes by what it has heard before; without a shared store, or when the server has no such
 * commands, the partitions' logs (semantic_log.h) take over, once and for all. */
#ifndef CACHE_SEMANTIC_INDEX_H
#define CACHE_SEMANTIC_INDEX_H

#include "cache/semantic_log.h"

#define SEMANTIC_INDEX_ENTRIES 131072u		/* of one partition: eight times what a node may hold (semantic.rows) */
#define SEMANTIC_INDEX_ENTRY_MAX 131072u	/* bytes; larger answers stay on their node, as with logs */
#define SEMANTIC_INDEX_LABELS 128u		/* the last ones of an entry: twice what one bin needs to be trusted */

enum semantic_index_kind { SEMANTIC_INDEX_FLAT, SEMANTIC_INDEX_VECTORSET, SEMANTIC_INDEX_SEARCH };

struct semantic_index {
	enum semantic_index_kind kind;
	struct store *store;
	struct semantic *cache;
	struct semantic_log *log;		/* not open yet; its caller's fields are set */
	struct exact_now (*now)(void *arg);	/* the loop's clocks */
	void *arg;
	struct semantic_peer peer;
	uint64_t seed;
	bool log_is_open;
	struct store_ear ear;
	struct buf out;
};

/* Becomes the cache's peer, or opens the log.  Fields up to `arg` are the caller's. */
void semantic_index_open(struct semantic_index *x, uint64_t seed);
/* Before the cache and the store go; the log too.  Searches have been cancelled. */
void semantic_index_close(struct semantic_index *x);

/* semantic_feedback knew no such entry: the other nodes are told.  They may not hear it. */
void semantic_index_complain(struct semantic_index *x, uint64_t id, uint64_t tenant, uint64_t user);

/* One question's look at the shared index.  Embedded in whoever waits; zero-initialise. */
struct semantic_search {
	void (*on_done)(struct semantic_search *q);	/* in a later task */
	struct store_op op;
	struct semantic_index *index;
	struct digest partition;
};

/* False: searching is of no use now. */
bool semantic_index_may_search(const struct semantic_index *x);
/* False: there is nothing to ask, or nobody; no on_done then.  What was found has been heard when on_done runs. */
bool semantic_index_search(struct semantic_index *x, struct semantic_search *q, const struct semantic_ask *ask);
/* No on_done after this.  Harmless when it is over. */
void semantic_index_cancel(struct semantic_search *q);

#endif
