/* The rows of this floor.  Owns names, ranges, defaults and help; what the values mean together is
 * checked by enlist.c and roster.c. */
#include "route/route_conf.h"

#include "base/span.h"
#include "ledger/price.h"

#define DAY_MS 86400000u
#define HOUR_MS 3600000u
#define MINUTE_MS 60000u
#define WINDOW_MAX_MS 200u

static const struct row tls_rows[] = {
	ROW_STR(struct route_tls_conf, ca, 0, 4096, "", ROW_RELOAD,
		"PEM file of CAs to trust instead of the system's"),
	ROW_BOOL(struct route_tls_conf, insecure, "false", ROW_RELOAD,
		"take any certificate: only for tests, anybody on the way can read keys and prompts"),
};
static const struct section tls_section = ROW_TABLE("provider_tls", struct route_tls_conf, tls_rows);

static const struct row key_rows[] = {
	ROW_SECRET(struct route_key_conf, key, ROW_REQUIRED, ROW_RELOAD, "one API key"),
};
const struct section route_conf_key =
	ROW_TABLE_SCALAR("provider_key", struct route_key_conf, key_rows, "key");

static const struct row header_rows[] = {
	ROW_SECRET(struct route_header_conf, value, ROW_REQUIRED, ROW_RELOAD,
		"what is sent; treated as a secret"),
};
const struct section route_conf_header =
	ROW_TABLE_SCALAR("provider_header", struct route_header_conf, header_rows, "value");

/* 16,384 connections: at 16 KiB a stream that is 256 MiB, and it stays below the 28,000 ports that Linux has
 * for one address (ip_local_port_range).  50 s of idling stays below the 60 s of AWS load balancers, so that
 * it is mostly weir that closes. */
static const struct row provider_rows[] = {
	ROW_STR(struct route_provider_conf, like, 0, 64, "", ROW_RELOAD,
		"name of a catalogue provider that this one is like (dialect, URL, auth, quirks); empty: its own name"),
	ROW_STR(struct route_provider_conf, dialect, 0, 64, "", ROW_RELOAD,
		"wire format: openai, responses, completions, embeddings, anthropic or gemini; empty: what the "
		"catalogue says, else openai"),
	ROW_STR_LIST(struct route_provider_conf, also, 0, TRANSLATE_ALSO, ROW_OPTIONAL, ROW_RELOAD,
		"further wire formats that it serves under the same URL: their clients are passed through untouched"),
	ROW_STR(struct route_provider_conf, url, 0, 2048, "", ROW_RELOAD,
		"base URL with the version path, e.g. http://127.0.0.1:8000/v1; {model} in it stands for the model; "
		"empty: the catalogue's"),
	ROW_STR(struct route_provider_conf, query, 0, 256, "", ROW_RELOAD,
		"query of every request, e.g. api-version=2024-10-21 (Azure's deployment URLs)"),
	ROW_SECRET(struct route_provider_conf, key, ROW_OPTIONAL, ROW_RELOAD,
		"API key, e.g. ${OPENAI_API_KEY}"),
	ROW_LIST(struct route_provider_conf, keys, 1, ROSTER_MAX_KEYS, &route_conf_key, ROW_OPTIONAL,
		ROW_RELOAD, "several API keys, used in turn; one that is throttled or refused rests"),
	ROW_ENUM(struct route_provider_conf, auth, "auto|bearer|none|api-key|x-api-key|x-goog-api-key|portkey",
		"auto", ROW_RELOAD,
		"header that carries the key; auto: the catalogue's, else what the dialect is used to"),
	ROW_ENUM(struct route_provider_conf, usage, "auto|ask|always|never", "auto", ROW_RELOAD,
		"when streams carry token counts: if asked, always, or asking is refused; auto: the catalogue's, "
		"else ask"),
	ROW_MAP(struct route_provider_conf, headers, 0, 32, &route_conf_header, ROW_OPTIONAL, ROW_RELOAD,
		"further header fields to send with each request"),
	ROW_SECTION(struct route_provider_conf, tls, &tls_section, ROW_OPTIONAL,
		"trust in the provider's certificate"),
	ROW_INT(struct route_provider_conf, max_connections, 1, 65535, "16384", ROW_RELOAD,
		"connections at once, which is also the number of requests in progress"),
	ROW_INT(struct route_provider_conf, max_waiting, 0, 1000000, "1024", ROW_RELOAD,
		"requests that may wait for a connection; more go to the next target at once"),
	ROW_INT(struct route_provider_conf, warm, 0, 1024, "0", ROW_RELOAD,
		"connections opened ahead and kept open"),
	ROW_MS(struct route_provider_conf, idle, 0, DAY_MS, "50s", ROW_RELOAD,
		"an unused connection is kept this long"),
	ROW_MS(struct route_provider_conf, queue, 0, HOUR_MS, "2s", ROW_RELOAD,
		"longest wait for a connection, then the next target is tried"),
};
const struct section route_conf_provider = ROW_TABLE("provider", struct route_provider_conf, provider_rows);

