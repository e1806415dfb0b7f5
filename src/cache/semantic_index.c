#include "cache/semantic_index.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/counter.h"
#include "base/log.h"
#include "base/must.h"
#include "codec/checksum.h"

#define VERSION 2u		/* 2: with the checksum */
#define HEX64 16u		/* digits */
#define CHANNEL SLICE("semantic")

_Static_assert(HEX64 == STORE_NEAR_GROUP, "a signature is a group's name");

/* In the machine's byte order, as semantic_news.c. */
struct head {
	uint32_t version, spare;
	uint64_t kept_wall_ms;
	struct digest partition;	/* the whole of it: the set's name has half */
};

struct note {
	uint8_t bin, right;
	uint16_t spare;
	uint32_t asker;
};

/* A word. */
struct complaint {
	uint64_t id, tenant, user;
};

/* A point of the store and the bytes that it borrows. */
struct spot {
	struct store_near_point point;
	char set[64], group[HEX64 + 1], id[HEX64 + 1];
	float at[EMBED_DIM_MAX];
};

static void spot_init(struct spot *p, const struct semantic_index *x, const struct digest *partition, uint64_t sign,
	uint64_t id)
{
	char hex[DIGEST_HEX_BYTES];

	digest_hex(partition, hex);
	int n = snprintf(p->set, sizeof(p->set), "near%" PRIu32 ":{%.32s}", x->cache->embedder->dim, hex);
	snprintf(p->group, sizeof(p->group), "%016" PRIx64, sign);
	snprintf(p->id, sizeof(p->id), "%016" PRIx64, id);
	p->point = (struct store_near_point){
		.by = x->kind == SEMANTIC_INDEX_SEARCH ? STORE_NEAR_SEARCH : STORE_NEAR_VECTORSET,
		.set = slice_of(p->set, (size_t)n), .group = slice_of(p->group, HEX64), .id = slice_of(p->id, HEX64) };
}

/* False: the text has no point. */
static bool spot_at(struct spot *p, const struct semantic_index *x, struct slice text, struct slice point)
{
	uint32_t dim = x->cache->embedder->dim;
	struct embed_vec v;

	if (!semantic_point(x->cache, text, point, &v))
		return false;
	for (uint32_t i = 0; i < dim; i++)
		p->at[i] = (float)v.v[i] * v.scale;
	p->point.at = slice_of(p->at, dim * sizeof(*p->at));
	return true;
}

/* --- telling -------------------------------------------------------------------------------------------- */

static void tell_label(struct semantic_index *x, const struct spot *p, const struct semantic_news *n)
{
	const struct note note = { .bin = n->bin, .right = n->right, .asker = n->asker };

	store_near_note(x->store, NULL, &p->point, slice_of(&note, sizeof(note)), SEMANTIC_INDEX_LABELS * sizeof(note));
}

static void tell_entry(struct semantic_index *x, struct spot *p, const struct semantic_news *n)
{
	uint64_t wall_ms = x->now(x->arg).wall_ms;
	const struct head h = { .version = VERSION, .kept_wall_ms = wall_ms, .partition = n->partition };

	buf_clear(&x->out);
	if (spot_at(p, x, n->text, n->point) && buf_put(&x->out, slice_of(&h, sizeof(h)))
			&& semantic_news_put(&x->out, n, wall_ms) && checksum_put(&x->out, digest_slice(&n->partition)))
		store_near_put(x->store, NULL, &p->point, buf_slice(&x->out), n->ttl_ms, SEMANTIC_INDEX_ENTRIES);
}

static void on_news(void *arg, const struct semantic_news *n)
{
	struct semantic_index *x = arg;
	struct spot p;

	spot_init(&p, x, &n->partition, n->sign, n->id);
	if (n->is_label)
		tell_label(x, &p, n);
	else
		tell_entry(x, &p, n);
}

void semantic_index_complain(struct semantic_index *x, uint64_t id, uint64_t tenant, uint64_t user)
{
	const struct complaint c = { id, tenant, user };

	if (x->store && !x->log_is_open)
		store_tell(x->store, CHANNEL, slice_of(&c, sizeof(c)));
}

static void on_word(struct store_ear *e, struct slice word)
{
	struct semantic_index *x = LIST_ITEM(e, struct semantic_index, ear);
	struct complaint c;

	if (word.n != sizeof(c))
		return;
	memcpy(&c, word.p, sizeof(c));
	semantic_feedback(x->cache, c.id, c.tenant, c.user);
}

