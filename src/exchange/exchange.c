#include "exchange/exchange.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/span.h"
#include "base/spare.h"
#include "exchange/exchange_priv.h"
#include "exchange/claim.h"
#include "exchange/homes.h"
#include "exchange/lookup.h"
#include "exchange/reply.h"
#include "exchange/similar.h"
#include "flight/lead.h"
#include "route/affinity.h"

#define BODY_KEPT (1u << 20)	/* a scratch that one answer made larger than this is given back */

static struct spares spares = { .size = sizeof(struct exchange) };

enum turn { TURN_NEXT, TURN_WAIT, TURN_DONE };

struct step {
	const char *name;
	enum turn (*go)(struct exchange *ex);
	bool may_wait;
};

#define STEP(n, wait) static enum turn step_##n(struct exchange *ex);
#include "exchange/steps.def"
#undef STEP

static const struct step steps[] = {
#define STEP(n, wait) { #n, step_##n, wait },
#include "exchange/steps.def"
#undef STEP
};

static enum turn finish(struct exchange *ex)
{
	if (ex->fault.err != ERR_OK && !ex->silent) {
		if (ex->head_sent)
			reply_broken_end(ex);
		else
			reply_error(ex);
	}
	ex->step = STEP_record;
	return TURN_NEXT;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

/* Where tenants share what a model says they are one. */
static void share(const struct model *m, struct request *r)
{
	if (m && m->share_all)
		r->door.tenant = 0;
}

/* Runs inside exchange_open, where the body is borrowed; step_parse tells what it found. */
static void parse(struct exchange *ex)
{
	struct exchange_env *env = ex->env;
	struct request r = { .choices = 1, .dialect = ex->ask.dialect, .body = ex->ask.body, .door = ex->ask.door };
	struct fault f = { .err = ERR_OK };
	enum err e = lookup_known(ex, &r) ? ERR_OK : ex->ask.dialect->parse(&env->parse, ex->ask.body, &r, &f);

	if (e != ERR_OK) {
		f.err = e;
		f = fault_copy(&ex->arena, &f);
		exchange_fail(ex, &f);
	} else {
		/* Only what the flight needs moves over: the parsed tree is 12 times the text (yyjson) and is
		 * dropped here. */
		const struct model *m = map_find(&env->roster->models, r.model);	/* NULL: a direct name */
		ex->model_known = m != NULL;
		share(m, &r);
		if (ex->ask.timeout_ms)
			r.timeout_ms = ex->ask.timeout_ms;
		if (flight_may_share(&r) && !ex->known)
			r.join_hash = join_hash(&env->flight.join, &r);
		request_keep(&ex->arena, &r, &ex->request);
		ex->request.chain = affinity_chain(env->roster, &ex->request, &ex->arena, &env->parse);
		claim_note(ex, &r, m);
		lookup_digest(ex, &r, m);
		similar_note(ex, &r, m);
	}
	arena_reset(&env->parse, 1 << 20);
	ex->ask.door = (struct request_door){ .framing = ex->ask.door.framing };	/* its texts are the caller's */
}

static enum turn step_parse(struct exchange *ex)
{
	return ex->fault.err == ERR_OK ? TURN_NEXT : finish(ex);
}

/* The flight's copy of the request is the same but for how this client wants its stream framed; so ours is not
 * needed. */
static bool join(struct exchange *ex)
{
	struct request_door door = ex->request.door;

	if (!flight_join(&ex->env->flight, ex->env->roster, &ex->request, &ex->reader, &ex->drive))
		return false;
	arena_done(&ex->arena);
	ex->request = ex->reader.flight->request;
	ex->request.door.framing = door.framing;
	return true;
}

static bool may_ping(const struct exchange *ex)
{
	return ex->ask.dialect->ping && ex->request.door.framing == REQUEST_SSE;
}

/* The reader has its flight: from here on it does not matter which kind of one. */
static enum turn aboard(struct exchange *ex)
{
	if (ex->request.stream && ex->env->ping_ms && may_ping(ex))
		alarm_set(&ex->ping, ex->env->ping_ms);
	ex->step = STEP_hold;
	return TURN_NEXT;
}

/* A flight that is under way comes before the shared store: it costs nothing to ask for. */
static enum turn step_lookup(struct exchange *ex)
{
	if (lookup_here(ex) || join(ex))
		return aboard(ex);
	if (!lookup_shared(ex))
		ex->step = STEP_similar;
	return TURN_NEXT;
}

static enum turn step_recall(struct exchange *ex)
{
	if (!ex->recalled)
		return TURN_WAIT;
	return ex->reader.flight ? aboard(ex) : TURN_NEXT;
}

static enum turn step_similar(struct exchange *ex)
{
	if (similar_waits(ex))
		return TURN_WAIT;
	return similar_find(ex) ? aboard(ex) : TURN_NEXT;
}

static enum turn step_claim(struct exchange *ex)
{
	if (ex->claim.asking || (!ex->claim.asked && claim_open(ex)))
		return TURN_WAIT;
	return TURN_NEXT;
}

static enum turn step_homes(struct exchange *ex)
{
	if (ex->homes ? homes_waits(ex) : homes_open(ex))
		return TURN_WAIT;
	homes_close(ex);
	return TURN_NEXT;
}

static void open_flight(struct exchange *ex, struct fault *f)
{
	struct flight_env *env = &ex->env->flight;
	struct lead lead = { .store = env->exact.store, .digest = ex->digest };
	struct roster *r = ex->env->roster;
	struct flight *opened;

	memcpy(lead.token, ex->claim.token, ABROAD_TOKEN);
	if (ex->claim.follows)
		opened = lead_follow(env, &lead, r, &ex->request, &ex->arena, ex->ask.request_id, ex->ask.hops + 1,
			&ex->reader, &ex->drive, f);
	else
		opened = flight_open(env, r, &ex->request, &ex->arena, ex->ask.request_id, ex->ask.hops + 1,
			&ex->reader, &ex->drive, f);
	if (opened == NULL && f->err == ERR_OK)
		f->err = ERR_INTERNAL;
	if (opened == NULL || !ex->claim.owns)
		return;
	owner_open(&env->owners, lead.store, opened, &lead.digest, slice_of(lead.token, ABROAD_TOKEN));
	ex->claim.owns = false;		/* the owner has the lease now */
}

static enum turn step_fly(struct exchange *ex)
{
	struct fault f = { .err = ERR_OK };

