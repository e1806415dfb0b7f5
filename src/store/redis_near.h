/* Points found by likeness (store_near_*), as commands of Redis and their replies.  Pure.
 *
 * Keys of one set, all in one slot of a cluster ("P" the configured prefix, "s:{tag}" the set):
 *
 *   P:s:{tag}               sorted set: "group:id" by when it ends, Unix ms; so the set has a maximum
 *   P:s:{tag}:group         vector set (VADD, Q8): ids by their points; not with STORE_NEAR_SEARCH
 *   P:s:{tag}:group:id      hash: e the value, l the notes; for a search index also v the point, p tag and group
 *
 * A search index is made over all hashes that begin with "P:s:" when the server says that there is none; it is called
 * so as well. */
#ifndef STORE_REDIS_NEAR_H
#define STORE_REDIS_NEAR_H

#include "store/redis_wire.h"
#include "store/store_kind.h"

#define REDIS_NEAR_ARGS 7

/* What the script of STORE_NEAR_PUT and _NOTE is given after the key; how many.  `texts` is where numbers are
 * written. */
struct redis_near_texts {
	char ttl[24], max[24], tag[128];
};
size_t redis_near_args(const struct store_ask *a, struct slice key, struct redis_near_texts *texts,
	struct slice args[REDIS_NEAR_ARGS]);
/* Is it asked of a search index? */
bool redis_near_is_search(const struct store_ask *a);
/* STORE_NEAR_GET: appends FT.SEARCH, or VSIM: by itself, which Redis runs in a thread; in a script it would hold up
 * everything. */
void redis_near_get(struct buf *out, const struct store_ask *a, struct slice key);
/* What may have to follow: FT.CREATE of the index; of a vector set, its key. */
void redis_near_then(struct buf *out, const struct store_ask *a, struct slice key);
/* The ids in a reply to VSIM that are near enough; how many. */
size_t redis_near_ids(const struct redis_reply *r, float floor, struct slice ids[STORE_NEAR_MOST]);
/* The points of a reply to FT.SEARCH or to the script that takes them by their ids, RESP2 or RESP3, for
 * store_near_next.  Those beyond STORE_NEAR_MOST are left out.  False when it makes no sense. */
bool redis_near_points(const struct redis_reply *r, struct buf *out);

#endif
