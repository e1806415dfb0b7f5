#include "exchange/embedding.h"

#include "base/counter.h"
#include "base/log.h"
#include "cache/remote_embed.h"
#include "exchange/exchange_priv.h"

#define COMPANY_MS 5u		/* in which questions become one call: little beside a call's 50 ms and more */
#define BODY_MAX 65536u		/* a text of EMBED_TEXT_MAX, all of it escaped, and names */
#define ARENA_BYTES (1u << 20)	/* the plan and small copies; the answer is in the journal */

/* --- asking --------------------------------------------------------------------------------------------- */

/* No client's, and one for all of them, so that their questions share calls. */
static uint64_t own_tenant(const struct exchange_env *env)
{
	return siphash(&env->tenant_key, SLICE("cache.embedder"));
}

static bool make_request(struct exchange_env *env, struct slice text, struct arena *a, struct request *out)
{
	struct request r = { .choices = 1, .door = { .tenant = own_tenant(env), .waits_as = own_tenant(env) } };
	struct fault fault = { .err = ERR_OK };
	struct buf body;

	buf_init(&body, BODY_MAX);
	bool ok = remote_embed_body(env->embedder, text, &body)
		&& openai_embeddings.parse(&env->parse, buf_slice(&body), &r, &fault) == ERR_OK;
	r.company_ms = COMPANY_MS;
	if (ok)
		request_keep(a, &r, out);
	arena_reset(&env->parse, 1 << 20);
	buf_done(&body);
	return ok;
}

static bool take_off(struct embedding *e, const struct embedding_ask *ask)
{
	struct exchange_env *env = e->env;
	struct fault fault = { .err = ERR_OK };
	struct request r;
	struct arena a;

	arena_init(&a, ARENA_BYTES);
	bool ok = make_request(env, ask->text, &a, &r)
		&& (flight_join(&env->flight, env->roster, &r, &e->reader, e->on_news)
		|| flight_open(&env->flight, env->roster, &r, &a, ask->request_id, ask->hops, &e->reader, e->on_news,
			&fault));
	arena_done(&a);		/* a flight that was opened has taken it */
	return ok;
}

static void on_deadline(struct alarm *a)
{
	struct embedding *e = LIST_ITEM(a, struct embedding, deadline);

	e->late = true;
	loop_post(e->env->flight.attempt.loop, e->on_news);
}

bool embedding_open(struct embedding *e, struct exchange_env *env, const struct embedding_ask *ask,
	struct task *on_news)
{
	struct loop *l = env->flight.attempt.loop;
	struct remote_embed *r = env->embedder;

	*e = (struct embedding){ .env = env, .on_news = on_news, .request_id = ask->request_id,
		.asked = remote_embed_asks(r) };
	memcpy(e->version, r->base.version, sizeof(e->version));
	if (!breaker_take(&r->breaker, loop_now(l), &e->probe)) {
		counter_add(COUNTER_embed_refused, 1);
		return false;
	}
	if (!take_off(e, ask)) {
		breaker_give_back(&r->breaker, e->probe, loop_now(l));
		return false;
	}
	counter_add(COUNTER_embed_asked, 1);
	alarm_init(&e->deadline, l, on_deadline);
	alarm_set(&e->deadline, env->embed_ms);
	return true;
}

bool embedding_waits(const struct embedding *e)
{
	return !e->late && e->reader.flight->state != FLIGHT_ENDED;
}

/* --- what came ------------------------------------------------------------------------------------------ */

/* NULL: a reload has brought another embedder; what this one says is of no use any more. */
static struct remote_embed *embedder_of(const struct embedding *e)
{
	struct remote_embed *r = e->env->embedder;

	return r && memcmp(r->base.version, e->version, sizeof(e->version)) == 0 ? r : NULL;
}

/* Once: all its answers will be like that. */
static void tell_wrong(struct remote_embed *r, uint32_t asked, size_t n)
{
	counter_add(COUNTER_embed_wrong, 1);
	if (r->told)
		return;
	r->told = true;
	log_warn("embedder_wrong", LOG_S("model", r->model), LOG_I("numbers", n), LOG_I("asked", asked),
		LOG_I("before", r->dim), LOG_I("most", EMBED_DIM_MAX),
		LOG_Z("why", "its vectors cannot be used: check cache.embedder_dim"));
}

