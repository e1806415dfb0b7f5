#include "store/store.h"

#include <stdlib.h>

#include "base/counter.h"
#include "store/local.h"
#include "store/redis.h"
#include "store/store_conf.h"
#include "store/store_kind.h"

struct store {
	struct loop *loop;
	const struct store_kind *kind;
	void *it;
	struct list waits, answered;	/* struct store_wait */
	struct list tails, ears;	/* struct store_tail, store_ear: all that are open */
	struct task deliver;
};

/* --- from the kind to those who wait ---------------------------------------------------------------------- */

static void wait_free(struct store_wait *w)
{
	list_remove(&w->node);
	if (w->op)
		w->op->priv = NULL;
	free((void *)w->value.p);
	free(w);
}

static void on_deliver(struct task *t)
{
	struct store *s = CONTAINER(t, struct store, deliver);
	struct list now;

	/* What callbacks begin and the in-process store answers at once belongs to a later round. */
	list_init(&now);
	list_move_all(&now, &s->answered);
	while (!list_empty(&now)) {
		struct store_wait *w = LIST_ITEM(now.next, struct store_wait, node);
		struct store_op *op = w->op;
		list_remove(&w->node);
		op->result = w->result;
		op->value = w->value;
		op->number = w->number;
		op->priv = NULL;
		w->op = NULL;
		op->on_done(op);
		wait_free(w);
	}
}

void store_answer(struct store_wait *w, enum store_result result, struct slice value, int64_t number)
{
	if (w == NULL)
		return;
	if (result == STORE_AWAY)
		counter_add(COUNTER_store_away, 1);
	if (w->op == NULL) {
		wait_free(w);
		return;
	}
	w->result = result;
	w->number = number;
	w->answered = true;
	if (value.n) {
		char *copy = malloc(value.n);
		must(copy != NULL);
		memcpy(copy, value.p, value.n);
		w->value = slice_of(copy, value.n);
	}
	list_remove(&w->node);
	list_push_back(&w->store->answered, &w->node);
	loop_post(w->store->loop, &w->store->deliver);
}

void store_cancel(struct store_op *op)
{
	struct store_wait *w = op->priv;

	if (w == NULL)
		return;
	op->priv = NULL;
	w->op = NULL;
	if (w->answered)
		wait_free(w);
}

/* --- operations ------------------------------------------------------------------------------------------- */

static void ask(struct store *s, struct store_op *op, const struct store_ask *a)
{
	struct store_wait *w = NULL;

	counter_add(COUNTER_store_ops, 1);
	if (op && op->on_done) {
		must(op->priv == NULL);
		w = calloc(1, sizeof(*w));
		must(w != NULL);
		w->store = s;
		w->op = op;
		op->priv = w;
		list_push_back(&s->waits, &w->node);
	}
	s->kind->ask(s->it, a, w);
}

void store_get(struct store *s, struct store_op *op, struct slice key)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_GET, .key = key });
}

void store_put(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms,
	enum store_if cond)
{
	must(ttl_ms > 0);
	ask(s, op, &(struct store_ask){ .verb = STORE_PUT, .key = key, .value = value, .ttl_ms = ttl_ms,
		.cond = cond });
}

void store_drop(struct store *s, struct store_op *op, struct slice key)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_DROP, .key = key });
}

void store_drop_if(struct store *s, struct store_op *op, struct slice key, struct slice value)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_DROP_IF, .key = key, .value = value });
}

void store_renew_if(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms)
{
	must(ttl_ms > 0);
	ask(s, op, &(struct store_ask){ .verb = STORE_RENEW_IF, .key = key, .value = value, .ttl_ms = ttl_ms });
}

void store_bump(struct store *s, struct store_op *op, struct slice key, int64_t by, uint64_t ttl_ms)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_BUMP, .key = key, .by = by, .ttl_ms = ttl_ms });
}

void store_append(struct store *s, struct store_op *op, struct slice key, struct slice value, uint32_t max_len,
	uint64_t ttl_ms)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_APPEND, .key = key, .value = value, .max_len = max_len,
		.ttl_ms = ttl_ms });
}

void store_tell(struct store *s, struct slice channel, struct slice word)
{
	ask(s, NULL, &(struct store_ask){ .verb = STORE_TELL, .key = channel, .value = word });
}

