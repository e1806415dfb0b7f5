#include "flight/flight.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/log.h"
#include "base/span.h"
#include "base/spare.h"
#include "flight/flight_priv.h"
#include "flight/keep.h"
#include "flight/lag.h"
#include "route/tariff.h"

#define MAGIC 0x666c6774u	/* "flgt" */

static const struct attempt_events attempt_events;
static struct spares spares = { .size = sizeof(struct flight) };

/* --- states --------------------------------------------------------------------------------------------- */

/* The only mover: state, clocks and the running attempt change together. */
static void move(struct flight *f, enum flight_state to)
{
	must(f->state != FLIGHT_ENDED);
	window_leave(f);
	batch_leave(f);
	follower_close(&f->follower);
	f->state = to;
	if (to != FLIGHT_WAITING)
		alarm_clear(&f->clock);
	if (to != FLIGHT_ENDED)
		return;
	alarm_clear(&f->total);
	gate_leave(f);
	f->end_ns = loop_now(f->env->attempt.loop);
	f->unpaid = f->usage;
	join_unlist(&f->env->join, f);
	window_landed(f);
}

void flight_end_ok(struct flight *f)
{
	keep_answer(f);
	move(f, FLIGHT_ENDED);
	f->released = true;
	f->fault = (struct fault){ .err = ERR_OK };
	journal_complete(&f->journal);
}

void flight_end_failed(struct flight *f)
{
	must(f->fault.err != ERR_OK);
	move(f, FLIGHT_ENDED);
	if (f->released)
		counter_add(COUNTER_streams_cut, 1);
	journal_fail(&f->journal, f->fault.err);
}

/* The first one counts; but that one target cannot do it says less than why another, which can, did not. */
static void note_fault(struct flight *f, const struct fault *fault)
{
	if (f->fault.err == ERR_OK || f->fault.err == ERR_UNSUPPORTED)
		f->fault = fault_copy(&f->arena, fault);
}

/* --- one attempt after another -------------------------------------------------------------------------- */

/* Once for each change of state, never for each request. */
static void tell_breaker(const struct flight *f, bool changed, enum err why)
{
	if (!changed)
		return;
	counter_add(COUNTER_breaker_changes, 1);
	log_warn("breaker", LOG_S("target", f->target->name),
		LOG_Z("state", breaker_state_name(f->target->health->breaker.state)), LOG_Z("why", err_name(why)));
}

/* What the readers' heads say of the attempt: known at release, and again at its end. */
static void note_answer(struct flight *f)
{
	const struct attempt *at = &f->attempt;

	f->back = at->dialect;
	f->dropped = at->dropped;
	f->type = at->answer.type;
	f->status = at->answer.status;
	f->quota = at->answer.quota;
	f->upstream_id = at->answer.request_id;
}

/* The one place where an attempt's end is taken apart: plan, health, tries, bytes (design.md section 2). */
static void settle_attempt(struct flight *f, const struct fault *fault)
{
	struct attempt *at = &f->attempt;
	bool changed = false;

	gate_open(f, false);
	plan_cached(&f->plan, &f->choice, at->answer.decode.tally.usage.cached_tok);
	plan_result(&f->plan, &f->env->plan, &f->choice, fault, loop_now(f->env->attempt.loop), &changed);
	tell_breaker(f, changed, fault->err);
	if (f->attempts <= FLIGHT_TRIES)
		f->tries[f->attempts - 1] = (struct flight_try){ f->target, fault->err, fault->status,
			(at->end_ns ? at->end_ns : loop_now(f->env->attempt.loop)) - at->open_ns };
	counter_add(COUNTER_attempts_failed, fault->err != ERR_OK && fault->err != ERR_CLIENT_GONE);
	f->streamed = answer_is_streamed(&at->answer);
	f->usage = at->answer.decode.tally.usage;
	f->version = at->answer.decode.tally.version;
	f->finish = at->answer.decode.tally.finish;
	f->bytes_in += at->bytes_in;
	f->bytes_out += at->bytes_out;
	note_answer(f);
	attempt_close(at);
}