static const struct row target_rows[] = {
	ROW_STR(struct route_target_conf, target, 1, ROUTE_CONF_NAME_MAX, ROW_REQUIRED, ROW_RELOAD,
		"provider/model, the model as the provider calls it"),
	ROW_INT(struct route_target_conf, weight, 0, 1000000, "1", ROW_RELOAD,
		"share of the tier's requests, for balance: weighted; 0 takes the target out of use"),
};
const struct section route_conf_target =
	ROW_TABLE_SCALAR("target", struct route_target_conf, target_rows, "target");

static const struct row tier_rows[] = {
	ROW_ENUM(struct route_tier_conf, balance, "weighted|round_robin|ordered|prefix", "weighted", ROW_RELOAD,
		"which target is tried first; the others of the tier are next when it fails; prefix: the one that has "
		"the prompt's beginning in its cache"),
	ROW_LIST(struct route_tier_conf, targets, 1, ROSTER_MAX_TARGETS, &route_conf_target, ROW_REQUIRED,
		ROW_RELOAD, "who may answer"),
};
const struct section route_conf_tier = ROW_TABLE("tier", struct route_tier_conf, tier_rows);

/* Why these defaults:
 *	connect		a far host with a lost SYN (RFC 6298: 1 s) and a lost TLS flight is ready within 3 s
 *	first_token	reasoning models think for tens of seconds, behind a queue (faults.md 45: 60 s)
 *	whole		a long answer of a slow model, 8,000 tokens at 30 a second, takes 4.4 minutes
 *	idle		once tokens flow they come many a second; gaps are of seconds, not of half a minute
 *	total		OpenAI's SDKs give up after 10 minutes: later nobody listens */
static const struct row clocks_rows[] = {
	ROW_MS(struct route_clocks_conf, connect, 1, 5 * MINUTE_MS, "5s", ROW_RELOAD,
		"name look-up, connection and TLS handshake; enough for a lost packet on a far host"),
	ROW_MS(struct route_clocks_conf, first_token, 0, HOUR_MS, "60s", ROW_RELOAD,
		"until a stream's first token; reasoning models think long, lower it for small ones; 0: no limit"),
	ROW_MS(struct route_clocks_conf, whole, 0, HOUR_MS, "5m", ROW_RELOAD,
		"until the first byte of an answer that is not streamed, when all its tokens are made; 0: no limit"),
	ROW_MS(struct route_clocks_conf, idle, 0, HOUR_MS, "30s", ROW_RELOAD,
		"longest silence in a stream that has begun; working providers pause for seconds; 0: no limit"),
	ROW_MS(struct route_clocks_conf, total, 0, DAY_MS, "10m", ROW_RELOAD,
		"a whole request with all its attempts; OpenAI's SDKs give up after 10m; 0: no limit"),
};
static const struct section clocks_section = ROW_TABLE("clocks", struct route_clocks_conf, clocks_rows);

