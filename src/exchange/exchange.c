#include "exchange/exchange.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/span.h"
#include "exchange/refuse.h"
#include "exchange/relay.h"
#include "route/affinity.h"

enum turn { TURN_NEXT, TURN_WAIT, TURN_DONE };

struct step {
	const char *name;
	enum turn (*go)(struct exchange *ex);
	bool may_wait;
};

#define STEP(n, wait) static enum turn step_##n(struct exchange *ex);
#include "exchange/steps.def"
#undef STEP

enum step_id {
#define STEP(n, wait) STEP_##n,
#include "exchange/steps.def"
#undef STEP
};

static const struct step steps[] = {
#define STEP(n, wait) { #n, step_##n, wait },
#include "exchange/steps.def"
#undef STEP
};

#define MAGIC 0x78636e67u	/* "xcng" */
#define ARENA_LIMIT (512u << 20)

struct exchange {
	unsigned magic;
	struct exchange_env *env;
	struct exchange_ask ask;
	const struct exchange_reply *reply;
	void *arg;
	enum step_id step;
	struct arena arena;		/* before the flight opens, and when it does not */
	struct request request;
	struct reader reader;
	struct relay relay;
	struct fault fault;		/* the first one */
	struct task drive;
	struct alarm ping;
	struct digest digest;		/* when keep_ms */
	uint64_t keep_ms;		/* its answer may come from the cache, and go there for this long */
	uint64_t open_ns, out_ns, wall_ms, body_n, out_n;
	int status;
	bool head_sent, silent /* nobody to reply to */, whole;
	bool estimated;			/* a count that no provider could give */
	struct grave grave;
	char request_id[65], peer[64];
};

static struct loop *loop_of(const struct exchange *ex)
{
	return ex->env->flight.attempt.loop;
}

static void fail(struct exchange *ex, const struct fault *f)
{
	if (ex->fault.err == ERR_OK)
		ex->fault = *f;
}

/* --- replying ------------------------------------------------------------------------------------------- */

static void send_head(struct exchange *ex, int status, struct slice type, struct slice fields, int64_t length)
{
	must(!ex->head_sent);
	ex->head_sent = true;
	ex->status = status;
	ex->reply->head(ex->arg, status, type, fields, length);
}

static void put(struct exchange *ex, struct slice bytes)
{
	if (bytes.n == 0)
		return;
	ex->out_ns = loop_now(loop_of(ex));
	ex->out_n += bytes.n;
	ex->reply->put(ex->arg, bytes);
}

static void put_answerer(const struct exchange *ex, const struct flight *f, struct buf *b)
{
	http1_write_field(b, SLICE("x-weir-model"), ex->request.model);
	http1_write_field(b, SLICE("x-weir-provider"), f->target->provider->name);
	http1_write_field(b, SLICE("x-weir-target"), f->target->name);
	buf_add(b, SLICE("x-weir-attempts: "));
	buf_add_u64(b, f->attempts);
	buf_add(b, SLICE("\r\n"));
	if (f->upstream_id.n)
		http1_write_field(b, SLICE("x-weir-upstream-id"), f->upstream_id);
	if (f->dropped.n)
		http1_write_field(b, SLICE("x-weir-dropped"), f->dropped);
	if (f->quota)
		quota_write(f->quota, ex->ask.dialect->family, loop_wall_ms(loop_of(ex)) / 1000, b);
}

/* How the caches took part; NULL: there was nothing to ask them. */
static const char *cache_word(const struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;

	if (f && f->replay)
		return "hit";
	if (ex->reader.joined)
		return "join";
	if (ex->keep_ms == 0)
		return NULL;
	return ex->request.door.no_cache ? "bypass" : "miss";
}

/* The fields that say who answered; more on the wire than in the body, so the body stays the provider's. */
static struct slice answer_fields(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct slice id_field = slice_str(ex->ask.dialect->id_field), own = SLICE("x-request-id");
	struct buf *b = &ex->env->out;

	buf_clear(b);
	http1_write_field(b, own, ex->ask.request_id);
	if (id_field.n && !slice_eq(id_field, own))
		http1_write_field(b, id_field, ex->ask.request_id);
	if (f && f->target && flight_may_read(f))
		put_answerer(ex, f, b);
	if (cache_word(ex)) {
		buf_addf(b, "x-weir-cache: %s\r\n", cache_word(ex));
		if (f && f->replay)
			buf_addf(b, "age: %llu\r\n", (unsigned long long)(f->age_ms / 1000));
	}
	if (ex->estimated)
		buf_add(b, SLICE("x-weir-estimated: true\r\n"));
	return buf_slice(b);
}

