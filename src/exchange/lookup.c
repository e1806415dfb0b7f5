#include "exchange/lookup.h"

#include "base/counter.h"
#include "exchange/refresh.h"

/* An answer to a request of which something was left out is none to one that forbids that. */
static void whose_of(const struct exchange *ex, const struct request *r, const struct model *m,
	uint64_t out[RECENT_WHOSE])
{
	out[0] = m->share_all ? 0 : r->door.tenant;
	out[1] = epoch_of(&ex->env->flight.epochs, out[0], r->model);
	out[2] = r->door.strict || m->strict;
}

/* The semantic cache reads the tree. */
static bool may_be_known(const struct model *m)
{
	return m && m->exact_ms && m->semantic.mode == ROSTER_SEMANTIC_OFF;
}

bool lookup_known(struct exchange *ex, struct request *r)
{
	const struct recent_entry *e = recent_find(&ex->env->recent, &ex->env->flight.join, r);
	uint64_t whose[RECENT_WHOSE];

	if (e == NULL)
		return false;
	const struct model *m = map_find(&ex->env->roster->models, e->request.model);
	struct request known = e->request;
	known.body = r->body;
	known.door = r->door;
	if (!may_be_known(m))
		return false;
	whose_of(ex, &known, m, whose);
	if (memcmp(whose, e->whose, sizeof(whose)) != 0)
		return false;
	*r = known;
	ex->digest = e->digest;
	ex->known = true;
	return true;
}

/* Its own deadline, which only its head says, stands in the request by now. */
static void know(struct exchange *ex)
{
	const struct model *m = map_find(&ex->env->roster->models, ex->request.model);
	uint64_t whose[RECENT_WHOSE];

	if (ex->known || ex->ask.timeout_ms || !may_be_known(m))
		return;
	whose_of(ex, &ex->request, m, whose);
	recent_keep(&ex->env->recent, &ex->env->flight.join, &ex->request, whose, &ex->digest);
}

void lookup_digest(struct exchange *ex, const struct request *r, const struct model *m)
{
	uint64_t whose[RECENT_WHOSE];
	bool may_keep = r->op == REQUEST_CHAT || r->op == REQUEST_EMBED;

	if (m == NULL || !may_keep || (r->doc == NULL && !ex->known))
		return;
	bool keeps = m->exact_ms && !(r->door.no_cache && r->door.no_store);
	if (!keeps && !ex->claim.hot)
		return;
	ex->keep_ms = keeps ? m->exact_ms : 0;
	ex->refresh_ms = m->refresh_ms;
	if (ex->known)
		return;
	whose_of(ex, r, m, whose);
	digest_request(&ex->env->sha, r, r->dialect->tag, slice_of(whose, sizeof(whose)), &ex->digest);
}

/* The old one still serves; one request for all who come now renews it (RFC 5861, stale-while-revalidate). */
static void serve(struct exchange *ex, const struct exact_answer *a)
{
	counter_add(COUNTER_cache_hits, 1);
	if (ex->refresh_ms && a->age_ms >= ex->refresh_ms && !ex->request.door.no_store)
		refresh_open(ex);
	flight_replay(&ex->env->flight, ex->env->roster, &ex->request, &ex->arena, a, &ex->reader, &ex->drive);
}

bool lookup_here(struct exchange *ex)
{
	struct exact_answer a;

	if (ex->keep_ms == 0 || ex->request.door.no_cache)
		return false;
	if (!exact_get(&ex->env->flight.exact, &ex->digest, exchange_max_age(ex), exact_now_of(exchange_loop(ex)), &a))
		return false;
	know(ex);
	serve(ex, &a);
	return true;
}

static void on_recalled(struct store_op *op)
{
	struct exchange *ex = LIST_ITEM(op, struct exchange, recall);
	struct exact *x = &ex->env->flight.exact;
	struct exact_now now = exact_now_of(exchange_loop(ex));
	struct exact_answer a;

	ex->recalled = true;
	if (op->result == STORE_OK && exact_take(x, &ex->digest, op->value, exchange_max_age(ex), now, &a)) {
		counter_add(COUNTER_cache_hits_shared, 1);
		serve(ex, &a);
	}
	loop_post(exchange_loop(ex), &ex->drive);
}

bool lookup_shared(struct exchange *ex)
{
	struct store *s = exchange_store(ex);
	char key[EXACT_KEY_BYTES];

	if (ex->keep_ms == 0 || ex->request.door.no_cache || s == NULL || !epoch_is_known(&ex->env->flight.epochs))
		return false;
	ex->recall = (struct store_op){ .on_done = on_recalled };
	store_get(s, &ex->recall, exact_key(&ex->digest, key));
	return true;
}

void lookup_cancel(struct exchange *ex)
{
	store_cancel(&ex->recall);
}