/* 24 h: vLLM's semantic router; 0.92: its threshold too.  1 %, 1 turn, 16,384 rows: algorithms.md A6, C2. */
static const struct row semantic_rows[] = {
	ROW_ENUM(struct route_semantic_conf, mode, "off|shadow|threshold|verified", "off", ROW_RELOAD,
		"shadow only measures; verified serves what has proved right; threshold serves all that is near"),
	ROW_MS(struct route_semantic_conf, ttl, 1000, 365 * DAY_MS, "24h", ROW_RELOAD,
		"a complete answer serves similar questions of the same client key for this long"),
	ROW_RATIO(struct route_semantic_conf, threshold, 0.5, 1, "0.92", ROW_RELOAD,
		"mode threshold: least cosine of two questions that share an answer"),
	ROW_RATIO(struct route_semantic_conf, error, 0.001, 0.2, "0.01", ROW_RELOAD,
		"mode verified: largest share of hits that may be wrong"),
	ROW_INT(struct route_semantic_conf, depth, 1, 16, "1", ROW_RELOAD,
		"most user turns of a conversation that is looked up; all but the last must be the same"),
	ROW_INT(struct route_semantic_conf, rows, 16, 16384, "4096", ROW_RELOAD,
		"most questions kept for one system text, history and set of options; the longest unused gives way"),
};
static const struct section semantic_section =
	ROW_TABLE_SCALAR("model_cache_semantic", struct route_semantic_conf, semantic_rows, "mode");

static const struct row cache_rows[] = {
	ROW_MS(struct route_cache_conf, exact, 0, 365 * DAY_MS, "0", ROW_RELOAD,
		"a complete answer serves identical requests of the same client key for this long; 0: none is kept"),
	/* Off: a mark changes what a request costs, and a prompt that nobody continues costs more with one. */
	ROW_ENUM(struct route_cache_conf, prefix, "off|auto", "off", ROW_RELOAD,
		"make the provider's own prompt cache work: auto adds cache marks (Anthropic), prompt_cache_key and "
		"prompt_cache_options (OpenAI) where they are likely to pay, never where the client set any"),
	ROW_MS(struct route_cache_conf, refresh, 0, 365 * DAY_MS, "0", ROW_RELOAD,
		"an answer this old is given once more while one request renews it; 0: never"),
	ROW_SECTION(struct route_cache_conf, semantic, &semantic_section, ROW_OPTIONAL,
		"whether similar questions share an answer"),
};
static const struct section cache_section = ROW_TABLE("model_cache", struct route_cache_conf, cache_rows);

/* 200 ms: the most that a batch job or an indexer does not notice (algorithms.md E1, E4). */
static const struct row window_rows[] = {
	ROW_ENUM(struct route_window_conf, mode, "auto|join|collect", "auto", ROW_RELOAD,
		"collect: requests wait for company, leave together, and lists of inputs become one call; join: "
		"nothing waits; auto: collect for the priorities bulk and batch and for embeddings, join for the "
		"rest"),
	ROW_MS(struct route_window_conf, max, 0, WINDOW_MAX_MS, "200ms", ROW_RELOAD,
		"longest wait; one that comes while nothing is under way does not wait; 0: nobody waits"),
	ROW_INT(struct route_window_conf, items, 1, 2048, "0", ROW_RELOAD,
		"most inputs of one merged call, within what the provider is known to take; 0: 256, or 32 where that "
		"is not known"),
	ROW_INT(struct route_window_conf, tokens, 1, 10000000, "0", ROW_RELOAD,
		"most tokens, estimated, of one merged call, within two thirds of what the provider is known to take; "
		"0: that, or 8192 where it is not known"),
};
static const struct section window_section = ROW_TABLE("model_window", struct route_window_conf, window_rows);

