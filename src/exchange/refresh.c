#include "exchange/refresh.h"

#include <stdlib.h>

#include "base/counter.h"
#include "exchange/exchange_priv.h"

#define LEASE_MS 60000u		/* while one node renews, the others do not; longer than most answers take */

struct refresh {
	struct exchange_env *env;
	struct refreshes *all;
	struct digest digest;
	struct store_op lease;
	struct arena arena;		/* what is asked, until the exchange has it */
	struct exchange_ask ask;
	struct exchange *exchange;	/* NULL until the lease is there */
	struct grave grave;
};

void refresh_init(struct refreshes *rs, uint64_t seed)
{
	map_init(&rs->running, REFRESH_MAX, seed);
}

static void dig(struct grave *g)
{
	struct refresh *r = LIST_ITEM(g, struct refresh, grave);

	arena_done(&r->arena);
	free(r);
}

static void end(struct refresh *r)
{
	map_take(&r->all->running, digest_slice(&r->digest));
	store_cancel(&r->lease);
	loop_bury(r->env->flight.attempt.loop, &r->grave, dig);
}

void refresh_done(struct refreshes *rs)
{
	size_t at = 0;
	struct slice name;
	void *v;

	while (map_next(&rs->running, &at, &name, &v)) {
		struct refresh *r = v;
		if (r->exchange)
			exchange_cancel(r->exchange, ERR_CLIENT_GONE);
		end(r);
		at = 0;
	}
	map_done(&rs->running);
}

/* --- the client that is none ---------------------------------------------------------------------------- */

static void on_head(void *arg, int status, struct slice type, struct slice fields, int64_t length)
{
}

static void on_put(void *arg, struct slice bytes)
{
}

static bool is_full(void *arg)
{
	return false;
}

static void on_end(void *arg, bool whole)
{
	end(arg);
}

static const struct exchange_reply nobody = { .head = on_head, .put = on_put, .full = is_full, .end = on_end };

/* --- asking --------------------------------------------------------------------------------------------- */

static void ask(struct refresh *r)
{
	counter_add(COUNTER_cache_refreshes, 1);
	r->exchange = exchange_open(r->env, &r->ask, &nobody, r);
}

/* Without an answer from the store every node is on its own. */
static void on_lease(struct store_op *op)
{
	struct refresh *r = LIST_ITEM(op, struct refresh, lease);

	if (op->result == STORE_NONE)
		end(r);
	else
		ask(r);
}

static void take_lease(struct refresh *r)
{
	struct store *s = r->env->flight.exact.store;
	char key[EXACT_KEY_BYTES];

	if (s == NULL || !store_is_shared(s)) {
		ask(r);
		return;
	}
	exact_key(&r->digest, key);
	key[0] = 'r';
	r->lease.on_done = on_lease;
	store_put(s, &r->lease, slice_of(key, sizeof(key)), SLICE("1"), LEASE_MS, STORE_IF_ABSENT);
}

void refresh_open(const struct exchange *of)
{
	struct refreshes *all = &of->env->refreshes;
	struct refresh *r;
	struct request q;

	if (map_find(&all->running, digest_slice(&of->digest)) || all->running.n >= REFRESH_MAX)
		return;
	r = calloc(1, sizeof(*r));
	must(r != NULL);
	r->env = of->env;
	r->all = all;
	r->digest = of->digest;
	arena_init(&r->arena, EXCHANGE_ARENA);
	request_keep(&r->arena, &of->request, &q);
	q.door.no_cache = true;
	q.door.max_age_ms = 0;
	r->ask = (struct exchange_ask){ .dialect = of->ask.dialect, .endpoint = SLICE("refresh"), .door = q.door,
		.body = q.body, .hops = of->ask.hops, .request_id = arena_copy(&r->arena, of->ask.request_id) };
	must(map_put(&all->running, digest_slice(&r->digest), r));
	take_lease(r);
}