	if (ex->ask.hops >= ex->env->max_hops)
		f.err = ERR_LOOP;
	else if (join(ex))
		claim_close(ex);	/* that flight has its own owner, or none */
	else
		open_flight(ex, &f);
	if (f.err != ERR_OK) {
		exchange_fail(ex, &f);
		return finish(ex);
	}
	if (ex->keep_ms && !ex->reader.joined && !ex->request.door.no_store)
		flight_keep(ex->reader.flight, &ex->digest, ex->keep_ms);
	similar_keep(ex);
	counter_add(COUNTER_cache_misses, ex->keep_ms && !ex->reader.joined && !ex->request.door.no_cache);
	return aboard(ex);
}

static enum turn flight_failed(struct exchange *ex)
{
	exchange_fail(ex, &ex->reader.flight->fault);
	return finish(ex);
}

static void start_head(struct exchange *ex)
{
	if (ex->request.stream)
		reply_stream_head(ex);
	else if (ex->request.op == REQUEST_RAW)
		reply_raw_head(ex);
}

/* Passes on what the journal has, as long as the client takes it.  True: that was all of it. */
static bool pump(struct exchange *ex)
{
	struct buf *b = &ex->env->out;
	const struct event *ev;

	if (!ex->head_sent)
		start_head(ex);
	while ((ev = reader_peek(&ex->reader))) {
		if (ex->reply->full(ex->arg))
			return false;
		buf_clear(b);
		struct slice bytes = relay_event(&ex->relay, ev, b);
		if (ex->head_sent)
			reply_put(ex, bytes);
		else if (bytes.n)
			reply_json(ex, bytes);
		reader_pass(&ex->reader);
	}
	return true;
}

/* The client's answer could not be written: too big for us, or the provider's does not fit what was asked. */
static enum err encode_fault(const struct exchange *ex)
{
	return ex->relay.encode.err == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ex->relay.encode.err;
}

static void end_well(struct exchange *ex)
{
	struct buf *body = &ex->env->body;

	buf_clear(body);
	relay_end(&ex->relay, body);
	if (ex->relay.encode.err != ERR_OK)
		exchange_fail(ex, &(struct fault){ .err = encode_fault(ex) });
	else if (ex->head_sent)
		reply_put(ex, buf_slice(body));
	else
		reply_json(ex, buf_slice(body));
	if (body->cap > BODY_KEPT)
		buf_done(body);
	ex->whole = ex->fault.err == ERR_OK;
}

static void start_relay(struct exchange *ex, const struct dialect *back, bool streamed)
{
	const struct relay_opts o = { .request = &ex->request, .front = ex->ask.dialect, .back = back,
		.streamed = streamed, .events_only = reader_is_late(&ex->reader), .now_s = ex->wall_ms / 1000,
		.arena = &ex->arena, .id = ex->ask.request_id };

	relay_init(&ex->relay, &o);
}

/* Counting tokens is worth an estimate where no target can count, unless that is not good enough; every other fault is
 * told. */
static bool may_estimate(const struct flight *f)
{
	if (f->request.op != REQUEST_COUNT || f->fault.err != ERR_UNSUPPORTED)
		return false;
	return !f->request.door.strict && !f->plan.model->strict;	/* only an attempt of a plan ends so */
}

static enum turn estimate(struct exchange *ex)
{
	struct usage u = USAGE_NONE;
	struct event ev = { .kind = EVENT_USAGE };