/* --- asking --------------------------------------------------------------------------------------------- */

/* The book is not the entry's: it learned when the labels were made. */
static void read_notes(struct slice notes, struct evidence *out)
{
	struct evidence_book book = { 0 };
	struct note n;

	*out = (struct evidence){ 0 };
	for (; notes.n >= sizeof(n); notes = slice_skip(notes, sizeof(n))) {
		memcpy(&n, notes.p, sizeof(n));
		if (n.bin < EVIDENCE_BINS && n.right <= 1)
			evidence_note(out, &book, n.bin, n.right, n.asker);
	}
}

static bool read_value(struct slice value, const struct digest *partition, uint64_t wall_ms, struct semantic_news *out)
{
	struct head h;

	if (!checksum_cut(&value, digest_slice(partition)) || value.n < sizeof(h))
		return false;
	memcpy(&h, value.p, sizeof(h));
	if (h.version != VERSION || !slice_eq(digest_slice(&h.partition), digest_slice(partition))
			|| !semantic_news_get(slice_skip(value, sizeof(h)), wall_ms, out) || out->is_label)
		return false;
	out->partition = *partition;
	out->answer.age_ms = wall_ms > h.kept_wall_ms ? wall_ms - h.kept_wall_ms : 0;
	return true;
}

static void hear(struct semantic_index *x, const struct digest *partition, struct slice value, struct slice notes)
{
	struct exact_now now = x->now(x->arg);
	struct evidence evidence;
	struct semantic_news n;

	if (!read_value(value, partition, now.wall_ms, &n)) {
		counter_add(COUNTER_semantic_index_foreign, 1);
		return;
	}
	read_notes(notes, &evidence);
	n.evidence = &evidence;
	counter_add(COUNTER_semantic_index_heard, 1);
	semantic_hear(x->cache, &n, now);
}

/* From now on as if it had been configured so. */
static void fall_back(struct semantic_index *x, const char *why)
{
	if (x->log_is_open)
		return;
	if (x->kind != SEMANTIC_INDEX_FLAT) {
		counter_add(COUNTER_semantic_index_lacking, 1);
		log_warn("semantic_index", LOG_Z("state", "flat"), LOG_Z("why", why));
	}
	x->log_is_open = true;
	store_unlisten(&x->ear);
	semantic_log_open(x->log, x->seed);
}

static void on_found(struct store_op *op)
{
	struct semantic_search *q = LIST_ITEM(op, struct semantic_search, op);
	struct slice rest = op->value, value, notes;

	if (op->result == STORE_LACKS)
		fall_back(q->index, "the server has no such index");
	while (op->result == STORE_OK && store_near_next(&rest, &value, &notes))
		hear(q->index, &q->partition, value, notes);
	q->on_done(q);
}

bool semantic_index_may_search(const struct semantic_index *x)
{
	return x->store && !x->log_is_open && store_is_near(x->store);
}

bool semantic_index_search(struct semantic_index *x, struct semantic_search *q, const struct semantic_ask *ask)
{
	struct spot p;

	if (!semantic_index_may_search(x))
		return false;
	spot_init(&p, x, &ask->question->partition, guard_sign(ask->question->text), 0);
	if (!spot_at(&p, x, ask->question->text, ask->point))
		return false;
	counter_add(COUNTER_semantic_index_asked, 1);
	q->index = x;
	q->partition = ask->question->partition;
	q->op = (struct store_op){ .on_done = on_found };
	store_near_get(x->store, &q->op, &p.point, SEMANTIC_FLOOR);
	return true;
}

void semantic_index_cancel(struct semantic_search *q)
{
	store_cancel(&q->op);
}

void semantic_index_open(struct semantic_index *x, uint64_t seed)
{
	x->peer = (struct semantic_peer){ .on_news = on_news, .arg = x };
	x->seed = seed;
	x->log_is_open = false;
	buf_init(&x->out, SEMANTIC_INDEX_ENTRY_MAX);
	if (x->kind == SEMANTIC_INDEX_FLAT)
		fall_back(x, "");
	else if (!store_is_shared(x->store))
		fall_back(x, "there is no shared store");
	else {
		x->cache->peer = &x->peer;
		x->ear.on_word = on_word;
		store_listen(x->store, &x->ear, CHANNEL);
	}
}

void semantic_index_close(struct semantic_index *x)
{
	store_unlisten(&x->ear);
	if (x->log_is_open)
		semantic_log_close(x->log);
	x->cache->peer = NULL;
	buf_done(&x->out);
}