/* False: it is of no use. */
static bool take_vector(struct remote_embed *r, uint32_t asked, struct slice floats, struct arena *a,
	struct slice *out)
{
	struct embed_vec vec;
	enum remote_embed_fit fit = remote_embed_take(r, asked, floats, &vec);

	if (fit == REMOTE_EMBED_OK)
		*out = arena_copy(a, embed_bytes(&vec, r->base.dim));
	else if (fit == REMOTE_EMBED_WRONG)
		tell_wrong(r, asked, floats.n / sizeof(float));
	return fit != REMOTE_EMBED_WRONG;
}

static bool read_answer(struct embedding *e, struct remote_embed *r, struct arena *a, struct slice *out)
{
	const struct event *ev;
	bool good = false;

	for (; (ev = reader_peek(&e->reader)) != NULL; reader_pass(&e->reader))
		if (ev->kind == EVENT_VECTOR && ev->choice == 0)
			good = take_vector(r, e->asked, ev->text, a, out);
	return good;
}

static void vote(const struct embedding *e, struct remote_embed *r, bool good, enum err why, uint64_t now)
{
	if (!breaker_vote(&r->breaker, &e->env->flight.plan.breaker, good, now))
		return;
	counter_add(COUNTER_breaker_changes, 1);
	log_warn("breaker", LOG_S("embedder", r->model), LOG_Z("state", breaker_state_name(r->breaker.state)),
		LOG_Z("why", err_name(why)));
}

/* --- the end -------------------------------------------------------------------------------------------- */

static enum err result(const struct embedding *e)
{
	const struct flight *f = e->reader.flight;

	if (f->state == FLIGHT_ENDED)
		return f->fault.err;
	return e->late ? ERR_UP_TOTAL_TIMEOUT : ERR_CLIENT_GONE;
}

/* As of any flight: what a shared call cost stands in one record. */
static struct usage take_usage(struct embedding *e)
{
	struct flight *f = e->reader.flight;
	struct usage u = f->unpaid;

	if (f->state != FLIGHT_ENDED || (e->reader.joined && !f->orphan))
		return USAGE_NONE;
	f->unpaid = USAGE_NONE;
	return u;
}

static void record(struct embedding *e, enum err err)
{
	const struct flight *f = e->reader.flight;
	struct loop *l = e->env->flight.attempt.loop;
	struct record r = { .wall_ms = loop_wall_ms(l), .request_id = e->request_id, .endpoint = SLICE("embed"),
		.model = f->request.model, .model_known = map_find(&f->roster->models, f->request.model) != NULL,
		.target = f->target ? f->target->name : SLICE_EMPTY, .upstream_id = f->upstream_id, .err = err,
		.status = err == ERR_OK ? 200 : err_row(err)->http, .cache = e->reader.joined ? "join" : NULL,
		.attempts = f->attempts, .finish = f->finish, .prompt_estimate_tok = f->request.prompt_tok,
		.usage = take_usage(e), .total_ns = loop_now(l) - f->open_ns };

	exchange_price(f, &r);
	counter_add(COUNTER_embed_late, err == ERR_UP_TOTAL_TIMEOUT);
	counter_add(COUNTER_embed_failed, err != ERR_OK && err != ERR_UP_TOTAL_TIMEOUT && err != ERR_CLIENT_GONE);
	e->env->on_record(e->env->arg, &r);
}

struct slice embedding_close(struct embedding *e, struct arena *a)
{
	struct remote_embed *r = embedder_of(e);
	uint64_t now = loop_now(e->env->flight.attempt.loop);
	enum err err = result(e);
	struct slice point = SLICE_EMPTY;

	alarm_clear(&e->deadline);
	if (r && err == ERR_CLIENT_GONE)
		breaker_give_back(&r->breaker, e->probe, now);
	else if (r)
		vote(e, r, err == ERR_OK && read_answer(e, r, a, &point), err ? err : ERR_UP_BAD_TYPE, now);
	/* The upstream first: then the record has its usage. */
	if (e->reader.flight->readers == 1)
		flight_stop(e->reader.flight);
	record(e, err);
	flight_leave(&e->reader);
	return point;
}