	u.prompt_tok = (int64_t)ex->reader.flight->request.prompt_tok;
	ev.text = event_usage_text(&u);
	ex->estimated = true;
	start_relay(ex, NULL, false);
	relay_event(&ex->relay, &ev, &ex->env->out);
	end_well(ex);
	return finish(ex);
}

static enum turn step_hold(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	if (!flight_may_read(f))
		return TURN_WAIT;
	if (f->journal.state == JOURNAL_FAILED && !f->released)
		return may_estimate(f) ? estimate(ex) : flight_failed(ex);
	homes_tell(ex);
	start_relay(ex, f->back, f->streamed);
	return TURN_NEXT;
}

static enum turn step_relay(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	if (ex->reader.cursor.journal == NULL) {
		/* Cut by the flight: it lagged too far behind others that share the answer. */
		exchange_fail(ex, &(struct fault){ .err = ERR_CLIENT_SLOW });
		return finish(ex);
	}
	bool all = pump(ex);
	if (ex->relay.encode.err != ERR_OK) {
		exchange_fail(ex, &(struct fault){ .err = encode_fault(ex) });
		return finish(ex);
	}
	if (!all || f->journal.state == JOURNAL_OPEN)
		return TURN_WAIT;
	if (f->journal.state == JOURNAL_FAILED)
		return flight_failed(ex);
	end_well(ex);
	return finish(ex);
}

/* --- the end -------------------------------------------------------------------------------------------- */

static void fill_record(const struct exchange *ex, struct record *r)
{
	const struct flight *f = ex->reader.flight;
	uint64_t now = loop_now(exchange_loop(ex));

	*r = (struct record){ .wall_ms = ex->wall_ms, .request_id = ex->ask.request_id, .peer = ex->ask.peer,
		.client = ex->ask.client,
		.endpoint = ex->ask.endpoint, .model = ex->request.model, .stream = ex->request.stream,
		.err = ex->fault.err,
		.status = ex->silent && ex->fault.err != ERR_OK ? err_row(ex->fault.err)->http : ex->status,
		.usage = USAGE_NONE,
		.bytes_in = ex->body_n, .bytes_out = ex->out_n,
		.total_ns = now - ex->open_ns };
	if (f == NULL)
		return;
	r->model_known = ex->model_known;
	r->target = f->target && !ex->estimated ? f->target->name : SLICE_EMPTY;
	r->attempts = f->attempts;
	r->finish = f->finish;
	r->cache = reply_cache_word(ex);
	r->upstream_id = f->upstream_id;
	r->prompt_estimate_tok = f->request.prompt_tok;
	r->first_ns = f->first_ns ? f->first_ns - f->open_ns : 0;
}

static int64_t share_of(int64_t *left, uint32_t among)
{
	int64_t share = *left < 0 ? -1 : *left / among;

	*left -= MAX_OF(share, 0);
	return share;
}

/* What a shared answer cost stands in the records once: in that of the one who asked first, or of who is left when that
 * one has gone; or, as the model says, a part in each of those who read it to its end. */
static void take_usage(const struct exchange *ex, struct flight *f, struct record *r)
{
	struct usage *left = &f->unpaid;
	bool split = f->plan.model && f->plan.model->split_usage;
	uint32_t among = split ? f->readers - (f->on_alone != NULL) : 1;	/* who writes for others bears none */

	if (f->state != FLIGHT_ENDED || (!split && ex->reader.joined && !f->orphan))
		return;
	r->usage = (struct usage){ share_of(&left->prompt_tok, among), share_of(&left->completion_tok, among),
		share_of(&left->cached_tok, among), share_of(&left->cache_write_tok, among),
		share_of(&left->reasoning_tok, among) };
	if (!split)
		*left = USAGE_NONE;
}

/* Of a kept answer: nothing. */
static void put_price(const struct flight *f, struct record *r)
{
	int64_t cost = f->replay ? 0 : price_cost(f->target ? f->target->price : NULL, &r->usage);

	r->priced = cost != PRICE_UNKNOWN;
	r->cost = cost;
	r->saved = f->saved;
}

void exchange_unpaid(void *arg, const struct flight *f)
{
	struct exchange_env *env = arg;
	struct loop *l = env->flight.attempt.loop;
	struct record r = { .wall_ms = loop_wall_ms(l), .request_id = f->request_id, .endpoint = SLICE("abroad"),
		.model = f->request.model, .model_known = map_find(&f->roster->models, f->request.model) != NULL,
		.stream = f->request.stream, .status = 200, .attempts = f->attempts, .finish = f->finish,
		.target = f->target ? f->target->name : SLICE_EMPTY, .usage = f->unpaid,
		.total_ns = f->end_ns - f->open_ns };

	put_price(f, &r);
	env->on_record(env->arg, &r);
}

static void dig(struct grave *g)
{
	struct exchange *ex = LIST_ITEM(g, struct exchange, grave);
	arena_done(&ex->arena);
	ex->magic = 0;
	spare_give(&spares, ex);
}

static enum turn step_record(struct exchange *ex)
{
	struct record r;
	struct buf tries;

