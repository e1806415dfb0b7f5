#include "app/settings.h"

#include "cache/embed.h"
#include "conf/conf.h"
#include "dialect/provider.h"

_Static_assert(offsetof(struct settings, route) == 0, "the rows of struct route_conf are used for struct settings");

static const struct row log_rows[] = {
	ROW_ENUM(struct settings_log, level, "debug|info|warn|error", "info", ROW_RELOAD,
		"least important lines that are written"),
	ROW_ENUM(struct settings_log, format, "auto|json|text", "auto", ROW_RELOAD,
		"auto: text on a terminal, JSON elsewhere"),
	ROW_BOOL(struct settings_log, access, "true", ROW_RELOAD, "one line for each request"),
};
static const struct section log_section = ROW_TABLE("log", struct settings_log, log_rows);

static const struct row answers_rows[] = {
	ROW_BYTES(struct settings_answers, head, 4096, 1u << 20, "64KiB", ROW_RELOAD,
		"largest response head of a provider"),
	ROW_BYTES(struct settings_answers, event, 4096, 64u << 20, "8MiB", ROW_RELOAD,
		"largest event of a stream; images come in one event"),
	ROW_BYTES(struct settings_answers, body, 65536, 1u << 30, "64MiB", ROW_RELOAD,
		"largest answer, streamed or not"),
	ROW_BYTES(struct settings_answers, journal, 65536, 1u << 30, "160MiB", ROW_RELOAD,
		"most memory one answer may hold, as it came and taken apart: at least twice `body`"),
	ROW_BYTES(struct settings_answers, lag, 16384, 1u << 30, "256KiB", ROW_RELOAD,
		"a client this far behind its stream pauses the provider"),
	ROW_BYTES(struct settings_answers, tape, 0, 1u << 30, "64KiB", ROW_RELOAD,
		"most bytes of an answer, in short form, that identical requests can still join and that is kept i"
			"n the "
		"cache; 0: nobody joins, nothing is kept"),
};
static const struct section answers_section = ROW_TABLE("answers", struct settings_answers, answers_rows);

static const struct row cache_rows[] = {
	ROW_BYTES(struct settings_cache, memory, 0, 1ull << 40, "64MiB", ROW_RELOAD,
		"answers kept in this process; what was not used lately gives way"),
	ROW_BYTES(struct settings_cache, prefixes, 4096, 1ull << 30, "8MiB", ROW_RELOAD,
		"what is remembered of prompt prefixes for `balance: prefix` and models.NAME.cache.prefix: one half "
		"who has them warm, the other how often they come again"),
	ROW_BYTES(struct settings_cache, semantic, 0, 1ull << 40, "64MiB", ROW_RELOAD,
		"questions of the semantic cache and their answers, one half each; what was not used lately gives way"),
	ROW_ENUM(struct settings_cache, semantic_index, "flat|vectorset|search", "flat", ROW_RESTART,
		"where similar questions are looked for: in each node's memory (flat), or also at the Redis that the "
		"nodes share, by its vector sets (Redis 8) or its search module; one that has none: flat; the same "
		"on all nodes"),
	ROW_STR(struct settings_cache, embedder, 0, 4096, "", ROW_RELOAD,
		"what tells similar questions: a model2vec folder, a file of `weir train`, a model for embeddings "
		"(NAME or provider/model) that is asked, or empty for the built-in one; another one forgets what was "
		"kept"),
	ROW_INT(struct settings_cache, embedder_dim, 32, EMBED_DIM_MAX, "0", ROW_RELOAD,
		"of an embedder that is asked: how many numbers a vector shall have (`dimensions`); 0: as many as it "
		"gives, and 512 where it gives more"),
	ROW_MS(struct settings_cache, embedder_deadline, 1, 60000, "250ms", ROW_RELOAD,
		"of an embedder that is asked: a request waits so long, then goes on as a miss"),
	ROW_SECRET(struct settings_cache, secret, ROW_OPTIONAL, ROW_RELOAD,
		"keeps the names of kept answers from being guessed where others can read the store; the same on all "
		"nodes"),
};
static const struct section cache_section = ROW_TABLE("cache", struct settings_cache, cache_rows);

static const struct row cluster_rows[] = {
	ROW_INT(struct settings_cluster, hot, 0, 1000000, "3", ROW_RELOAD,
		"identical requests that come this often a second to one node are shared between the nodes of one "
		"Redis, so that one of them asks; 0: never"),
};
static const struct section cluster_section = ROW_TABLE("cluster", struct settings_cluster, cluster_rows);