static void start_attempt(struct flight *f)
{
	const struct attempt_ask ask = { .target = f->choice.step->target, .key = f->choice.key,
		.clocks = &f->choice.step->model->clocks, .request = &f->request,
		.request_id = f->request_id, .hops = f->hops, .prefix = f->choice.step->model->prefix,
		.strict = f->request.door.strict || f->plan.model->strict || f->choice.step->model->strict };

	f->target = ask.target;
	f->attempts++;
	counter_add(COUNTER_attempts, 1);
	counter_add(COUNTER_retries, f->attempts > 1);
	move(f, FLIGHT_TRYING);
	attempt_open(&f->attempt, &f->env->attempt, &ask, &f->arena, &attempt_events, f);
	gate_lead(f);
}

static void give_up(struct flight *f)
{
	if (f->fault.err == ERR_OK || f->choice.why != ERR_OK)
		note_fault(f, &(struct fault){ .err = f->choice.why == ERR_OK ? ERR_NO_TARGET : f->choice.why });
	if (f->choice.retry_after_ms)
		f->fault.retry_after_ms = f->choice.retry_after_ms;
	flight_end_failed(f);
}

void flight_try_next(struct flight *f)
{
	uint64_t now = loop_now(f->env->attempt.loop);

	f->choice = plan_next(&f->plan, &f->env->plan, now, f->env->dice);
	switch (f->choice.verdict) {
	case PLAN_GO:
		start_attempt(f);
		break;
	case PLAN_WAIT:
		if (f->deadline_ns && now + f->choice.wait_ms * SPAN_NS_PER_MS >= f->deadline_ns) {
			give_up(f);	/* nobody would be there to hear of it */
			break;
		}
		move(f, FLIGHT_WAITING);
		alarm_set(&f->clock, f->choice.wait_ms);
		break;
	case PLAN_STOP:
		give_up(f);
	}
}

static void attempt_is_over(struct flight *f)
{
	struct fault fault = fault_copy(&f->arena, &f->attempt.answer.fault);

	f->attempt_ended = false;
	settle_attempt(f, &fault);
	if (fault.err == ERR_OK) {
		flight_end_ok(f);
		return;
	}
	if (f->released) {
		f->fault = fault;
		flight_end_failed(f);
		return;
	}
	note_fault(f, &fault);
	if (err_row(fault.err)->retry == ERR_RETRY_NO) {
		f->fault = fault;
		flight_end_failed(f);
		return;
	}
	journal_restart(&f->journal);
	tape_clear(&f->tape);
	flight_try_next(f);
}

/* --- what attempts and clocks record -------------------------------------------------------------------- */

/* The first content is there: readers may read, and a target under probation has proven itself. */
static void release(struct flight *f)
{
	bool changed = false;

	f->released = true;
	f->streamed = answer_is_streamed(&f->attempt.answer);
	note_answer(f);
	f->first_ns = loop_now(f->env->attempt.loop);
	plan_proven(&f->env->plan, &f->choice, f->first_ns, &changed);
	tell_breaker(f, changed, ERR_OK);
}

/* A client that wants one whole answer sees nothing before its end: until then every failure stays invisible. */
static bool passes_early(const struct flight *f)
{
	if (f->request.merged)
		return false;
	if (f->attempt.answer.mode == ANSWER_EVENTS)
		return f->request.stream;
	return f->attempt.answer.mode == ANSWER_RAW;
}

enum err flight_take(struct flight *f, const struct event *ev)
{
	enum err e = journal_add(&f->journal, ev);

	if (e != ERR_OK)
		return ERR_UP_TOO_BIG;
	if (f->gate.leads)
		gate_open(f, true);
	keep_on_tape(f, ev);
	return ERR_OK;
}

/* The provider's bytes of a merged answer are nobody's, where it has a typed form. */
static enum err take_bare(struct flight *f, const struct event *ev)
{
	struct event bare = *ev;

	if (f->request.op != REQUEST_RAW)
		bare.raw = SLICE_EMPTY;
	return flight_take(f, &bare);
}