static void send_stream_head(struct exchange *ex)
{
	struct slice fields = answer_fields(ex);
	buf_add(&ex->env->out, SLICE("cache-control: no-cache\r\nx-accel-buffering: no\r\n"));
	fields = buf_slice(&ex->env->out);
	send_head(ex, 200, ex->request.door.framing == REQUEST_JSON_ARRAY ? SLICE("application/json; charset=utf-8")
		: SLICE("text/event-stream; charset=utf-8"), fields, -1);
}

/* Bytes that pass as they come: of any type, a stream or not. */
static void send_raw_head(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct slice type = f->type.n ? f->type : SLICE("application/octet-stream");

	send_head(ex, 200, type, answer_fields(ex), -1);
}

/* An error before any byte of the answer: status and error object in the client's dialect. */
static void send_error(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct buf fields, body;

	ex->fault.request_id = ex->ask.request_id;
	buf_init(&fields, 64 << 10);
	buf_init(&body, 1 << 20);
	buf_add(&fields, answer_fields(ex));
	refuse_fields(&ex->fault, f && f->attempts > 0, &fields);
	ex->ask.dialect->error_body(&ex->fault, &body);
	send_head(ex, ex->ask.dialect->error_status ? ex->ask.dialect->error_status(&ex->fault)
		: err_row(ex->fault.err)->http, SLICE("application/json"), buf_slice(&fields), (int64_t)buf_len(&body));
	put(ex, buf_slice(&body));
	ex->whole = true;
	buf_done(&fields);
	buf_done(&body);
}

/* After the first byte: the form that makes official SDKs raise, then a broken end of body (dependencies.md
 * section 4). */
static void send_broken_end(struct exchange *ex)
{
	struct buf *b = &ex->env->out;

	buf_clear(b);
	ex->fault.request_id = ex->ask.request_id;
	if (ex->request.stream && ex->ask.dialect->error_within && ex->relay.front)
		ex->ask.dialect->error_within(&ex->relay.encode, &ex->fault, b);
	else if (ex->request.stream)
		ex->ask.dialect->error_event(&ex->fault, b);
	put(ex, buf_slice(b));
}

