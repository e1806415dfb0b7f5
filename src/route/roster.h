/* The roster: who can be asked for what.  Built from the configuration, frozen, reference counted: an
 * exchange keeps the one it began with through a reload.  What changes while running (breaker, cool-down,
 * retry budget) lives in struct health and outlives rosters. */
#ifndef ROUTE_ROSTER_H
#define ROUTE_ROSTER_H

#include "base/arena.h"
#include "base/map.h"
#include "base/secret.h"
#include "codec/url.h"
#include "dialect/dialect.h"
#include "dialect/provider.h"
#include "dialect/translate.h"
#include "ledger/price.h"
#include "route/health.h"

struct route_conf;
struct conf;
struct pool;
struct tls_client;

#define ROSTER_MAX_TIERS 8
#define ROSTER_MAX_TARGETS 32	/* in one model */
#define ROSTER_MAX_KEYS 16

struct roster_header {
	struct slice name, value;
};

struct roster_key {
	struct secret secret;
	struct health *health;		/* counts; its rests are kept by each target (struct health_rest) */
};

/* A configured operator of models. */
struct provider {
	struct slice name;
	struct translate_tongues tongues;
	const struct quirks *quirks;
	struct url url;			/* {model} in its path stands for the model */
	struct slice query;		/* of every request, without `?`; usually empty */
	struct slice authority;		/* Host field */
	struct slice listed;		/* its name in the list of prices; empty: not at its own address */
	enum provider_auth auth;
	enum provider_usage usage;
	struct roster_key keys[ROSTER_MAX_KEYS];
	size_t n_keys;			/* 0: no key is sent */
	struct roster_header *headers;	/* extra fields to send */
	size_t n_headers;
	struct slice ca_file;
	bool tls_insecure;
	struct tls_client *tls;		/* filled by the service; NULL for plain http; let go with the roster */
	struct pool *pool;		/* filled by the service: connections to this origin, shared between rosters */
	uint32_t max_connections, max_waiting, warm;
	uint64_t idle_ms;		/* how long an unused connection is kept */
	uint64_t queue_ms;		/* longest wait for a connection */
	struct health *health;		/* retry budget of the provider */
};

/* provider + upstream model. */
struct target {
	struct slice name;		/* "openai/gpt-4.1-mini" */
	const struct provider *provider;
	struct slice model;		/* as the provider calls it */
	uint32_t weight;		/* 0: takes no traffic at all */
	const struct price *price;	/* NULL: not known */
	struct health *health;		/* breaker and cool-down */
	const char *why;		/* the reason in a plan: "tier 1, weight 70 of 100" */
	const char *why_fallback;	/* "fallback small, tier 1, in order" */
};

enum roster_balance { ROSTER_WEIGHTED, ROSTER_ROUND_ROBIN, ROSTER_ORDERED, ROSTER_PREFIX };

struct tier {
	enum roster_balance balance;
	struct target *targets;
	size_t n_targets;
};

/* Clocks of every upstream call, milliseconds.  first_token counts for streams from the request sent to the
 * first content event; a whole (not streamed) answer comes only after all its tokens are made, so its first
 * byte has a clock of its own. */
struct clocks {
	uint64_t connect_ms, first_token_ms, whole_ms, idle_ms, total_ms;
};

/* Whether similar questions share an answer (cache/semantic.h). */
enum roster_semantic_mode { ROSTER_SEMANTIC_OFF, ROSTER_SEMANTIC_SHADOW, ROSTER_SEMANTIC_THRESHOLD,
	ROSTER_SEMANTIC_VERIFIED };
struct roster_semantic {
	enum roster_semantic_mode mode;
	uint64_t ttl_ms;
	double threshold;		/* least cosine, for THRESHOLD and for what counts as near at all */
	double error;			/* allowed share of wrong hits */
	uint32_t depth, rows;		/* most user turns; most questions of one partition */
};

/* How requests of a model wait for company (design.md 6).  AUTO: the priority decides. */
enum roster_window { ROSTER_WINDOW_AUTO, ROSTER_WINDOW_JOIN, ROSTER_WINDOW_COLLECT };
struct window_conf {
	enum roster_window mode;
	uint64_t max_ms;		/* longest wait */
	uint32_t items, tokens;		/* of one merged call, at most; 0: as the provider takes */
};

struct model {
	struct slice name;
	struct tier tiers[ROSTER_MAX_TIERS];
	size_t n_tiers;
	struct clocks clocks;
	uint32_t retries;		/* extra rounds after every target was tried */
	struct slice *fallbacks;	/* model names tried when this model's own tiers are used up */
	size_t n_fallbacks;
	bool strict;			/* nothing may be left out of a request */
	bool join;			/* identical requests in progress share one answer */
	bool chains;			/* its requests need the hashes of their prefixes (chat/chain.h) */
	bool homes;			/* they go where their prefix is warm (affinity.h) */
	bool prefix;			/* cache marks are added for the providers' prompt caches */
	struct window_conf window;
	enum request_priority priority;	/* of requests that do not say theirs */
	uint64_t exact_ms;		/* how long an answer serves identical requests; 0: not at all */
	struct roster_semantic semantic;
	uint64_t refresh_ms;		/* an answer this old is renewed while it serves; 0: never */
	bool split_usage;		/* of a shared answer each reader bears a part */
	bool share_all;			/* tenants share answers in progress and kept ones */
	struct health *health;		/* retry budget of the model, turn of round robin */
};

struct roster {
	struct arena arena;
	unsigned refs;
	struct map models;		/* name -> struct model */
	struct map providers;		/* name -> struct provider */
	struct map prices;		/* target's name -> struct price; from the configuration */
	struct model **model_list;	/* in config order, for /v1/models */
	size_t n_models;
	const struct model *any;	/* template for direct `provider/model`: default clocks and retries */
	struct health_table *health;
};

/* Builds from a configuration, copying all it needs.  Faults (unknown provider in a target, cyclic fallbacks,
 * unknown dialect, bad URL...) are added to `c` with their places; NULL when `c` has any, the row engine's
 * included.  1 reference for the caller. */
struct roster *roster_new(struct conf *c, const struct route_conf *rc, struct health_table *ht);
struct roster *roster_ref(struct roster *r);
void roster_unref(struct roster **r);
/* A configured model, or `provider/model` made into a single-target model in `a`; NULL when there is neither.
 * `a` must not outlive the roster. */
const struct model *roster_find(struct roster *r, struct slice name, struct arena *a);
/* Would roster_find give one?  Leaves no trace: strangers may ask for any name. */
bool roster_knows(const struct roster *r, struct slice name);

#endif
