/* What weir has learned about a target, a key, a provider or a model while running: breaker, rest until,
 * retry budget.  One struct for all four, kept by name in a bounded table that survives reloads. */
#ifndef ROUTE_HEALTH_H
#define ROUTE_HEALTH_H

#include "base/err.h"
#include "base/map.h"
#include "route/breaker.h"
#include "route/budget.h"

/* A key that one target must not use for a while.  Kept for the pair: rate limits and permissions are per
 * model, so a 429 of one model must not take its neighbours away, nor a 403 for a model that a client
 * named directly. */
struct health_rest {
	const struct health *key;
	uint64_t until_ns;
	enum err why;
};
#define HEALTH_RESTS 16		/* as many as a provider may have keys */

struct health {
	struct slice name;		/* "target openai/gpt-4.1", "key openai 3f2a", "model chat" */
	struct breaker breaker;		/* targets */
	struct budget budget;		/* providers, models */
	uint64_t rest_until_ns;		/* throttled: not used before */
	enum err rest_why;
	struct health_rest *key_rests;	/* targets: HEALTH_RESTS of them, made at the first; NULL before */
	uint64_t void_ns;		/* targets: when the breaker opened last; what it had warm is gone; 0: never */
	uint32_t turn;			/* models: round robin over targets */
	uint32_t in_flight;		/* attempts now */
	uint64_t attempts, failures;	/* failures: blamed on the provider or on weir, never on the client */
	bool shared;			/* `other`: never rests and never opens, for strangers share it */
};

struct affinity;

struct health_table {
	struct map map;
	size_t max;			/* direct provider/model can name anything: past this all get `other` */
	size_t asked;			/* entries that count against `max` */
	struct health *other;
	struct affinity *affinity;	/* who has which prompt prefix warm; NULL: nobody asks */
	struct breaker_conf breaker;	/* as configured now, for show; this floor goes by struct plan_conf */
};

void health_init(struct health_table *t, size_t max, uint64_t seed);
void health_done(struct health_table *t);
/* The health with this name, made when new.  Never NULL; lives as long as the table.  Past `max` new
 * names get `other`. */
struct health *health_get(struct health_table *t, const char *kind, struct slice name);
/* The same for a name from the configuration, which always gets its own. */
struct health *health_keep(struct health_table *t, const char *kind, struct slice name);
/* Neither resting nor held back by its breaker. */
bool health_may_use(const struct health *h, uint64_t now_ns);
/* Rests at least until then. */
void health_rest(struct health *h, uint64_t until_ns, enum err why);
/* This target rests with this key at least until then. */
void health_rest_key(struct health *h, const struct health *key, uint64_t until_ns, enum err why);
/* The pair's rest, which may be over; NULL when there is none. */
const struct health_rest *health_key_rest(const struct health *h, const struct health *key);
/* Does it rest, as a whole or with any of its keys?  For show: with another key it may well be in use. */
bool health_is_resting(const struct health *h, uint64_t now_ns);

#endif