static enum turn finish(struct exchange *ex)
{
	if (ex->fault.err != ERR_OK && !ex->silent) {
		if (ex->head_sent)
			send_broken_end(ex);
		else
			send_error(ex);
	}
	ex->step = STEP_record;
	return TURN_NEXT;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

/* The digest is made while the tree is there, and only where a cache will ask for it. */
static void digest(struct exchange *ex, const struct request *r)
{
	const struct model *m = map_find(&ex->env->roster->models, r->model);
	struct slice tenant = slice_of(&r->door.tenant, sizeof(r->door.tenant));
	bool may_keep = r->op == REQUEST_CHAT || r->op == REQUEST_EMBED;

	if (m == NULL || m->exact_ms == 0 || !may_keep || r->doc == NULL || (r->door.no_cache && r->door.no_store))
		return;
	ex->keep_ms = m->exact_ms;
	digest_request(&ex->env->sha, r, r->dialect->tag, tenant, &ex->digest);
}

/* Runs inside exchange_open, where the body is borrowed; step_parse tells what it found. */
static void parse(struct exchange *ex)
{
	struct exchange_env *env = ex->env;
	struct request r = { .choices = 1, .door = ex->ask.door };
	struct fault f = { .err = ERR_OK };
	enum err e = ex->ask.dialect->parse(&env->parse, ex->ask.body, &r, &f);

	if (e != ERR_OK) {
		f.err = e;
		f = fault_copy(&ex->arena, &f);
		fail(ex, &f);
	} else {
		/* Only what the flight needs moves over: the parsed tree is 12 times the text (yyjson) and is
		 * dropped here. */
		request_keep(&ex->arena, &r, &ex->request);
		digest(ex, &r);
		ex->request.chain = affinity_chain(env->roster, &ex->request, &ex->arena, &env->parse);
		if (ex->ask.timeout_ms)
			ex->request.timeout_ms = ex->ask.timeout_ms;
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

static enum turn step_lookup(struct exchange *ex)
{
	struct flight_env *env = &ex->env->flight;
	const struct request_door *door = &ex->request.door;
	struct exact_answer answer;

	if (ex->keep_ms == 0 || door->no_cache)
		return TURN_NEXT;
	if (!exact_get(&env->exact, &ex->digest, door->max_age_ms ? door->max_age_ms : UINT64_MAX,
			loop_now(loop_of(ex)), &answer)) {
		counter_add(COUNTER_cache_misses, 1);
		return TURN_NEXT;
	}
	counter_add(COUNTER_cache_hits, 1);
	flight_replay(env, ex->env->roster, &ex->request, &ex->arena, &answer, &ex->reader, &ex->drive);
	ex->step = STEP_hold;
	return TURN_NEXT;
}

static bool may_ping(const struct exchange *ex)
{
	return ex->ask.dialect->ping && ex->request.door.framing == REQUEST_SSE;
}

static enum turn step_fly(struct exchange *ex)
{
	struct fault f = { .err = ERR_OK };

	if (ex->ask.hops >= ex->env->max_hops)
		f.err = ERR_LOOP;
	else if (join(ex))
		f.err = ERR_OK;
	else if (!flight_open(&ex->env->flight, ex->env->roster, &ex->request, &ex->arena, ex->ask.request_id,
		ex->ask.hops + 1, &ex->reader, &ex->drive, &f) && f.err == ERR_OK)
		f.err = ERR_INTERNAL;
	if (f.err != ERR_OK) {
		fail(ex, &f);
		return finish(ex);
	}
	if (ex->keep_ms && !ex->reader.joined && !ex->request.door.no_store)
		flight_keep(ex->reader.flight, &ex->digest, ex->keep_ms);
	if (ex->request.stream && ex->env->ping_ms && may_ping(ex))
		alarm_set(&ex->ping, ex->env->ping_ms);
	return TURN_NEXT;
}

static enum turn flight_failed(struct exchange *ex)
{
	fail(ex, &ex->reader.flight->fault);
	return finish(ex);
}

static void send_json(struct exchange *ex, struct slice body)
{
	send_head(ex, 200, SLICE("application/json"), answer_fields(ex), (int64_t)body.n);
	put(ex, body);
}

/* Passes on what the journal has, as long as the client takes it. */
static void pump(struct exchange *ex)
{
	struct buf *b = &ex->env->out;
	const struct event *ev;

	if (ex->request.stream && !ex->head_sent)
		send_stream_head(ex);
	else if (ex->request.op == REQUEST_RAW && !ex->head_sent)
		send_raw_head(ex);
	while (!ex->reply->full(ex->arg) && (ev = reader_peek(&ex->reader))) {
		buf_clear(b);
		struct slice bytes = relay_event(&ex->relay, ev, b);
		if (ex->head_sent)
			put(ex, bytes);
		else if (bytes.n)
			send_json(ex, bytes);
		reader_pass(&ex->reader);
	}
}

/* The client's answer could not be written: too big for us, or the provider's does not fit what was asked. */
static enum err encode_fault(const struct exchange *ex)
{
	return ex->relay.encode.err == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ex->relay.encode.err;
}

static void end_well(struct exchange *ex)
{
	struct buf body;

	buf_init(&body, ARENA_LIMIT);
	relay_end(&ex->relay, &body);
	if (ex->relay.encode.err != ERR_OK)
		fail(ex, &(struct fault){ .err = encode_fault(ex) });
	else if (ex->head_sent)
		put(ex, buf_slice(&body));
	else
		send_json(ex, buf_slice(&body));
	buf_done(&body);
	ex->whole = ex->fault.err == ERR_OK;
}

static void start_relay(struct exchange *ex, const struct dialect *back, bool streamed)
{
	const struct relay_opts o = { .request = &ex->request, .front = ex->ask.dialect, .back = back,
		.streamed = streamed, .events_only = reader_is_late(&ex->reader), .now_s = ex->wall_ms / 1000,
		.arena = &ex->arena, .id = ex->ask.request_id };

	relay_init(&ex->relay, &o);
}

/* Counting tokens is worth an estimate where no target can count; every other fault is told. */
static bool may_estimate(const struct flight *f)
{
	return f->request.op == REQUEST_COUNT && f->fault.err == ERR_UNSUPPORTED;
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
	start_relay(ex, f->back, f->streamed);
	return TURN_NEXT;
}

static enum turn step_relay(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	if (ex->reader.cursor.journal == NULL) {
		/* Cut by the flight: it lagged too far behind others that share the answer. */
		fail(ex, &(struct fault){ .err = ERR_CLIENT_SLOW });
		return finish(ex);
	}
	pump(ex);
	if (ex->relay.encode.err != ERR_OK) {
		fail(ex, &(struct fault){ .err = encode_fault(ex) });
		return finish(ex);
	}
	if (reader_peek(&ex->reader) || f->journal.state == JOURNAL_OPEN)
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
	uint64_t now = loop_now(loop_of(ex));

	*r = (struct record){ .wall_ms = ex->wall_ms, .request_id = ex->ask.request_id, .peer = ex->ask.peer,
		.endpoint = ex->ask.endpoint, .model = ex->request.model, .stream = ex->request.stream,
		.err = ex->fault.err,
		.status = ex->silent ? err_row(ex->fault.err)->http : ex->status, .usage = USAGE_NONE,
		.bytes_in = ex->body_n, .bytes_out = ex->out_n,
		.total_ns = now - ex->open_ns };
	if (f == NULL)
		return;
	r->model_known = map_find(&f->roster->models, r->model) != NULL;
	r->target = f->target ? f->target->name : SLICE_EMPTY;
	r->attempts = f->attempts;
	r->finish = f->finish;
	r->cache = cache_word(ex);
	r->upstream_id = f->upstream_id;
	r->prompt_estimate_tok = f->request.prompt_tok;
	r->first_ns = f->first_ns ? f->first_ns - f->open_ns : 0;
}

/* Of all who read a flight one record has its counts: the first one made when they are final. */
static void take_usage(struct flight *f, struct record *r)
{
	if (f->paid || f->state != FLIGHT_ENDED)
		return;
	f->paid = true;
	r->usage = f->usage;
}

static void dig(struct grave *g)
{
	struct exchange *ex = LIST_ITEM(g, struct exchange, grave);
	arena_done(&ex->arena);
	ex->magic = 0;
	free(ex);
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
	if (f)
		take_usage(f, &r);
	if (f && (f->attempts > 1 || (ex->fault.err != ERR_OK && f->attempts)))
		flight_tries(f, &tries);
	r.tries = buf_slice(&tries);
	if (!ex->silent)
		ex->reply->end(ex->arg, ex->whole);
	ex->env->on_record(ex->env->arg, &r);
	buf_done(&tries);
	flight_leave(&ex->reader);
	loop_unpost(loop_of(ex), &ex->drive);
	counter_sub(COUNTER_exchanges_open, 1);
	loop_bury(loop_of(ex), &ex->grave, dig);
	return TURN_DONE;
}

/* --- the driver ----------------------------------------------------------------------------------------- */

static void run(struct exchange *ex)
{
	must(ex->magic == MAGIC);
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
	uint64_t quiet = (loop_now(loop_of(ex)) - ex->out_ns) / SPAN_NS_PER_MS;

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
		send_stream_head(ex);
	put(ex, slice_str(ex->ask.dialect->ping));
	counter_add(COUNTER_pings, 1);
}

struct exchange *exchange_open(struct exchange_env *env, const struct exchange_ask *ask,
	const struct exchange_reply *reply, void *arg)
{
	struct exchange *ex = calloc(1, sizeof(*ex));
	struct loop *l = env->flight.attempt.loop;

	must(ex != NULL);
	ex->magic = MAGIC;
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
	arena_init(&ex->arena, ARENA_LIMIT);
	alarm_init(&ex->ping, l, on_ping);
	counter_add(COUNTER_exchanges_open, 1);
	parse(ex);
	loop_post(l, &ex->drive);
	return ex;
}

void exchange_room(struct exchange *ex)
{
	loop_post(loop_of(ex), &ex->drive);
}

void exchange_cancel(struct exchange *ex, enum err why)
{
	must(ex->magic == MAGIC);
	ex->silent = why != ERR_DRAINING;
	ex->fault = (struct fault){ .err = why };
	counter_add(COUNTER_clients_gone, why == ERR_CLIENT_GONE);
	counter_add(COUNTER_clients_slow, why == ERR_CLIENT_SLOW);
	finish(ex);
	run(ex);
}
