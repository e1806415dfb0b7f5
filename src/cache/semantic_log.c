/* An entry: struct head in the machine's byte order (little-endian on all machines that weir runs on), then model,
 * text, point, target and tape. */
#include "cache/semantic_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"

#define VERSION 2u		/* 2: with the point */
#define LOG_TTL_MS 86400000u	/* a log without news goes after a day, or after its last entry's time */

struct head {
	uint32_t version, kind;		/* kind 0: entry, 1: label */
	uint64_t id, tenant, ends_wall_ms;
	int64_t prompt_tok, completion_tok;
	uint32_t asker, rows;
	uint8_t bin, right, dialect, spare;
	uint32_t model_n, text_n, point_n, target_n, tape_n;
};

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
	const struct head h = { .version = VERSION, .kind = n->is_label, .id = n->id, .tenant = n->tenant,
		.ends_wall_ms = l->now(l->arg).wall_ms + n->ttl_ms, .asker = n->asker, .rows = n->rows, .bin = n->bin,
		.right = n->right, .dialect = (uint8_t)n->answer.dialect, .model_n = (uint32_t)n->model.n,
		.text_n = (uint32_t)n->text.n, .point_n = (uint32_t)n->point.n,
		.target_n = (uint32_t)n->answer.target.n, .tape_n = (uint32_t)n->answer.tape.n,
		.prompt_tok = n->answer.prompt_tok, .completion_tok = n->answer.completion_tok };

	buf_clear(&l->out);
	if (buf_put(&l->out, slice_of(&h, sizeof(h))) && buf_put(&l->out, n->model) && buf_put(&l->out, n->text)
		&& buf_put(&l->out, n->point) && buf_put(&l->out, n->answer.target) && buf_put(&l->out, n->answer.tape))
		store_append(l->store, NULL, slice_of(key.bytes, key.n), buf_slice(&l->out), SEMANTIC_LOG_ENTRIES,
			MAX_OF(n->ttl_ms, LOG_TTL_MS));
}

/* --- hearing -------------------------------------------------------------------------------------------- */

static struct slice cut(struct slice *rest, uint32_t n)
{
	struct slice piece = slice_of(rest->p, n);

	*rest = slice_skip(*rest, n);
	return piece;
}

/* False: not whole, of another version, or over. */
static bool unpack(struct slice value, uint64_t wall_ms, struct semantic_news *out)
{
	struct head h;

	if (value.n < sizeof(h))
		return false;
	memcpy(&h, value.p, sizeof(h));
	struct slice rest = slice_skip(value, sizeof(h));
	uint64_t sum = (uint64_t)h.model_n + h.text_n + h.point_n + h.target_n + h.tape_n;
	if (h.version != VERSION || h.kind > 1 || sum != rest.n || h.bin >= EVIDENCE_BINS || h.right > 1 || h.id == 0)
		return false;
	if (h.kind == 0 && (h.ends_wall_ms <= wall_ms || h.rows == 0 || h.rows > SEMANTIC_LOG_ENTRIES || h.text_n == 0))
		return false;
	*out = (struct semantic_news){ .is_label = h.kind, .id = h.id, .asker = h.asker, .bin = h.bin, .right = h.right,
		.tenant = h.tenant, .ttl_ms = h.kind ? 0 : h.ends_wall_ms - wall_ms, .rows = h.rows };
	out->model = cut(&rest, h.model_n);
	out->text = cut(&rest, h.text_n);
	out->point = cut(&rest, h.point_n);
	out->answer.dialect = (char)h.dialect;
	out->answer.prompt_tok = h.prompt_tok;
	out->answer.completion_tok = h.completion_tok;
	out->answer.target = cut(&rest, h.target_n);
	out->answer.tape = cut(&rest, h.tape_n);
	return true;
}

static void on_entry(struct store_tail *st, struct slice value)
{
	struct tail *t = LIST_ITEM(st, struct tail, tail);
	struct semantic_log *l = t->log;
	struct semantic_news n;

	if (!unpack(value, l->now(l->arg).wall_ms, &n))
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
	l->peer = (struct semantic_peer){ .on_asked = on_asked, .on_news = on_news, .arg = l };
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
