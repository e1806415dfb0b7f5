#include "flight/lead.h"

#include "base/counter.h"
#include "flight/flight_priv.h"
#include "flight/lag.h"

/* Who wants a whole answer reads nothing before its end, as of an attempt: until then a failure stays invisible, and
 * who joins misses nothing. */
static void on_lead_start(struct flight *f, char dialect, struct slice target)
{
	f->streamed = f->followed = true;
	f->back = dialect_by_tag(dialect);
	if (f->request.stream) {
		f->released = true;
		f->first_ns = loop_now(f->env->attempt.loop);
	}
	for (size_t i = 0; i < f->plan.n; i++)
		if (slice_eq(f->plan.steps[i].target->name, target))
			f->target = f->plan.steps[i].target;
}

static bool on_lead_event(struct flight *f, const struct event *ev)
{
	if (ev->kind == EVENT_FINISH && ev->choice == 0)
		f->finish = ev->finish;
	if (flight_take(f, ev) == ERR_OK) {
		if (f->released)
			lag_check(f);
		return true;
	}
	f->fault = (struct fault){ .err = ERR_UP_TOO_BIG };
	flight_end_failed(f);
	return false;
}

/* Nobody has read anything: this node asks for itself. */
static void take_over(struct flight *f)
{
	f->landed = f->followed = f->streamed = false;
	f->finish = EVENT_FINISH_NONE;
	f->target = NULL;
	journal_restart(&f->journal);
	tape_clear(&f->tape);
	counter_add(COUNTER_flights_taken_over, 1);
	flight_try_next(f);
}

static void on_lead_end(struct flight *f, bool complete)
{
	if (complete && f->followed) {
		flight_end_ok(f);
	} else if (f->released) {
		f->fault = (struct fault){ .err = ERR_UP_TRUNCATED };
		flight_end_failed(f);
	} else {
		take_over(f);
	}
}

static const struct follower_events lead_events = { .on_start = on_lead_start, .on_event = on_lead_event,
	.on_end = on_lead_end };

struct flight *lead_follow(struct flight_env *env, const struct lead *lead, struct roster *roster,
	const struct request *request, struct arena *arena, struct slice request_id, unsigned hops, struct reader *r,
	struct task *on_news, struct fault *out_fault)
{
	struct flight *f = flight_planned(env, roster, request, arena, request_id, hops, r, on_news, out_fault);

	if (f == NULL)
		return NULL;
	f->state = FLIGHT_FOLLOWING;	/* born there */
	f->landed = true;
	f->follower = follower_open(lead->store, f, &lead->digest, slice_of(lead->token, ABROAD_TOKEN), &lead_events);
	counter_add(COUNTER_flights_followed, 1);
	return f;
}
