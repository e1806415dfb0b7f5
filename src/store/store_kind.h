/* Inside of struct store, for the rooms of this floor only: what the two kinds of store (local.h, redis.h) are asked,
 * and how they answer. */
#ifndef STORE_STORE_KIND_H
#define STORE_STORE_KIND_H

#include "base/buf.h"
#include "base/list.h"
#include "loop/loop.h"
#include "store/store.h"

enum store_verb {
	STORE_GET,
	STORE_PUT,
	STORE_DROP,
	STORE_DROP_IF,
	STORE_RENEW_IF,
	STORE_BUMP,
	STORE_APPEND,
	STORE_TELL,
	STORE_NEAR_PUT,
	STORE_NEAR_NOTE,
	STORE_NEAR_GET,
};

/* One operation; everything is borrowed for the call. */
struct store_ask {
	enum store_verb verb;
	enum store_if cond;
	uint32_t max_len;
	struct slice key, value;
	int64_t by;
	uint64_t ttl_ms;
	const struct store_near_point *near;	/* `key` is its set; NULL for other verbs */
	float floor;
};

/* Who waits for one operation: it stands between the op, which its owner may take away at any time, and the kind, which
 * may answer late.  store_answer() ends it; the kind forgets it there. */
struct store_wait {
	struct list node;		/* in store->waits, or in store->answered once `answered` */
	struct store *store;
	struct store_op *op;		/* NULL: cancelled */
	enum store_result result;
	bool answered;
	int64_t number;
	struct slice value;		/* own copy */
};

/* `w` NULL: nobody waits; each of these may be called with it.  The answer may come inside the call. */
struct store_kind {
	void (*ask)(void *it, const struct store_ask *a, struct store_wait *w);
	void (*follow)(void *it, struct store_tail *t, struct slice key, bool from_start);
	void (*unfollow)(void *it, struct store_tail *t);
	void (*listen)(void *it, struct store_ear *e, struct slice channel);
	void (*unlisten)(void *it, struct store_ear *e);
	bool (*is_near)(const void *it);
	/* Ends without answers. */
	void (*close)(void **it);
	bool shared;
};

/* One point of a list for store_near_next. */
void store_near_add(struct buf *list, struct slice value, struct slice notes);
/* Copies `value`.  NULL is fine. */
void store_answer(struct store_wait *w, enum store_result result, struct slice value, int64_t number);

#endif