static enum err on_event(void *arg, const struct event *ev)
{
	struct flight *f = arg;
	enum err e = f->request.merged ? take_bare(f, ev) : flight_take(f, ev);

	if (e != ERR_OK)
		return e;
	if (!f->released && event_is_content(ev) && passes_early(f))
		release(f);
	if (f->released)
		lag_check(f);
	return ERR_OK;
}

static void on_end(void *arg)
{
	struct flight *f = arg;
	f->attempt_ended = true;
	loop_post(f->env->attempt.loop, &f->drive);
}

static const struct attempt_events attempt_events = { .on_event = on_event, .on_end = on_end };

/* Runs at the end of a turn: the attempt ended, or a paused upstream may go on. */
static void drive(struct task *t)
{
	struct flight *f = LIST_ITEM(t, struct flight, drive);

	must(f->magic == MAGIC);
	if (f->state == FLIGHT_ENDED)
		return;
	if (f->attempt_ended)
		attempt_is_over(f);
	else
		attempt_pause(&f->attempt, false);
}

static void on_clock(struct alarm *a)
{
	struct flight *f = LIST_ITEM(a, struct flight, clock);

	gate_leave(f);		/* its leader was too slow, or has spoken */
	flight_try_next(f);
}

static void on_total(struct alarm *a)
{
	struct flight *f = LIST_ITEM(a, struct flight, total);
	const struct fault fault = { .err = f->total_is_callers ? ERR_CLIENT_DEADLINE : ERR_UP_TOTAL_TIMEOUT };

	if (f->attempt_ended) {
		alarm_set(&f->total, 0);	/* the driver looks at the finished attempt first */
		return;
	}
	if (f->state == FLIGHT_TRYING)
		settle_attempt(f, &fault);
	if (f->released || f->fault.err == ERR_OK || f->fault.err == ERR_UNSUPPORTED || f->total_is_callers)
		f->fault = fault;
	flight_end_failed(f);
}

/* --- life ----------------------------------------------------------------------------------------------- */

void flight_env_init(struct flight_env *e, struct loop *l, struct dice *dice)
{
	*e = (struct flight_env){ .dice = dice };
	e->attempt.loop = l;
	join_init(&e->join, dice_u64(dice));
	exact_init(&e->exact, 0, dice);
	sweep_init(&e->sweep, l, &e->exact, &e->semantic);
	epoch_init(&e->epochs, l, dice);
	drift_init(&e->drift, dice_u64(dice));
	owner_init(&e->owners);
	window_init(&e->windows, l, dice_u64(dice));
}

void flight_env_share(struct flight_env *e, struct store *s)
{
	e->exact.store = s;
	epoch_share(&e->epochs, s);
	e->semantic_log.store = s;
	e->semantic_index.store = s;
	semantic_index_open(&e->semantic_index, dice_u64(e->dice));
}

void flight_env_stop(struct flight_env *e)
{
	owner_done(&e->owners);
}

void flight_env_done(struct flight_env *e)
{
	attempt_env_done(&e->attempt);
	join_done(&e->join);
	window_done(&e->windows);
	sweep_done(&e->sweep);
	exact_done(&e->exact);
	if (e->semantic_index.store)
		semantic_index_close(&e->semantic_index);
	epoch_done(&e->epochs);
	drift_done(&e->drift);
}

static void add_reader(struct flight *f, struct reader *r, struct task *on_news)
{
	*r = (struct reader){ .flight = f };
	f->readers++;
	cursor_open(&r->cursor, &f->journal, on_news);
}

/* A deadline of its own: its end would be nobody else's.  Nor has a carrier what others could read. */
bool flight_may_share(const struct request *r)
{
	return r->op != REQUEST_RAW && !r->door.alone && !r->merged && r->timeout_ms == 0;
}

