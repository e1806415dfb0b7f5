/* What nodes that share a semantic cache tell each other (semantic.h), and its bytes, for logs and values of the shared
 * store. */
#ifndef CACHE_SEMANTIC_NEWS_H
#define CACHE_SEMANTIC_NEWS_H

#include "base/buf.h"
#include "cache/evidence.h"
#include "cache/exact.h"

#define SEMANTIC_NEWS_ROWS 16384u	/* most entries of a partition here (algorithms.md A6) */

/* What one node tells the others: an entry was kept, or a label came. */
struct semantic_news {
	bool is_label;
	struct digest partition;
	struct slice model;
	uint64_t id;
	uint32_t asker;				/* the entry's author, or the label's */
	uint8_t bin;				/* labels */
	bool right;
	uint64_t sign;				/* guard_sign of the entry's text; not in the bytes */
	uint64_t tenant, ttl_ms;		/* entries: what is left */
	uint32_t rows;
	struct slice text;
	struct slice point;			/* entries, of an embedder elsewhere: embed_bytes */
	struct exact_answer answer;		/* its age counts, but is not in the bytes */
	const struct evidence *evidence;	/* entries: all there is, not in the bytes; NULL: nothing new */
};

/* Appends.  False: it is longer than `out` may be. */
bool semantic_news_put(struct buf *out, const struct semantic_news *n, uint64_t wall_ms);
/* Slices of *out point into `bytes`; the partition is not in them.  False: not whole, of another version, or over;
 * an answer that could not be played. */
bool semantic_news_get(struct slice bytes, uint64_t wall_ms, struct semantic_news *out);

#endif
