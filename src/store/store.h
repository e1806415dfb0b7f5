/* The store that the nodes of a cluster share: values under keys for a while, logs that others follow, words that
 * others hear.  With Redis it is Redis (redis.h); without, it is this process alone, with the same semantics.
 *
 * Rules that hold for every operation:
 *  1. It never blocks and never fails a request: each has a deadline (`redis.deadline`, 20 ms), and whatever goes wrong
 *     ends as STORE_AWAY.  After several of those within a second the breaker opens, and operations answer STORE_AWAY
 *     at once until one probe has come back: a dead store costs one deadline a breaker window.
 *  2. on_done runs once, in a later task of the loop, never inside the call that began it.  op->on_done == NULL:
 *     nobody waits (the op may then be NULL too).
 *  3. Keys and values are copied.  What is too big (limits in the config) is not sent: STORE_AWAY.
 *  4. Keys that must live together in a cluster carry a hash tag: "{partition}:x:...".  The configured prefix is put
 *     before every key and channel here ("weir:{partition}:x:..."), so callers leave it out. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/list.h"
#include "base/slice.h"

struct loop;
struct store;
struct store_conf;

enum store_result {
	STORE_OK,
	STORE_NONE,	/* no such key; or STORE_IF_ABSENT and there is one; or store_drop_if and it is another's */
	STORE_AWAY,	/* deadline, breaker, error, too big: the caller goes on as if there were no store */
	STORE_LACKS,	/* store_near_get only: this store has no such index, and will have none later */
};

/* One operation in progress.  Embedded in whoever waits; zero-initialise; store_cancel before it goes. */
struct store_op {
	void (*on_done)(struct store_op *op);
	enum store_result result;
	struct slice value;	/* store_get, store_near_get: borrowed until on_done returns */
	int64_t number;		/* store_bump: the new value */
	void *priv;		/* of the store */
};

enum store_if { STORE_ALWAYS, STORE_IF_ABSENT };

void store_get(struct store *s, struct store_op *op, struct slice key);
/* ttl_ms > 0. */
void store_put(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms,
	enum store_if cond);
void store_drop(struct store *s, struct store_op *op, struct slice key);
/* Drops the key, or moves its end, only while it holds `value`: leases. */
void store_drop_if(struct store *s, struct store_op *op, struct slice key, struct slice value);
void store_renew_if(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms);
/* Adds to a number (absent: 0); ttl_ms 0: it lives for ever (epochs), else the time starts anew. */
void store_bump(struct store *s, struct store_op *op, struct slice key, int64_t by, uint64_t ttl_ms);
/* Appends to a log that keeps `max_len` entries or some more; ttl_ms 0: for ever, else the time starts anew.  Appends
 * keep the order of the calls (not while a cluster moves the log to another node). */
void store_append(struct store *s, struct store_op *op, struct slice key, struct slice value, uint32_t max_len,
	uint64_t ttl_ms);
/* Points that are found by likeness, with a value and a few notes each: an index at the server, not in this process.
 * By Redis 8's vector sets (redis.io/docs/latest/develop/data-types/vector-sets), or by the search module's index over
 * hashes (redis.io/docs/latest/develop/ai/search-and-query/vectors). */
enum store_near { STORE_NEAR_VECTORSET, STORE_NEAR_SEARCH };
#define STORE_NEAR_GROUP 16u	/* bytes of a group's name */
#define STORE_NEAR_MOST 4u	/* points of one answer; values come along: each at most a quarter of redis.value */

struct store_near_point {
	enum store_near by;
	struct slice set;	/* key "...{tag}", the tag of letters and digits: it is a search index's tag too */
	struct slice group;	/* STORE_NEAR_GROUP letters and digits: only points of one group are found together */
	struct slice id;	/* letters and digits, at most STORE_NEAR_GROUP; of one point in the set */
	struct slice at;	/* floats, little-endian; of one set all as many */
};

/* `at` is kept, with the value, for ttl_ms.  Of a set with `max` points the one that ends first gives way. */
void store_near_put(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice value,
	uint64_t ttl_ms, uint32_t max);
/* Adds to the point's notes, of which the last `max` bytes are kept; harmless when there is no such point. */
void store_near_note(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice note,
	uint32_t max);
/* The nearest points of `at` in the group, at most STORE_NEAR_MOST, nearest first; those less near than the cosine
 * `floor` may be left out.  op->value: for store_near_next. */
void store_near_get(struct store *s, struct store_op *op, const struct store_near_point *p, float floor);
/* Takes the next point off op->value.  False: that was all. */
bool store_near_next(struct slice *rest, struct slice *out_value, struct slice *out_notes);
/* No on_done after this.  Harmless for an op that has none in progress. */
void store_cancel(struct store_op *op);

/* Follows a log: every entry, in order, once.  on_gap: entries were lost (trimmed, or the store was wiped or away for
 * long): what was built from the log must be thrown away; it then comes again from the beginning. */
struct store_tail {
	struct list node;
	void (*on_entry)(struct store_tail *t, struct slice value);	/* borrowed until return */
	void (*on_gap)(struct store_tail *t);				/* may be NULL: what was lost is not missed */
	struct store *store;						/* of the store, as is priv */
	void *priv;
};
/* `from_start`: what is there already too; else only what is appended from now on. */
void store_follow(struct store *s, struct store_tail *t, struct slice key, bool from_start);
/* False: nothing will come, since no more logs can be followed. */
bool store_is_followed(const struct store_tail *t);
void store_unfollow(struct store_tail *t);

/* Words on a channel: heard by who listens at that moment, may be lost. */
struct store_ear {
	struct list node;
	void (*on_word)(struct store_ear *e, struct slice word);	/* borrowed until return */
	struct store *store;						/* of the store, as is priv */
	void *priv;
};
void store_listen(struct store *s, struct store_ear *e, struct slice channel);
void store_unlisten(struct store_ear *e);
void store_tell(struct store *s, struct slice channel, struct slice word);

/* Redis when c->url says where, else this process.  Does not wait: until Redis has been reached, and whenever it is
 * gone, operations answer STORE_AWAY.  NULL only for a configuration that cannot be used, with a sentence in `why`. */
struct store *store_open(struct loop *l, const struct store_conf *c, uint64_t seed, char *why, size_t why_cap);
/* Operations in progress get no on_done; ops, tails and ears may be cancelled or left as they are.  Sets *s to NULL;
 * NULL is fine. */
void store_close(struct store **s);

/* False: every node is on its own, and what is kept here nobody else sees. */
bool store_is_shared(const struct store *s);
/* False while the breaker is open. */
bool store_is_near(const struct store *s);

#endif
