/* What an exchange is, for the rooms that make it up: exchange.c (steps and driver), reply.c (what the client is told)
 * and lookup.c (answers that are there already). */
#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include "admit/client_key.h"
#include "exchange/embedding.h"
#include "exchange/exchange.h"
#include "exchange/relay.h"
#include "store/store.h"

enum step_id {
#define STEP(n, wait) STEP_##n,
#include "exchange/steps.def"
#undef STEP
};

#define EXCHANGE_MAGIC 0x78636e67u	/* "xcng" */
#define EXCHANGE_ARENA (512u << 20)

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
	bool known;			/* its bytes were answered from the cache before: no tree, but a digest */
	bool model_known;		/* its model is one of the configuration's */
	uint64_t keep_ms;		/* its answer may come from the cache, and go there for this long */
	uint64_t refresh_ms;		/* an older one is renewed; 0: none is */
	struct {
		struct store_op op;
		char token[ABROAD_TOKEN];	/* of the lease: ours or that of the owner */
		bool hot, asked, asking, owns, follows;
	} claim;			/* among the nodes, for a request that comes often */
	struct question *question;	/* for the semantic cache; NULL: it is not asked */
	struct embedding *embedding;	/* while a provider is asked for its point */
	struct slice point;		/* what it said */
	bool pointless;			/* it said nothing */
	struct {
		struct semantic_search find;
		bool asked, over;
	} search;			/* of the nodes' shared index */
	struct {
		struct task task;	/* in place of `drive` */
		bool on, over;
	} beside;			/* only measured: nobody waits for point and index */
	uint64_t complaint;		/* about an entry that is not here (0: none); perhaps it is found there */
	struct semantic_note *note;	/* what it said */
	struct homes *homes;		/* what other nodes are asked before the plan is made; NULL: nothing */
	struct store_op recall;		/* the question to the shared store */
	bool recalled;			/* is answered */
	uint64_t open_ns, out_ns, wall_ms, body_n, out_n;
	int status;
	bool head_sent, silent /* nobody to reply to */, whole;
	bool estimated;			/* a count that no provider could give */
	struct grave grave;
	char request_id[65], peer[64], client[CLIENT_KEY_NAME_MAX + 1];
};

static inline struct loop *exchange_loop(const struct exchange *ex)
{
	return ex->env->flight.attempt.loop;
}

/* How old a kept answer may be. */
static inline uint64_t exchange_max_age(const struct exchange *ex)
{
	return ex->request.door.max_age_ms ? ex->request.door.max_age_ms : UINT64_MAX;
}

/* What the nodes share, while it can be reached; else NULL. */
static inline struct store *exchange_store(const struct exchange *ex)
{
	struct store *s = ex->env->flight.exact.store;
	return s && store_is_shared(s) && store_is_near(s) ? s : NULL;
}

/* The first fault counts. */
static inline void exchange_fail(struct exchange *ex, const struct fault *f)
{
	if (ex->fault.err == ERR_OK)
		ex->fault = *f;
}

#endif