bool flight_join(struct flight_env *env, const struct roster *roster, const struct request *request, struct reader *r,
	struct task *on_news)
{
	if (!flight_may_share(request))
		return false;
	struct flight *f = join_find(&env->join, join_hash(&env->join, request), request);
	if (f == NULL || f->roster != roster)
		return false;
	counter_add(COUNTER_joins, 1);
	add_reader(f, r, on_news);
	r->joined = true;
	/* Before release nobody has read anything: the journal has it all, the provider's bytes too. */
	if (f->released) {
		r->tape_end = tape_size(&f->tape);
		cursor_skip(&r->cursor);
	}
	/* A lone reader may have paused the upstream; now nobody waits for the slowest. */
	attempt_pause(&f->attempt, false);
	window_hurry(f, request);
	return true;
}

static void list_for_joining(struct flight *f)
{
	if (flight_may_share(&f->request) && f->plan.model->join && f->env->limits.tape_bytes)
		join_list(&f->env->join, f, join_hash(&f->env->join, &f->request));
}

static void start_total(struct flight *f)
{
	uint64_t ms = f->plan.model->clocks.total_ms;

	f->total_is_callers = f->request.timeout_ms && (ms == 0 || f->request.timeout_ms < ms);
	if (f->total_is_callers)
		ms = f->request.timeout_ms;
	if (ms == 0)
		return;
	f->deadline_ns = f->open_ns + ms * SPAN_NS_PER_MS;
	alarm_set(&f->total, ms);
}

/* What every flight has; the arena and what the request points to move in. */
static struct flight *new_flight(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena)
{
	struct loop *l = env->attempt.loop;
	struct flight *f = spare_zeroed(&spares);

	f->magic = MAGIC;
	f->env = env;
	f->arena = *arena;
	arena_init(arena, arena->limit);
	f->request = *request;
	f->roster = roster_ref(roster);
	f->usage = f->unpaid = USAGE_NONE;
	f->open_ns = loop_now(l);
	f->drive.go = drive;
	list_init(&f->node);
	alarm_init(&f->clock, l, on_clock);
	alarm_init(&f->total, l, on_total);
	journal_init(&f->journal, l, env->limits.journal_bytes, f->request.merged);
	f->journal.on_drain = &f->drive;
	tape_init(&f->tape, env->limits.tape_bytes);
	counter_add(COUNTER_flights_open, 1);
	counter_add(COUNTER_buffered_bytes, f->request.body.n);
	return f;
}

struct flight *flight_planned(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, struct slice request_id, unsigned hops, struct reader *r, struct task *on_news,
	struct fault *out_fault)
{
	struct plan plan;
	enum err e = plan_make(&plan, roster, request, loop_now(env->attempt.loop), env->dice, arena, out_fault);

	if (e != ERR_OK)
		return NULL;
	struct flight *f = new_flight(env, roster, request, arena);
	f->request_id = arena_copy(&f->arena, request_id);
	f->hops = hops;
	f->plan = plan;
	list_for_joining(f);
	add_reader(f, r, on_news);
	start_total(f);
	if (f->request.door.priority == REQUEST_PRIORITY_UNSAID)
		f->request.door.priority = plan.model->priority;
	return f;
}

/* At once, or behind one with the same beginning. */
static void begin(struct flight *f)
{
	uint64_t hold_ms = gate_hold(f);

	if (hold_ms == 0) {
		flight_try_next(f);
		return;
	}
	move(f, FLIGHT_WAITING);
	alarm_set(&f->clock, hold_ms);
}

struct flight *flight_open(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, struct slice request_id, unsigned hops, struct reader *r, struct task *on_news,
	struct fault *out_fault)
{
	struct flight *f = flight_planned(env, roster, request, arena, request_id, hops, r, on_news, out_fault);

	if (f == NULL)
		return NULL;
	if (window_take(&env->windows, f))
		f->state = FLIGHT_COLLECTED;	/* born there */
	else
		begin(f);
	return f;
}

void flight_read(struct flight *f, struct reader *r, struct task *on_news)
{
	must(f->journal.n_events == 0);
	add_reader(f, r, on_news);
	r->joined = true;
}

void flight_depart(struct flight *f)
{
	must(f->state == FLIGHT_COLLECTED || f->state == FLIGHT_CARRIED);
	flight_try_next(f);
}

void flight_carry(struct flight *f, struct batch *b)
{
	must(f->state == FLIGHT_COLLECTED);
	move(f, FLIGHT_CARRIED);
	f->batch = b;
}