static const struct row model_rows[] = {
	ROW_LIST(struct route_model_conf, tiers, 1, ROSTER_MAX_TIERS, &route_conf_tier, ROW_OPTIONAL,
		ROW_RELOAD, "groups of targets; a later tier is used when the earlier ones have failed"),
	ROW_LIST(struct route_model_conf, targets, 1, ROSTER_MAX_TARGETS, &route_conf_target, ROW_OPTIONAL,
		ROW_RELOAD, "short for a single tier, balanced by weight"),
	ROW_SECTION(struct route_model_conf, clocks, &clocks_section, ROW_OPTIONAL,
		"time limits of each upstream call"),
	ROW_INT(struct route_model_conf, retries, 0, 10, "2", ROW_RELOAD,
		"further rounds, with a pause before each, after every target was tried"),
	ROW_STR_LIST(struct route_model_conf, fallbacks, 0, 16, ROW_OPTIONAL, ROW_RELOAD,
		"models tried when this one's targets are used up"),
	ROW_BOOL(struct route_model_conf, strict, "false", ROW_RELOAD,
		"refuse a request that a target cannot express in full, instead of naming what was left out in "
		"x-weir-dropped"),
	ROW_ENUM(struct route_model_conf, join, "together|separate", "together", ROW_RELOAD,
		"identical requests of one client key that run at the same time share one answer; separate: each g"
			"ets its "
		"own sample"),
	ROW_ENUM(struct route_model_conf, join_usage, "leader|split", "leader", ROW_RELOAD,
		"whose record has the tokens of a shared answer: of who asked first, or a part of each who read it"),
	ROW_ENUM(struct route_model_conf, share, "tenant|all", "tenant", ROW_RELOAD,
		"who may share answers, in progress and kept: one client key, or all (only where answers hold nothing "
		"of one user's)"),
	ROW_SECTION(struct route_model_conf, window, &window_section, ROW_OPTIONAL,
		"how requests wait for company, to be sent in fewer calls"),
	ROW_ENUM(struct route_model_conf, priority, REQUEST_PRIORITIES, "normal", ROW_RELOAD,
		"who goes first where requests must wait; x-weir-priority of a request counts more"),
	ROW_SECTION(struct route_model_conf, cache, &cache_section, ROW_OPTIONAL, "which answers are given again"),
};
const struct section route_conf_model = ROW_TABLE("model", struct route_model_conf, model_rows);

static const struct row price_rows[] = {
	ROW_RATIO(struct route_price_conf, input, 0, PRICE_MAX, ROW_REQUIRED, ROW_RELOAD,
		"US dollars for a million prompt tokens"),
	ROW_RATIO(struct route_price_conf, output, 0, PRICE_MAX, "0", ROW_RELOAD,
		"for a million completion tokens, reasoning included"),
	ROW_RATIO(struct route_price_conf, cached_input, 0, PRICE_MAX, "0", ROW_RELOAD,
		"for a million prompt tokens that the provider had in its cache; not given: as input"),
	ROW_RATIO(struct route_price_conf, cache_write, 0, PRICE_MAX, "0", ROW_RELOAD,
		"for a million prompt tokens written into the provider's cache; not given: as input"),
};
const struct section route_conf_price = ROW_TABLE("price", struct route_price_conf, price_rows);

/* 5 in a row is Envoy's default; its share and times are shorter here, since a probe costs one request. */
static const struct row breaker_rows[] = {
	ROW_INT(struct route_breaker_conf, fails, 0, 1000000, "5", ROW_RELOAD,
		"failures in a row that stop traffic to a target; 0 turns breakers off"),
	ROW_RATIO(struct route_breaker_conf, share, 0, 1, "0.5", ROW_RELOAD,
		"share of failed calls in the last ten seconds that does the same; 0 turns this rule off"),
	ROW_INT(struct route_breaker_conf, min_calls, 1, 1000000, "20", ROW_RELOAD,
		"calls needed before the share counts"),
	ROW_MS(struct route_breaker_conf, open, 1, HOUR_MS, "10s", ROW_RELOAD,
		"first stop; then one request tries, and each failure doubles the stop"),
	ROW_MS(struct route_breaker_conf, open_max, 1, DAY_MS, "2m", ROW_RELOAD, "longest stop"),
};
const struct section route_conf_breaker = ROW_TABLE("breaker", struct route_breaker_conf, breaker_rows);

