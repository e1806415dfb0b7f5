#include "flight/lead.h"

#include "base/counter.h"
#include "flight/flight_priv.h"
#include "flight/lag.h"

/* A client that wants one whole answer sees nothing before its end, as with an attempt of our own. */
static bool on_lead_start(struct flight *f, char dialect, struct slice target)
{
	const struct dialect *back = dialect_by_tag(dialect);

	if (back == NULL)
		return false;
	f->back = back;
	f->streamed = f->followed = true;
	f->released = f->request.stream;
	if (f->released)
		f->first_ns = loop_now(f->env->attempt.loop);
	for (size_t i = 0; i < f->plan.n; i++)
		if (slice_eq(f->plan.steps[i].target->name, target))
			f->target = f->plan.steps[i].target;
	return true;
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

/* As long as nobody has read anything, this node asks for itself. */
static void on_lead_end(struct flight *f, bool complete)
{
	if (complete) {
		flight_end_ok(f);
	} else if (f->released) {
		f->fault = (struct fault){ .err = ERR_UP_TRUNCATED };
		flight_end_failed(f);
	} else {
		f->landed = f->followed = false;
		f->target = NULL;
		f->finish = EVENT_FINISH_NONE;
		journal_restart(&f->journal);
		tape_clear(&f->tape);
		counter_add(COUNTER_flights_taken_over, 1);
		flight_try_next(f);
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