void flight_land(struct flight *f)
{
	must(f->state == FLIGHT_CARRIED);
	f->landed = true;
	if (f->fault.err == ERR_OK)
		flight_end_ok(f);
	else
		flight_end_failed(f);
}

void flight_keep(struct flight *f, const struct digest *d, uint64_t ttl_ms)
{
	must(f->journal.n_events == 0);
	f->digest = *d;
	f->keep_ms = ttl_ms;
}

struct flight *flight_replay(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, const struct exact_answer *answer, struct reader *r, struct task *on_news)
{
	struct flight *f = new_flight(env, roster, request, arena);

	f->replay = f->released = f->streamed = true;
	f->back = dialect_by_tag(answer->dialect);
	f->age_ms = answer->age_ms;
	f->saved = price_cost(tariff_of(roster, answer->target), &(struct usage){ answer->prompt_tok,
		answer->completion_tok, -1, -1, -1 });
	counter_add(COUNTER_cache_saved_prompt_tok, (uint64_t)MAX_OF(answer->prompt_tok, 0));
	counter_add(COUNTER_cache_saved_completion_tok, (uint64_t)MAX_OF(answer->completion_tok, 0));
	f->tape.bytes.max = SIZE_MAX;
	buf_add(&f->tape.bytes, answer->tape);
	journal_complete(&f->journal);
	move(f, FLIGHT_ENDED);
	add_reader(f, r, on_news);
	r->tape_end = tape_size(&f->tape);
	return f;
}

static void dig(struct grave *g)
{
	struct flight *f = LIST_ITEM(g, struct flight, grave);

	counter_sub(COUNTER_buffered_bytes, f->request.body.n);
	journal_done(&f->journal);
	tape_done(&f->tape);
	roster_unref(&f->roster);
	arena_done(&f->arena);
	f->magic = 0;
	spare_give(&spares, f);
}

/* Many SDKs close when they read the end mark: what only the provider's transfer still lacks then is a good answer. */
static bool is_told(const struct flight *f)
{
	const struct answer *a = &f->attempt.answer;
	return a->ended ? a->fault.err == ERR_OK : answer_is_told(a);
}

void flight_stop(struct flight *f)
{
	bool told = f->state == FLIGHT_TRYING && is_told(f);

	if (f->state == FLIGHT_TRYING)
		settle_attempt(f, &(struct fault){ .err = told ? ERR_OK : ERR_CLIENT_GONE });
	if (told)
		flight_end_ok(f);
	else if (f->state != FLIGHT_ENDED)
		move(f, FLIGHT_ENDED);
}

static void bury(struct flight *f)
{
	struct loop *l = f->env->attempt.loop;

	flight_stop(f);
	if (f->env->on_unpaid && (f->unpaid.completion_tok > 0 || f->unpaid.prompt_tok > 0))
		f->env->on_unpaid(f->env->unpaid_arg, f);
	join_unlist(&f->env->join, f);
	loop_unpost(l, &f->drive);
	counter_sub(COUNTER_flights_open, 1);
	loop_bury(l, &f->grave, dig);
}

void flight_tries(const struct flight *f, struct buf *out)
{
	for (uint32_t i = 0; i < MIN_OF(f->attempts, (uint32_t)FLIGHT_TRIES); i++) {
		const struct flight_try *t = &f->tries[i];
		if (t->target == NULL)
			break;
		buf_addf(out, "%s%.*s=%s:%llu", i ? " " : "", SLICE_ARG(t->target->name), err_name(t->err),
			(unsigned long long)(t->took_ns / SPAN_NS_PER_MS));
	}
}

void flight_leave(struct reader *r)
{
	struct flight *f = r->flight;

	if (f == NULL)
		return;
	r->flight = NULL;
	f->orphan |= !r->joined;
	cursor_close(&r->cursor);
	must(f->readers > 0);
	if (--f->readers == 1 && f->on_alone)
		loop_post(f->env->attempt.loop, f->on_alone);
	if (f->readers == 0)
		bury(f);
}
