#include "exchange/homes.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/counter.h"
#include "base/span.h"
#include "conf/row.h"
#include "route/affinity.h"

#define KEY_MAX (ROW_NAME_MAX + 32u)

struct homes_row {
	struct homes *of;
	struct store_op op;
	uint64_t hash;
};

struct homes {
	struct exchange *ex;
	struct homes_row v[AFFINITY_MARKS];
	size_t n, waiting;
	bool learned;
};

static struct affinity *table_of(const struct exchange *ex)
{
	return ex->env->roster->health->affinity;
}

static struct slice key_of(char out[KEY_MAX], struct slice model, uint64_t hash)
{
	int n = snprintf(out, KEY_MAX, "{pf:%.*s}:%016" PRIx64, SLICE_ARG(model), hash);

	must(n > 0 && (size_t)n < KEY_MAX);
	return slice_of(out, (size_t)n);
}

/* All that were asked are waited for: they are one write, and come back together. */
static void on_row(struct store_op *op)
{
	struct homes_row *row = LIST_ITEM(op, struct homes_row, op);
	struct homes *h = row->of;
	struct loop *l = exchange_loop(h->ex);

	if (op->result == STORE_OK && table_of(h->ex))
		h->learned |= affinity_unpack(table_of(h->ex), row->hash, op->value, loop_now(l));
	if (--h->waiting > 0)
		return;
	counter_add(COUNTER_prefix_shared_hits, h->learned);
	loop_post(l, &h->ex->drive);
}

/* It has to choose by the prompt, and will do so here: no other node is at it. */
static bool may_ask(const struct exchange *ex)
{
	const struct model *m = map_find(&ex->env->roster->models, ex->request.model);

	return m && m->homes && ex->request.chain && table_of(ex) && !ex->claim.follows;
}

bool homes_open(struct exchange *ex)
{
	struct store *s = exchange_store(ex);
	uint64_t hashes[AFFINITY_MARKS];
	char key[KEY_MAX];

	if (s == NULL || !may_ask(ex))
		return false;
	size_t n = affinity_unknown(table_of(ex), ex->request.chain, loop_now(exchange_loop(ex)), hashes);
	if (n == 0)
		return false;
	struct homes *h = ex->homes = ARENA_NEW(&ex->arena, struct homes);
	*h = (struct homes){ .ex = ex, .n = n, .waiting = n };
	for (size_t i = 0; i < n; i++) {
		h->v[i] = (struct homes_row){ .of = h, .op = { .on_done = on_row }, .hash = hashes[i] };
		store_get(s, &h->v[i].op, key_of(key, ex->request.model, hashes[i]));
	}
	return true;
}

bool homes_waits(const struct exchange *ex)
{
	return ex->homes->waiting > 0;
}

void homes_close(struct exchange *ex)
{
	for (size_t i = 0; ex->homes && i < ex->homes->n; i++)
		store_cancel(&ex->homes->v[i].op);
	ex->homes = NULL;
}

void homes_tell(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	const struct model *m = f->plan.model;
	struct store *s = exchange_store(ex);
	uint64_t hashes[AFFINITY_MARKS], now_ns = loop_now(exchange_loop(ex));
	char key[KEY_MAX], row[AFFINITY_PACKED];

	if (ex->reader.joined || f->attempts == 0 || f->plan.chain == NULL || !m->homes || s == NULL)
		return;
	size_t n = affinity_news(table_of(ex), f->plan.chain, now_ns, hashes);
	for (size_t i = 0; i < n; i++) {
		size_t bytes = affinity_pack(table_of(ex), hashes[i], now_ns, row);
		store_put(s, NULL, key_of(key, m->name, hashes[i]), slice_of(row, bytes),
			AFFINITY_LIFE_S * 1000u, STORE_ALWAYS);
	}
}