	alarm_clear(&ex->ping);
	/* A client that leaves, or an answer cut in the middle, must first stop the upstream: then the record
	 * has its usage. */
	buf_init(&tries, 8192);
	struct flight *f = ex->reader.flight;
	if (f && f->readers == 1)
		flight_stop(f);
	fill_record(ex, &r);
	if (f) {
		take_usage(ex, f, &r);
		put_price(f, &r);
	}
	if (f && (f->attempts > 1 || (ex->fault.err != ERR_OK && f->attempts)))
		flight_tries(f, &tries);
	r.tries = buf_slice(&tries);
	if (!ex->silent)
		ex->reply->end(ex->arg, ex->whole);
	ex->env->on_record(ex->env->arg, &r);
	buf_done(&tries);
	lookup_cancel(ex);
	similar_close(ex);
	claim_close(ex);
	homes_close(ex);
	flight_leave(&ex->reader);
	loop_unpost(exchange_loop(ex), &ex->drive);
	counter_sub(COUNTER_exchanges_open, 1);
	loop_bury(exchange_loop(ex), &ex->grave, dig);
	return TURN_DONE;
}

/* --- the driver ----------------------------------------------------------------------------------------- */

static void run(struct exchange *ex)
{
	must(ex->magic == EXCHANGE_MAGIC);
	for (;;) {
		enum step_id at = ex->step;
		enum turn t = steps[at].go(ex);
		if (t == TURN_DONE)
			return;
		must(t == TURN_NEXT || steps[at].may_wait);
		if (t == TURN_WAIT)
			return;
		if (ex->step == at)
			ex->step++;
	}
}

static void drive(struct task *t)
{
	run(LIST_ITEM(t, struct exchange, drive));
}

/* Output only stores its time; the alarm finds out when it fires how long the client has waited. */
static void on_ping(struct alarm *a)
{
	struct exchange *ex = LIST_ITEM(a, struct exchange, ping);
	uint64_t quiet = (loop_now(exchange_loop(ex)) - ex->out_ns) / SPAN_NS_PER_MS;

	if (ex->env->ping_ms == 0)
		return;		/* switched off by a reload */
	if (quiet < ex->env->ping_ms) {
		alarm_set(a, ex->env->ping_ms - quiet);
		return;
	}
	alarm_set(a, ex->env->ping_ms);
	if (ex->reply->full(ex->arg))
		return;
	if (!ex->head_sent)
		reply_stream_head(ex);
	reply_put(ex, slice_str(ex->ask.dialect->ping));
	counter_add(COUNTER_pings, 1);
}

struct exchange *exchange_open(struct exchange_env *env, const struct exchange_ask *ask,
	const struct exchange_reply *reply, void *arg)
{
	struct exchange *ex = spare_zeroed(&spares);
	struct loop *l = env->flight.attempt.loop;

	ex->magic = EXCHANGE_MAGIC;
	ex->env = env;
	ex->ask = *ask;
	ex->reply = reply;
	ex->arg = arg;
	ex->open_ns = ex->out_ns = loop_now(l);
	ex->wall_ms = loop_wall_ms(l);
	ex->body_n = ask->body.n;
	ex->drive.go = drive;
	ex->ask.request_id = slice_str(slice_copy(ask->request_id, ex->request_id, sizeof(ex->request_id)));
	ex->ask.peer = slice_str(slice_copy(ask->peer, ex->peer, sizeof(ex->peer)));
	ex->ask.client = slice_str(slice_copy(ask->client, ex->client, sizeof(ex->client)));
	arena_init(&ex->arena, EXCHANGE_ARENA);
	alarm_init(&ex->ping, l, on_ping);
	counter_add(COUNTER_exchanges_open, 1);
	parse(ex);
	loop_post(l, &ex->drive);
	return ex;
}

void exchange_room(struct exchange *ex)
{
	loop_post(exchange_loop(ex), &ex->drive);
}

void exchange_cancel(struct exchange *ex, enum err why)
{
	must(ex->magic == EXCHANGE_MAGIC);
	ex->silent = why != ERR_DRAINING;
	ex->fault = (struct fault){ .err = why };
	counter_add(COUNTER_clients_gone, why == ERR_CLIENT_GONE);
	counter_add(COUNTER_clients_slow, why == ERR_CLIENT_SLOW);
	finish(ex);
	run(ex);
}

void exchange_left(struct exchange *ex, bool took_all)
{
	must(ex->magic == EXCHANGE_MAGIC);
	if (!took_all || !relay_has_told(&ex->relay)) {
		exchange_cancel(ex, ERR_CLIENT_GONE);
		return;
	}
	ex->silent = true;
	finish(ex);
	run(ex);
}
