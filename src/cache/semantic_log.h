/* The semantic cache of several nodes: each partition is a log in the shared store (store/store.h), to which every node
 * appends what it keeps and learns, and which every node that is asked about the partition follows.
 *
 *  key      {<partition, 32 hex digits>}:log
 *  entry    a piece of news (semantic_news.h) and a checksum (codec/checksum.h); damaged, of another version or shape:
 *           passed over
 *
 * The whole answer travels with its entry, so that a look-up never waits for the store.  Without a shared store nothing
 * is followed and nothing sent. */
#ifndef CACHE_SEMANTIC_LOG_H
#define CACHE_SEMANTIC_LOG_H

#include "cache/semantic.h"
#include "store/store.h"

#define SEMANTIC_LOG_ENTRIES SEMANTIC_NEWS_ROWS	/* of one log */
#define SEMANTIC_LOG_ENTRY_MAX 131072u	/* bytes; larger answers stay on their node */

struct semantic_log {
	struct store *store;
	struct semantic *cache;
	struct exact_now (*now)(void *arg);	/* the loop's clocks */
	void *arg;
	struct semantic_peer peer;
	struct map tails;		/* partition -> struct tail */
	struct list recent;		/* longest unused first; at most PARTITION_MAX */
	struct buf out;
};

/* Becomes the cache's peer.  Fields up to `arg` are the caller's. */
void semantic_log_open(struct semantic_log *l, uint64_t seed);
/* Before the cache and the store go. */
void semantic_log_close(struct semantic_log *l);

#endif
