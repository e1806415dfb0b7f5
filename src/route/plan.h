/* The plan: ordered targets for one flight, each with the reason, and what to do after a failed attempt.
 * Pure: (roster, request, health, now, dice) -> plan; no I/O, so tables can test it. */
#ifndef ROUTE_PLAN_H
#define ROUTE_PLAN_H

#include "base/dice.h"
#include "chat/fault.h"
#include "chat/request.h"
#include "route/roster.h"

#define PLAN_MAX 64

struct plan_step {
	const struct target *target;
	const struct model *model;	/* whose tier it came from: clocks */
	const char *why;		/* "tier 1, weight 70 of 100", in the roster or the arena */
	bool spent;			/* never again in this flight (errs.def NEXT, KEY with no key left) */
	uint32_t tries;
	uint32_t round;			/* in which it was last tried, from 1; 0: it may be tried at once */
	uint64_t retry_at_ns;		/* the provider asked for a pause: not before */
};

struct plan {
	struct plan_step *steps;	/* in the arena; at most PLAN_MAX */
	size_t n;
	const struct model *model;	/* the one asked for */
	struct roster *roster;		/* borrowed from the exchange */
	const struct chain *chain;	/* of the prompt, in the arena; NULL: nobody asks who knows it */
	uint64_t made_ns;
	uint32_t attempts;		/* made so far */
	uint32_t unsent;		/* of these, ended before anything was sent: ERR_UNSUPPORTED */
	uint32_t rounds;		/* back-off rounds used */
	bool counted;			/* this flight has filled its model's retry budget */
	bool over;			/* a fault of the request's own, or an end: nothing more is tried */
	struct fault first;		/* reserved for the caller: the fault to tell when all fails */
};

struct plan_conf {
	struct breaker_conf breaker;
	struct budget_conf budget;
	uint64_t backoff_ms, backoff_max_ms;	/* full jitter: uniform in [0, min(max, base * 2^round)) */
	uint64_t retry_after_max_ms;		/* longer waits are not waited for */
	uint64_t rest_max_ms;			/* longest rest after a 429, whatever it asks for */
	uint64_t key_rest_ms;			/* how long a dead key rests */
};

/* ERR_NO_MODEL when neither the model nor a fallback exists (out_fault names the nearest).  Plans of
 * fallback models are appended. */
enum err plan_make(struct plan *p, struct roster *r, const struct request *q, uint64_t now_ns, struct dice *d,
	struct arena *a, struct fault *out_fault);

enum plan_verdict { PLAN_GO, PLAN_WAIT, PLAN_STOP };
struct plan_choice {
	enum plan_verdict verdict;
	struct plan_step *step;			/* PLAN_GO */
	const struct roster_key *key;		/* PLAN_GO; NULL when the provider has no keys */
	uint32_t known;				/* PLAN_GO: bytes of the prompt that this target was believed to
						 * have warm */
	bool probe;				/* PLAN_GO: this attempt is a breaker's probe */
	uint64_t wait_ms;			/* PLAN_WAIT: ask again after this */
	enum err why;				/* PLAN_STOP: ERR_OK when something was tried: the first
						 * fault stands.  Else ERR_UP_THROTTLED or ERR_UP_KEY_DEAD
						 * when all targets rest for that reason (faults.md 70), or
						 * ERR_NO_TARGET */
	uint64_t retry_after_ms;		/* PLAN_STOP: soonest recovery, for the client; 0 unknown */
};
/* What to do now: first call, after a failure, or after a wait.  Takes breaker and retry-budget
 * permissions for PLAN_GO; each PLAN_GO must be answered by one plan_result.  From the second attempt on
 * a token of the model's retry budget is needed, and of the provider's when this flight has been there
 * before: a failover to a fresh provider is no retry for that one. */
struct plan_choice plan_next(struct plan *p, const struct plan_conf *c, uint64_t now_ns, struct dice *d);

/* The running attempt gave its first content event: a probe has proven its target, which then need not
 * wait for the end of a long stream.  Harmless for other attempts.  out_changed as in plan_result. */
void plan_proven(const struct plan_conf *c, struct plan_choice *of, uint64_t now_ns, bool *out_changed);

/* What the provider says of its cache (struct usage, -1: nothing), before plan_result: a home that has nothing loses
 * its entry. */
void plan_cached(struct plan *p, const struct plan_choice *of, int64_t cached_tok);

/* An attempt ended: the one place that feeds breaker, rests, budgets and the plan.  `f->err` ERR_OK: it
 * succeeded.  out_changed: the breaker changed state (log it once). */
void plan_result(struct plan *p, const struct plan_conf *c, const struct plan_choice *of,
	const struct fault *f, uint64_t now_ns, bool *out_changed);

#endif
