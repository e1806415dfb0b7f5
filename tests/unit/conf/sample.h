/* A small tree of row tables with every kind in it, and a world of its own: variables and files that exist nowhere. */
#ifndef TESTS_UNIT_CONF_SAMPLE_H
#define TESTS_UNIT_CONF_SAMPLE_H

#include "conf/conf.h"

enum sample_balance { SAMPLE_FIRST, SAMPLE_WEIGHTED };

struct sample_target {
	struct slice target;
	int64_t weight;
};

struct sample_tier {
	enum sample_balance balance;
	struct row_items targets;
};

struct sample_clocks {
	uint64_t connect, idle;
};

struct sample_model {
	struct row_items tiers;
	struct sample_clocks clocks;
	struct row_strs tags;
};

struct sample_provider {
	struct secret key;
	struct slice url;
	int64_t weight;
};

struct sample_tls {
	struct slice cert;
	struct secret pass;
	bool strict;
};

struct sample {
	struct slice listen, name;
	int64_t workers, shift;
	uint64_t body, ping;
	double share;
	bool hold;
	struct secret master;
	struct sample_tls tls;
	struct sample_clocks clocks;
	struct row_strs tags;
	struct row_items providers, models;
};

static const struct row sample_target_rows[] = {
	ROW_STR(struct sample_target, target, 3, 64, ROW_REQUIRED, ROW_RELOAD, "provider/model"),
	ROW_INT(struct sample_target, weight, 0, 1000, "1", ROW_RELOAD, "share of the traffic"),
};
static const struct section sample_target =
	ROW_TABLE_SCALAR("target", struct sample_target, sample_target_rows, "target");

static const struct row sample_tier_rows[] = {
	ROW_ENUM(struct sample_tier, balance, "first|weighted", "first", ROW_RELOAD, "which target goes first"),
	ROW_LIST(struct sample_tier, targets, 1, 3, &sample_target, ROW_REQUIRED, ROW_RELOAD, "who may answer"),
};
static const struct section sample_tier = ROW_TABLE("tier", struct sample_tier, sample_tier_rows);

static const struct row sample_clocks_rows[] = {
	ROW_MS(struct sample_clocks, connect, 10, 600000, "2s", ROW_RELOAD, "longest time to connect"),
	ROW_MS(struct sample_clocks, idle, 10, 600000, "15s", ROW_RESTART, "longest silence"),
};
static const struct section sample_clocks = ROW_TABLE("clocks", struct sample_clocks, sample_clocks_rows);

static const struct row sample_model_rows[] = {
	ROW_LIST(struct sample_model, tiers, 1, 4, &sample_tier, ROW_REQUIRED, ROW_RELOAD, "tried in turn"),
	ROW_SECTION(struct sample_model, clocks, &sample_clocks, ROW_OPTIONAL, "time limits of one attempt"),
	ROW_STR_LIST(struct sample_model, tags, 0, 3, "eu, fast", ROW_RELOAD, "labels"),
};
static const struct section sample_model = ROW_TABLE("model", struct sample_model, sample_model_rows);

static const struct row sample_provider_rows[] = {
	ROW_SECRET(struct sample_provider, key, ROW_OPTIONAL, ROW_RELOAD, "API key"),
	ROW_STR(struct sample_provider, url, 8, 200, ROW_OPTIONAL, ROW_RESTART, "base URL, https | http"),
	ROW_INT(struct sample_provider, weight, 0, 10, "1", ROW_RELOAD, "share of the traffic"),
};
static const struct section sample_provider = ROW_TABLE("provider", struct sample_provider, sample_provider_rows);

static const struct row sample_tls_rows[] = {
	ROW_STR(struct sample_tls, cert, 1, 200, ROW_REQUIRED, ROW_RELOAD, "certificate file"),
	ROW_SECRET(struct sample_tls, pass, ROW_REQUIRED, ROW_RELOAD, "pass phrase"),
	ROW_BOOL(struct sample_tls, strict, "true", ROW_RELOAD, "refuse old versions"),
};
static const struct section sample_tls = ROW_TABLE("tls", struct sample_tls, sample_tls_rows);

static const struct row sample_rows[] = {
	ROW_STR(struct sample, listen, 1, 100, "0.0.0.0:8080", ROW_RESTART, "where clients connect"),
	ROW_STR(struct sample, name, 0, 20, ROW_OPTIONAL, ROW_RELOAD, "shown in logs"),
	ROW_INT(struct sample, workers, 1, 64, "1", ROW_RESTART, "processes"),
	ROW_INT(struct sample, shift, -5, 5, "-1", ROW_RELOAD, "offset"),
	ROW_BYTES(struct sample, body, 1024, 1u << 30, "32MiB", ROW_RELOAD, "largest body"),
	ROW_MS(struct sample, ping, 1000, 60000, "0", ROW_RELOAD, "time between pings, 0 for none"),
	ROW_RATIO(struct sample, share, 0, 1, "0.2", ROW_RELOAD, "retries per request"),
	ROW_BOOL(struct sample, hold, "true", ROW_RELOAD, "hold until the first event"),
	ROW_SECRET(struct sample, master, ROW_OPTIONAL, ROW_RESTART, "admin key"),
	ROW_SECTION(struct sample, tls, &sample_tls, ROW_OPTIONAL, "TLS for clients"),
	ROW_SECTION(struct sample, clocks, &sample_clocks, ROW_OPTIONAL, "time limits"),
	ROW_STR_LIST(struct sample, tags, 1, 3, ROW_OPTIONAL, ROW_RESTART, "labels"),
	ROW_MAP(struct sample, providers, 0, 4, &sample_provider, ROW_OPTIONAL, ROW_RELOAD, "who sells tokens"),
	ROW_MAP(struct sample, models, 0, 4, &sample_model, ROW_OPTIONAL, ROW_RESTART, "what clients ask for"),
};
static const struct section sample = ROW_TABLE("sample", struct sample, sample_rows);

/* The secret bytes that no print may ever hold. */
#define CANARY "sk-canary-4711"

static inline const char *sample_env(void *arg, const char *name)
{
	static const char *const vars[][2] = { { "KEY", CANARY }, { "KEY_NL", CANARY "\n" }, { "PORT", "9000" },
		{ "EMPTY", "" }, { "WORDS", "two words" }, { "YAML", "{a: [b], c: \"d\"} # $x ${PORT}" },
		{ "SPLIT", "sk-canary\r\nX-Evil: 1" }, { "BYTES", "a\xff" }, { "N", "8" } };

	for (size_t i = 0; i < COUNT_OF(vars); i++)
		if (strcmp(vars[i][0], name) == 0)
			return vars[i][1];
	return NULL;
}

static inline bool sample_file(void *arg, struct arena *a, const char *path, size_t max, struct slice *out,
	const char **out_why)
{
	static const char *const files[][2] = { { "/run/key", CANARY "\n\n" }, { "/run/empty", "\n" },
		{ "etc/near", CANARY } };

	*out_why = "No such file or directory";
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		if (strcmp(files[i][0], path) != 0)
			continue;
		*out = arena_copy(a, slice_str(files[i][1]));
		return out->n <= max;
	}
	return false;
}

static const struct source sample_source = { .env = sample_env, .file = sample_file };

static inline struct conf *sample_parse(const char *text)
{
	return conf_parse(slice_str(text), "etc/weir.yaml", &sample, &sample_source);
}

#endif
