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

/* What the script of STORE_NEAR_PUT, _NOTE and, by vector sets, _GET is given after the key; how many.  `texts` is
 * where numbers are written. */
struct redis_near_texts {
	char ttl[24], max[24], floor[24], tag[128];
};
size_t redis_near_args(const struct store_ask *a, struct slice key, struct redis_near_texts *texts,
	struct slice args[REDIS_NEAR_ARGS]);
/* Appends FT.SEARCH; FT.CREATE of its index. */
void redis_near_search(struct buf *out, const struct store_ask *a, struct slice key);
void redis_near_create(struct buf *out, const struct store_ask *a, struct slice key);
/* Does this ask go to a search index by itself, without a script? */
bool redis_near_is_search(const struct store_ask *a);
/* The points of a reply to STORE_NEAR_GET, of either kind, RESP2 or RESP3, as store_near_next takes them.  Those beyond
 * STORE_NEAR_MOST are left out.  False when it makes no sense. */
bool redis_near_points(const struct redis_reply *r, struct buf *out);

#endif