void store_near_put(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice value,
	uint64_t ttl_ms, uint32_t max)
{
	must(ttl_ms > 0 && max > 0 && p->group.n == STORE_NEAR_GROUP);
	ask(s, op, &(struct store_ask){ .verb = STORE_NEAR_PUT, .key = p->set, .near = p, .value = value,
		.ttl_ms = ttl_ms, .max_len = max });
}

void store_near_note(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice note,
	uint32_t max)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_NEAR_NOTE, .key = p->set, .near = p, .value = note,
		.max_len = max });
}

void store_near_get(struct store *s, struct store_op *op, const struct store_near_point *p, float floor)
{
	ask(s, op, &(struct store_ask){ .verb = STORE_NEAR_GET, .key = p->set, .near = p, .floor = floor });
}

void store_near_add(struct buf *list, struct slice value, struct slice notes)
{
	const uint32_t n[2] = { (uint32_t)value.n, (uint32_t)notes.n };

	buf_add(list, slice_of(n, sizeof(n)));
	buf_add(list, value);
	buf_add(list, notes);
}

bool store_near_next(struct slice *rest, struct slice *out_value, struct slice *out_notes)
{
	uint32_t n[2];

	if (rest->n == 0)
		return false;
	must(rest->n >= sizeof(n));
	memcpy(n, rest->p, sizeof(n));
	*rest = slice_skip(*rest, sizeof(n));
	must(rest->n >= (size_t)n[0] + n[1]);
	*out_value = slice_of(rest->p, n[0]);
	*out_notes = slice_of(slice_skip(*rest, n[0]).p, n[1]);
	*rest = slice_skip(*rest, (size_t)n[0] + n[1]);
	return true;
}

/* --- logs and words --------------------------------------------------------------------------------------- */

void store_follow(struct store *s, struct store_tail *t, struct slice key, bool from_start)
{
	t->store = s;
	t->priv = NULL;
	list_push_back(&s->tails, &t->node);
	s->kind->follow(s->it, t, key, from_start);
}

bool store_is_followed(const struct store_tail *t)
{
	return t->priv != NULL;
}

void store_unfollow(struct store_tail *t)
{
	struct store *s = t->store;

	if (s == NULL)
		return;
	t->store = NULL;
	list_remove(&t->node);
	s->kind->unfollow(s->it, t);
}

void store_listen(struct store *s, struct store_ear *e, struct slice channel)
{
	e->store = s;
	e->priv = NULL;
	list_push_back(&s->ears, &e->node);
	s->kind->listen(s->it, e, channel);
}

void store_unlisten(struct store_ear *e)
{
	struct store *s = e->store;

	if (s == NULL)
		return;
	e->store = NULL;
	list_remove(&e->node);
	s->kind->unlisten(s->it, e);
}

/* --- life ------------------------------------------------------------------------------------------------- */

bool store_is_shared(const struct store *s)
{
	return s->kind->shared;
}

bool store_is_near(const struct store *s)
{
	return s->kind->is_near(s->it);
}

struct store *store_open(struct loop *l, const struct store_conf *c, uint64_t seed, char *why, size_t why_cap)
{
	struct store *s = calloc(1, sizeof(*s));
	bool shared = c->url.bytes.n > 0;

	must(s != NULL);
	s->loop = l;
	s->deliver.go = on_deliver;
	list_init(&s->waits);
	list_init(&s->answered);
	list_init(&s->tails);
	list_init(&s->ears);
	s->kind = shared ? &redis_kind : &local_kind;
	s->it = shared ? redis_open(l, c, seed, why, why_cap) : local_open(l, c, seed);
	if (s->it == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void store_close(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	LIST_EACH(node, tmp, &s->tails)
		store_unfollow(LIST_ITEM(node, struct store_tail, node));
	LIST_EACH(node, tmp, &s->ears)
		store_unlisten(LIST_ITEM(node, struct store_ear, node));
	s->kind->close(&s->it);
	loop_unpost(s->loop, &s->deliver);
	list_move_all(&s->waits, &s->answered);
	LIST_EACH(node, tmp, &s->waits)
		wait_free(LIST_ITEM(node, struct store_wait, node));
	free(s);
}