/* Shares and back-off: algorithms.md F3 (Finagle; full jitter 50 ms..2 s). */
static const struct row retry_rows[] = {
	ROW_RATIO(struct route_retry_conf, share, 0, 10, "0.2", ROW_RELOAD,
		"retries and failovers for each request, averaged over ten seconds, by model and by provider"),
	ROW_RATIO(struct route_retry_conf, per_second, 0, 1000000, "10", ROW_RELOAD,
		"retries a second on top, so that little traffic can retry too"),
	ROW_MS(struct route_retry_conf, backoff, 0, MINUTE_MS, "50ms", ROW_RELOAD,
		"pause before the second round: random, at most this; each further round doubles it"),
	ROW_MS(struct route_retry_conf, backoff_max, 0, 10 * MINUTE_MS, "2s", ROW_RELOAD,
		"longest such pause"),
	ROW_MS(struct route_retry_conf, retry_after_max, 0, 10 * MINUTE_MS, "10s", ROW_RELOAD,
		"longest Retry-After a request waits for when nothing else is left; longer ones go to the client"),
	ROW_MS(struct route_retry_conf, rest_max, 1000, DAY_MS, "5m", ROW_RELOAD,
		"longest rest of a target after a 429, whatever its Retry-After says"),
	ROW_MS(struct route_retry_conf, key_rest, 1000, DAY_MS, "5m", ROW_RELOAD,
		"rest of a key at a target that refused it (401, 402, 403)"),
};
const struct section route_conf_retry = ROW_TABLE("retry", struct route_retry_conf, retry_rows);

static const struct row route_rows[] = {
	ROW_MAP(struct route_conf, providers, 0, ROUTE_CONF_PROVIDERS_MAX, &route_conf_provider, ROW_OPTIONAL,
		ROW_RELOAD, "operators of models, by a name of your choice; the catalogue knows many"),
	ROW_MAP(struct route_conf, models, 0, ROUTE_CONF_MODELS_MAX, &route_conf_model, ROW_OPTIONAL,
		ROW_RELOAD, "names that clients ask for; provider/model works without an entry"),
	ROW_MAP(struct route_conf, prices, 0, ROUTE_CONF_PRICES_MAX, &route_conf_price, ROW_OPTIONAL, ROW_RELOAD,
		"what tokens cost, by target (provider/model); weir knows the list prices of many"),
	ROW_SECTION(struct route_conf, breaker, &route_conf_breaker, ROW_OPTIONAL,
		"when a failing target is left alone"),
	ROW_SECTION(struct route_conf, retry, &route_conf_retry, ROW_OPTIONAL,
		"how much and how fast is retried"),
};
const struct section route_conf = ROW_TABLE("route", struct route_conf, route_rows);

struct plan_conf route_conf_plan(const struct route_conf *rc)
{
	const struct route_breaker_conf *b = &rc->breaker;
	const struct route_retry_conf *r = &rc->retry;

	return (struct plan_conf){
		.breaker = { .fails = (uint32_t)b->fails, .share = b->share,
			.min_calls = (uint32_t)b->min_calls, .open_ms = b->open, .open_max_ms = b->open_max },
		.budget = { .share = r->share, .per_s = r->per_second },
		.backoff_ms = r->backoff, .backoff_max_ms = r->backoff_max,
		.retry_after_max_ms = r->retry_after_max, .rest_max_ms = r->rest_max, .key_rest_ms = r->key_rest,
	};
}

static uint64_t default_ms(const char *name)
{
	uint64_t ms = 0;

	must(span_parse_ms(slice_str(row_find(&clocks_section, slice_str(name))->dflt), &ms));
	return ms;
}

struct clocks route_conf_direct_clocks(void)
{
	return (struct clocks){
		.connect_ms = default_ms("connect"), .first_token_ms = default_ms("first_token"),
		.whole_ms = default_ms("whole"), .idle_ms = default_ms("idle"), .total_ms = default_ms("total"),
	};
}

uint32_t route_conf_direct_retries(void)
{
	uint64_t n = 0;

	must(slice_u64(slice_str(row_find(&route_conf_model, SLICE("retries"))->dflt), &n));
	return (uint32_t)n;
}

struct window_conf route_conf_window(const struct route_window_conf *w)
{
	return (struct window_conf){ .mode = w->mode, .max_ms = w->max, .items = (uint32_t)w->items,
		.tokens = (uint32_t)w->tokens };
}

struct window_conf route_conf_direct_window(void)
{
	return route_conf_window(&(struct route_window_conf){ .max = WINDOW_MAX_MS });
}
