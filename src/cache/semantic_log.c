#include "cache/semantic_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "base/must.h"
#include "codec/checksum.h"

#define LOG_TTL_MS 86400000u	/* a log without news goes after a day, or after its last entry's time */

struct tail {
	struct store_tail tail;
	struct list node;
	struct semantic_log *log;
	struct digest partition;	/* key of the tails' map */
};

struct key {
	char bytes[64];
	size_t n;
};

static struct key key_of(const struct digest *d)
{
	struct key k;

	k.n = (size_t)snprintf(k.bytes, sizeof(k.bytes), "{");
	for (size_t i = 0; i < 16; i++)
		k.n += (size_t)snprintf(k.bytes + k.n, sizeof(k.bytes) - k.n, "%02x", d->bytes[i]);
	k.n += (size_t)snprintf(k.bytes + k.n, sizeof(k.bytes) - k.n, "}:log");
	return k;
}

/* --- sending -------------------------------------------------------------------------------------------- */

static void on_news(void *arg, const struct semantic_news *n)
{
	struct semantic_log *l = arg;
	struct key key = key_of(&n->partition);

	buf_clear(&l->out);
	if (semantic_news_put(&l->out, n, l->now(l->arg).wall_ms)
			&& checksum_put(&l->out, digest_slice(&n->partition)))
		store_append(l->store, NULL, slice_of(key.bytes, key.n), buf_slice(&l->out), SEMANTIC_LOG_ENTRIES,
			MAX_OF(n->ttl_ms, LOG_TTL_MS));
}

/* --- hearing -------------------------------------------------------------------------------------------- */

static void on_entry(struct store_tail *st, struct slice value)
{
	struct tail *t = LIST_ITEM(st, struct tail, tail);
	struct semantic_log *l = t->log;
	struct semantic_news n;

	if (!checksum_cut(&value, digest_slice(&t->partition))) {
		counter_add(COUNTER_store_foreign, 1);
		return;
	}
	if (!semantic_news_get(value, l->now(l->arg).wall_ms, &n))
		return;
	n.partition = t->partition;
	semantic_hear(l->cache, &n, l->now(l->arg));
}

static void on_gap(struct store_tail *st)
{
	struct tail *t = LIST_ITEM(st, struct tail, tail);

	semantic_forget(t->log->cache, &t->partition);
}

/* --- following ------------------------------------------------------------------------------------------ */

static void unfollow(struct semantic_log *l, struct tail *t)
{
	store_unfollow(&t->tail);
	must(map_take(&l->tails, digest_slice(&t->partition)) == t);
	list_remove(&t->node);
	free(t);
}

static void follow(struct semantic_log *l, const struct digest *d)
{
	struct tail *t = calloc(1, sizeof(*t));
	struct key key = key_of(d);

	must(t != NULL);
	*t = (struct tail){ .tail = { .on_entry = on_entry, .on_gap = on_gap }, .log = l, .partition = *d };
	list_init(&t->tail.node);
	list_init(&t->node);
	list_push_back(&l->recent, &t->node);
	must(map_put(&l->tails, digest_slice(&t->partition), t));
	store_follow(l->store, &t->tail, slice_of(key.bytes, key.n), true);
}

/* The longest unasked partition is followed no more, and forgotten: followed again, its log comes from the beginning,
 * and labels must not count twice. */
static void on_asked(void *arg, const struct digest *partition)
{
	struct semantic_log *l = arg;
	struct tail *t = map_find(&l->tails, digest_slice(partition));

	if (t) {
		list_remove(&t->node);
		list_push_back(&l->recent, &t->node);
		return;
	}
	if (l->tails.n == PARTITION_MAX) {
		struct tail *oldest = LIST_ITEM(l->recent.next, struct tail, node);
		semantic_forget(l->cache, &oldest->partition);
		unfollow(l, oldest);
	}
	semantic_forget(l->cache, partition);
	follow(l, partition);
}

void semantic_log_open(struct semantic_log *l, uint64_t seed)
{
	l->peer = (struct semantic_peer){ .labels_return = true, .on_asked = on_asked, .on_news = on_news, .arg = l };
	map_init(&l->tails, PARTITION_MAX, seed);
	list_init(&l->recent);
	buf_init(&l->out, SEMANTIC_LOG_ENTRY_MAX);
	if (store_is_shared(l->store))
		l->cache->peer = &l->peer;
}

void semantic_log_close(struct semantic_log *l)
{
	l->cache->peer = NULL;
	LIST_EACH(node, tmp, &l->recent)
		unfollow(l, LIST_ITEM(node, struct tail, node));
	map_done(&l->tails);
	buf_done(&l->out);
}
