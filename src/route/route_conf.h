/* Configuration of providers, models, breakers and retries: the rows, and the structs they fill. */
#ifndef ROUTE_ROUTE_CONF_H
#define ROUTE_ROUTE_CONF_H

#include "conf/row.h"
#include "route/plan.h"

#define ROUTE_CONF_NAME_MAX 512u	/* bytes of "provider/model", configured or asked for */

struct route_tls_conf {
	struct slice ca;
	bool insecure;
};

struct route_key_conf {
	struct secret key;
};

struct route_header_conf {
	struct secret value;		/* may be a credential, so it is never shown */
};

/* AUTO: what the catalogue (dialect/provider.h) says. */
enum route_auth { ROUTE_AUTH_AUTO, ROUTE_AUTH_BEARER, ROUTE_AUTH_NONE, ROUTE_AUTH_API_KEY,
	ROUTE_AUTH_X_API_KEY, ROUTE_AUTH_X_GOOG_API_KEY, ROUTE_AUTH_PORTKEY };
enum route_usage { ROUTE_USAGE_AUTO, ROUTE_USAGE_ASK, ROUTE_USAGE_ALWAYS, ROUTE_USAGE_NEVER };

struct route_provider_conf {
	struct slice like;		/* a name of the catalogue whose row counts; empty: the provider's own name */
	struct slice dialect, url;	/* empty: the catalogue's */
	struct row_strs also;		/* empty: the catalogue's */
	struct slice query;
	struct secret key;
	struct row_items keys;		/* of struct route_key_conf */
	enum route_auth auth;
	enum route_usage usage;
	struct row_items headers;	/* of struct route_header_conf, by field name */
	struct route_tls_conf tls;
	int64_t max_connections, max_waiting, warm;
	uint64_t idle, queue;
};

struct route_target_conf {
	struct slice target;
	int64_t weight;
};

struct route_tier_conf {
	enum roster_balance balance;
	struct row_items targets;	/* of struct route_target_conf */
};

struct route_clocks_conf {
	uint64_t connect, first_token, whole, idle, total;
};

struct route_semantic_conf {
	enum roster_semantic_mode mode;
	uint64_t ttl;
	double threshold, error;
	int64_t depth, rows;
};

enum route_prefix { ROUTE_PREFIX_OFF, ROUTE_PREFIX_AUTO };

struct route_cache_conf {
	uint64_t exact, refresh;
	struct route_semantic_conf semantic;
	enum route_prefix prefix;
};

enum route_share { ROUTE_SHARE_TENANT, ROUTE_SHARE_ALL };
enum route_bill { ROUTE_BILL_LEADER, ROUTE_BILL_SPLIT };

struct route_window_conf {
	enum roster_window mode;
	uint64_t max;
	int64_t items, tokens;
};

/* In the order of REQUEST_PRIORITIES. */
enum route_priority { ROUTE_PRIORITY_REALTIME, ROUTE_PRIORITY_NORMAL, ROUTE_PRIORITY_BULK, ROUTE_PRIORITY_BATCH };

enum route_join { ROUTE_JOIN_TOGETHER, ROUTE_JOIN_SEPARATE };

struct route_model_conf {
	struct row_items tiers;		/* of struct route_tier_conf */
	struct row_items targets;	/* of struct route_target_conf: short for one tier */
	struct route_clocks_conf clocks;
	int64_t retries;
	struct row_strs fallbacks;
	bool strict;
	enum route_join join;
	enum route_share share;
	enum route_bill join_usage;
	struct route_window_conf window;
	enum route_priority priority;
	struct route_cache_conf cache;
};

struct route_breaker_conf {
	int64_t fails;
	double share;
	int64_t min_calls;
	uint64_t open, open_max;
};

struct route_retry_conf {
	double share, per_second;
	uint64_t backoff, backoff_max, retry_after_max, rest_max, key_rest;
};

/* Dollars a million tokens. */
struct route_price_conf {
	double input, output, cached_input, cache_write;
};

struct route_conf {
	struct row_items providers;	/* of struct route_provider_conf, by name */
	struct row_items models;	/* of struct route_model_conf, by name */
	struct row_items prices;	/* of struct route_price_conf, by target */
	struct route_breaker_conf breaker;
	struct route_retry_conf retry;
};

/* The five keys of struct route_conf as one section; a root that spreads them can take the parts. */
extern const struct section route_conf;
extern const struct section route_conf_provider, route_conf_model, route_conf_breaker, route_conf_retry;
/* Parts of the parts, for reading items. */
extern const struct section route_conf_price, route_conf_key, route_conf_header, route_conf_tier, route_conf_target;

#define ROUTE_CONF_PROVIDERS_MAX 256u
#define ROUTE_CONF_MODELS_MAX 4096u
#define ROUTE_CONF_PRICES_MAX 4096u

/* What plan_next and plan_result go by. */
struct plan_conf route_conf_plan(const struct route_conf *rc);
/* Clocks and retries of a request for `provider/model`, which no `models` entry describes: the rows'
 * defaults. */
struct clocks route_conf_direct_clocks(void);
uint32_t route_conf_direct_retries(void);
struct window_conf route_conf_direct_window(void);
struct window_conf route_conf_window(const struct route_window_conf *w);

#endif
