/* The whole configuration file: the root of the row tables, and the struct they fill. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "admit/client_key.h"
#include "cache/semantic_index.h"
#include "front/front_conf.h"
#include "route/route_conf.h"
#include "store/store_conf.h"

struct conf;

enum settings_log_format { SETTINGS_LOG_AUTO, SETTINGS_LOG_JSON, SETTINGS_LOG_TEXT };

struct settings_log {
	int level;		/* enum log_level, debug to error */
	enum settings_log_format format;
	bool access;
};

struct settings_cache {
	uint64_t memory, prefixes;
	struct secret secret;
	struct slice embedder;
	int64_t embedder_dim;
	uint64_t embedder_deadline;
	uint64_t semantic;
	enum semantic_index_kind semantic_index;
};

struct settings_cluster {
	int64_t hot;
};

struct settings_answers {
	uint64_t head, event, body, journal, lag, tape;
};

struct settings {
	struct route_conf route;	/* first: its rows are spread over the root */
	struct slice listen;
	struct front_tls_conf tls;
	struct front_admin_conf admin;
	struct settings_log log;
	struct row_items keys;		/* of struct client_key_conf, by name */
	struct front_limits_conf limits;
	struct front_timeouts_conf timeouts;
	struct settings_answers answers;
	struct front_drain_conf drain;
	enum front_half_close half_close;
	struct settings_cache cache;
	struct settings_cluster cluster;
	struct store_conf redis;
	uint64_t ping;
	int64_t max_hops;
};

extern const struct section settings_section;

/* What the rows cannot say one by one (a key without a certificate).  Faults are added to `c`. */
void settings_check(struct conf *c);

/* The configuration for a start without a file: providers for the API keys found in the environment, and the store that
 * REDIS_URL names, as YAML.  Returns how many providers. */
struct buf;
size_t settings_from_env(const char *(*env)(void *arg, const char *name), void *arg, struct buf *out);

#endif
