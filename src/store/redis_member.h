/* One log that is followed (redis_tail.h): where its follower has got to, and what was read and not yet delivered. */
#ifndef STORE_REDIS_MEMBER_H
#define STORE_REDIS_MEMBER_H

#include "base/buf.h"
#include "store/redis_id.h"
#include "store/redis_link.h"
#include "store/store.h"

#define REDIS_MEMBER_MAX (64u << 20)	/* bytes read and not delivered */

struct redis_tail_group;

struct redis_member {
	struct list node;		/* in group->members */
	struct redis_tail_group *group;
	struct store_tail *tail;	/* NULL: it has left, and goes when nothing is owed */
	struct redis_ask ask;
	struct redis_id id, last;		/* delivered last; the last of `batch` */
	struct buf batch;		/* read, not delivered: id, length and bytes of each value */
	bool started, asked, in_read, missing, bad;
	size_t key_n;
	char key[];
};

/* What may still be delivered in this turn. */
struct redis_member_ration {
	size_t entries, bytes;
};

/* Out of its group. */
void redis_member_free(struct redis_member *m);
/* What was read counts as not read. */
void redis_member_forget(struct redis_member *m);
/* Entries of a reply, those that are new. */
void redis_member_take(struct redis_member *m, const struct redis_reply *entries);
/* Gives the tail its news, as many as the ration allows, or tells it of a gap; it may leave in any of its callbacks. */
void redis_member_deliver(struct redis_member *m, struct redis_member_ration *left);

#endif