static const struct row root_rows[] = {
	ROW_STR(struct settings, listen, 1, 4096, "0.0.0.0:8080", ROW_RESTART,
		"address for clients: host:port, [v6]:port or unix:/path"),
	ROW_SECTION(struct settings, tls, &front_conf_tls, ROW_OPTIONAL, "TLS toward clients"),
	ROW_SECTION(struct settings, admin, &front_conf_admin, ROW_OPTIONAL, "address for operators"),
	ROW_MAP(struct route_conf, providers, 0, ROUTE_CONF_PROVIDERS_MAX, &route_conf_provider,
		ROW_OPTIONAL, ROW_RELOAD,
		"operators of models, by a name of your choice; the catalogue knows many"),
	ROW_MAP(struct route_conf, models, 0, ROUTE_CONF_MODELS_MAX, &route_conf_model, ROW_OPTIONAL, ROW_RELOAD,
		"names that clients ask for; provider/model works without an entry"),
	ROW_MAP(struct route_conf, prices, 0, ROUTE_CONF_PRICES_MAX, &route_conf_price, ROW_OPTIONAL, ROW_RELOAD,
		"what tokens cost, by target (provider/model); weir knows the list prices of many"),
	ROW_MAP(struct settings, keys, 0, CLIENT_KEY_MOST, &client_key_conf, ROW_OPTIONAL, ROW_RELOAD,
		"clients known by the key that they show, by a name of your choice; others are served too"),
	ROW_SECTION(struct route_conf, breaker, &route_conf_breaker, ROW_OPTIONAL,
		"when a failing target is left alone"),
	ROW_SECTION(struct route_conf, retry, &route_conf_retry, ROW_OPTIONAL, "how much and how fast is retried"),
	ROW_MS(struct settings, ping, 0, 3600000, "15s", ROW_RELOAD,
		"a streaming client that has heard nothing this long gets a comment; 0: never"),
	ROW_ENUM(struct settings, half_close, FRONT_CONF_HALF_CLOSE, "abort", ROW_RELOAD,
		"a client that closes its sending side: abort its request, or deliver the answer"),
	ROW_SECTION(struct settings, limits, &front_conf_limits, ROW_OPTIONAL, "what clients may use"),
	ROW_SECTION(struct settings, timeouts, &front_conf_timeouts, ROW_OPTIONAL, "how long clients may take"),
	ROW_SECTION(struct settings, answers, &answers_section, ROW_OPTIONAL, "what providers may send"),
	ROW_SECTION(struct settings, cache, &cache_section, ROW_OPTIONAL,
		"answers given again; models.NAME.cache says which"),
	ROW_SECTION(struct settings, cluster, &cluster_section, ROW_OPTIONAL,
		"what nodes that share a Redis do together"),
	ROW_SECTION(struct settings, drain, &front_conf_drain, ROW_OPTIONAL, "the end after SIGTERM"),
	ROW_SECTION(struct settings, log, &log_section, ROW_OPTIONAL, "log lines on standard output"),
	ROW_SECTION(struct settings, redis, &store_conf, ROW_OPTIONAL, "what the nodes of a cluster share"),
	ROW_INT(struct settings, max_hops, 1, 1000, "4", ROW_RELOAD,
		"gateways of this kind a request may pass, so that a loop ends (508)"),
};
const struct section settings_section = ROW_TABLE("weir", struct settings, root_rows);

static void check_keys(struct conf *c, const struct settings *s)
{
	struct client_keys ks = { .v = NULL };

	client_key_load(&ks, &s->keys, c, 0);
	client_key_done(&ks);
}

void settings_check(struct conf *c)
{
	const struct settings *s = c->root;

	if ((s->tls.cert.n == 0) != (s->tls.key.n == 0))
		conf_fault(c, &s->tls, "tls needs both cert and key");
	if (s->answers.journal < 2 * s->answers.body)
		conf_fault(c, &s->answers.journal, "answers.journal must be at least twice answers.body");
	check_keys(c, s);
	store_conf_check(c, &s->redis);
}

size_t settings_from_env(const char *(*env)(void *arg, const char *name), void *arg, struct buf *out)
{
	const struct provider_row *p;
	size_t n = 0;

	buf_add(out, SLICE("providers:\n"));
	for (size_t i = 0; (p = provider_at(i)); i++) {
		const char *key = p->env[0] && p->url[0] ? env(arg, p->env) : NULL;
		if (key == NULL || key[0] == '\0')
			continue;
		buf_addf(out, "  %s: {key: \"${%s}\"}\n", p->name, p->env);
		n++;
	}
	const char *redis = env(arg, "REDIS_URL");
	if (redis && redis[0])
		buf_add(out, SLICE("redis: {url: \"${REDIS_URL}\"}\n"));
	if (n == 0)
		buf_clear(out);
	return n;
}
