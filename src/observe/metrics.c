#include "observe/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "ledger/price.h"
#include "ledger/waits.h"
#include "loop/loop.h"
#include "loop/sys.h"
#include "route/health.h"

#define MAX_SERIES 2000u	/* a family; the rest is counted under "overflow" */
#define OVERFLOW SLICE("overflow")

enum token_type { TOKEN_PROMPT, TOKEN_COMPLETION, TOKEN_CACHED, TOKEN_CACHE_WRITE, TOKEN_REASONING,
	TOKEN_TYPES };
static const char *const token_names[TOKEN_TYPES] = { "prompt", "completion", "cached", "cache_write",
	"reasoning" };

enum money_type { MONEY_COST, MONEY_SAVED };

/* One combination of labels.  They are written out only when somebody asks: a request costs two look-ups. */
struct series {
	uint64_t values[TOKEN_TYPES];	/* requests use the first */
	const char *endpoint;		/* static */
	enum err err;
	int status;
	size_t key_n;
	char key[];			/* key of the map; it begins with the model's name */
};

struct series_key {
	char bytes[600];		/* a model's name is at most 512 bytes (route_conf.h) */
	size_t n;
};

void metrics_init(struct metrics *m, uint64_t seed, uint64_t wall_ms)
{
	*m = (struct metrics){ .started_wall_ms = wall_ms };
	map_init(&m->requests, MAX_SERIES, seed);
	map_init(&m->tokens, MAX_SERIES, seed);
	map_init(&m->money, MAX_SERIES, seed);
}

static void free_family(struct map *family)
{
	size_t at = 0;
	struct slice key;
	void *s;

	while (map_next(family, &at, &key, &s))
		free(s);
	map_done(family);
}

void metrics_done(struct metrics *m)
{
	free_family(&m->requests);
	free_family(&m->tokens);
	free_family(&m->money);
}

static void key_add(struct series_key *k, const void *p, size_t n)
{
	n = MIN_OF(n, sizeof(k->bytes) - k->n);
	memcpy(k->bytes + k->n, p, n);
	k->n += n;
}

/* The series with this key, made when new; past the maximum one shared series counts the rest. */
static struct series *find(struct map *family, struct slice key, bool *out_new)
{
	struct series *s = map_find(family, key);

	*out_new = false;
	if (s == NULL && family->n >= MAX_SERIES - 1) {
		key = OVERFLOW;
		s = map_find(family, key);
	}
	if (s)
		return s;
	*out_new = true;
	s = calloc(1, sizeof(*s) + key.n + 1);
	must(s != NULL);
	s->key_n = key.n;
	memcpy(s->key, key.p, key.n);
	must(map_put(family, slice_of(s->key, key.n), s));
	return s;
}

/* Only configured names: what clients make up is one series. */
static struct slice model_label(const struct record *r)
{
	return r->model_known ? r->model : r->model.n ? SLICE("other") : SLICE("none");
}

static void count_request(struct metrics *m, const struct record *r)
{
	const char *endpoint = r->endpoint.n ? r->endpoint.p : "none";
	struct slice model = model_label(r);
	struct series_key k = { .n = 0 };
	bool is_new;

	key_add(&k, model.p, model.n);
	key_add(&k, "", 1);
	key_add(&k, &r->status, sizeof(r->status));
	key_add(&k, &r->err, sizeof(r->err));
	key_add(&k, endpoint, strlen(endpoint));
	struct series *s = find(&m->requests, slice_of(k.bytes, k.n), &is_new);
	if (is_new && slice_eq(slice_of(s->key, s->key_n), OVERFLOW)) {
		s->endpoint = OVERFLOW.p;
	} else if (is_new) {
		s->endpoint = endpoint;
		s->err = r->err;
		s->status = r->status;
	}
	s->values[0]++;
}

static void count_tokens(struct metrics *m, const struct record *r)
{
	const int64_t counts[TOKEN_TYPES] = { r->usage.prompt_tok, r->usage.completion_tok,
		r->usage.cached_tok, r->usage.cache_write_tok, r->usage.reasoning_tok };
	bool is_new;

	if (r->usage.prompt_tok < 0 && r->usage.completion_tok < 0)
		return;
	struct series *s = find(&m->tokens, model_label(r), &is_new);
	for (size_t i = 0; i < TOKEN_TYPES; i++)
		if (counts[i] > 0)
			s->values[i] += (uint64_t)counts[i];
}

static void count_money(struct metrics *m, const struct record *r)
{
	bool is_new;

	if (!r->priced)
		return;
	struct series *s = find(&m->money, model_label(r), &is_new);
	s->values[MONEY_COST] += (uint64_t)r->cost;
	s->values[MONEY_SAVED] += (uint64_t)MAX_OF(r->saved, (int64_t)0);
}

void metrics_record(struct metrics *m, const struct record *r)
{
	count_request(m, r);
	count_tokens(m, r);
	count_money(m, r);
	if (r->attempts)
		histo_add_ns(&m->total, r->total_ns);
	if (r->first_ns)
		histo_add_ns(&m->first, r->first_ns);
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_counters(struct buf *b)
{
	char name[80];

	for (enum counter c = 0; c < COUNTER_COUNT; c++) {
		bool gauge = counter_is_gauge(c);
		snprintf(name, sizeof(name), "weir_%s%s", counter_name(c), gauge ? "" : "_total");
		head(b, name, gauge ? "gauge" : "counter", counter_help(c));
		buf_addf(b, "%s %" PRIu64 "\n", name, counter_values[c]);
	}
}

/* Of escapes Prometheus knows three, and refuses the whole page for any other of JSON's. */
static void add_label(struct buf *b, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '"' || c == '\\' || c == '\n')
			buf_add_char(b, '\\');
		buf_add_char(b, c == '\n' ? 'n' : c);
	}
}

/* The model's name ends at the NUL that separates it from the rest of the key. */
static void add_model(struct buf *b, const struct series *s)
{
	buf_add(b, SLICE("{model=\""));
	add_label(b, slice_of(s->key, slice_find(slice_of(s->key, s->key_n), '\0')));
	buf_add_char(b, '"');
}

static void write_requests(struct buf *b, const struct map *family)
{
	size_t at = 0;
	struct slice key;
	void *v;

	head(b, "weir_requests_by_result_total", "counter", "finished requests by model, endpoint, status and error");
	while (map_next(family, &at, &key, &v)) {
		const struct series *s = v;
		buf_add(b, SLICE("weir_requests_by_result_total"));
		add_model(b, s);
		buf_addf(b, ",endpoint=\"%s\",status=\"%d\",error=\"%s\"} %" PRIu64 "\n", s->endpoint, s->status,
			s->err == ERR_OK ? "" : err_name(s->err), s->values[0]);
	}
}

static void write_tokens(struct buf *b, const struct map *family)
{
	size_t at = 0;
	struct slice key;
	void *v;

	head(b, "weir_tokens_total", "counter", "tokens by model and type, as the providers counted them");
	while (map_next(family, &at, &key, &v)) {
		const struct series *s = v;
		for (size_t i = 0; i < TOKEN_TYPES; i++) {
			buf_add(b, SLICE("weir_tokens_total"));
			add_model(b, s);
			buf_addf(b, ",type=\"%s\"} %" PRIu64 "\n", token_names[i], s->values[i]);
		}
	}
}

static void write_money(struct buf *b, const struct map *family, const char *name, const char *help,
	enum money_type type)
{
	size_t at = 0;
	struct slice key;
	char text[PRICE_TEXT_MAX];
	void *v;

	head(b, name, "counter", help);
	while (map_next(family, &at, &key, &v)) {
		const struct series *s = v;
		buf_add(b, slice_str(name));
		add_model(b, s);
		buf_add(b, SLICE("} "));
		buf_add(b, price_text(s->values[type], text));
		buf_add_char(b, '\n');
	}
}

struct edges {
	const unsigned *us;
	size_t n;
};

/* OpenTelemetry's buckets for gen_ai durations, plus 1 ms (users.md 2.5). */
static const unsigned request_us[] = { 1000, 10000, 20000, 40000, 80000, 160000, 320000, 640000, 1280000, 2560000,
	5120000, 10240000, 20480000, 40960000, 81920000 };
static const struct edges of_requests = { request_us, COUNT_OF(request_us) };
static const unsigned loop_us[] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000 };
static const struct edges of_loop = { loop_us, COUNT_OF(loop_us) };

/* `labels`: empty, or `a="b",c="d"`. */
static void write_buckets(struct buf *b, const char *name, const char *labels, const struct edges *e,
	const struct histo *h)
{
	const char *comma = *labels ? "," : "", *open = *labels ? "{" : "", *close = *labels ? "}" : "";

	for (size_t i = 0; i < e->n; i++)
		buf_addf(b, "%s_bucket{%s%sle=\"%.*f\"} %" PRIu64 "\n", name, labels, comma,
			e->us[0] % 1000 ? 6 : 3, e->us[i] / 1e6, histo_below(h, e->us[i]));
	buf_addf(b, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, h->count);
	buf_addf(b, "%s_sum%s%s%s %" PRIu64 ".%06" PRIu64 "\n", name, open, labels, close, h->sum_us / 1000000,
		h->sum_us % 1000000);
	buf_addf(b, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, h->count);
}

static void write_histo(struct buf *b, const char *name, const char *help, const struct edges *e, const struct histo *h)
{
	head(b, name, "histogram", help);
	write_buckets(b, name, "", e, h);
}

static void write_waits(struct buf *b)
{
	static const char name[] = "weir_queue_wait_seconds";
	char labels[80];

	head(b, name, "histogram", "time for which requests waited: in a window for company, in line for a connection");
	for (enum waits_place place = 0; place < WAITS_PLACES; place++) {
		struct slice words = SLICE(REQUEST_PRIORITIES), word;
		for (int p = REQUEST_REALTIME; slice_next(&words, '|', &word); p++) {
			snprintf(labels, sizeof(labels), "queue=\"%s\",priority=\"%.*s\"", waits_name(place),
				SLICE_ARG(word));
			write_buckets(b, name, labels, &of_requests, waits_of(place, (enum request_priority)p));
		}
	}
}

/* Health is kept by kind and name, "target openai/gpt-4.1": the kind becomes a label.  Clients can name any
 * model of a provider, so that these families need a maximum too. */
static void write_health_family(struct buf *b, const char *name, const char *type, const char *help,
	const struct health_table *t, uint64_t (*value)(const struct health *, uint64_t), uint64_t now_ns)
{
	size_t at = 0, n = 0;
	struct slice key;
	void *v;

	head(b, name, type, help);
	while (n < MAX_SERIES && map_next(&t->map, &at, &key, &v)) {
		size_t space = slice_find(key, ' ');
		if (!slice_eq(slice_of(key.p, space), SLICE("target")))
			continue;
		n++;
		buf_addf(b, "%s{target=\"", name);
		add_label(b, slice_skip(key, space + 1));
		buf_addf(b, "\"} %" PRIu64 "\n", value(v, now_ns));
	}
}

static uint64_t value_attempts(const struct health *h, uint64_t now_ns)
{
	return h->attempts;
}

static uint64_t value_failures(const struct health *h, uint64_t now_ns)
{
	return h->failures;
}

static uint64_t value_breaker(const struct health *h, uint64_t now_ns)
{
	return h->breaker.state;
}

static uint64_t value_resting(const struct health *h, uint64_t now_ns)
{
	return health_is_resting(h, now_ns);
}

static void write_health(struct buf *b, const struct health_table *t, uint64_t now_ns)
{
	write_health_family(b, "weir_target_attempts_total", "counter", "upstream calls by target",
		t, value_attempts, now_ns);
	write_health_family(b, "weir_target_failures_total", "counter", "failed upstream calls by target",
		t, value_failures, now_ns);
	write_health_family(b, "weir_target_breaker_state", "gauge", "0 closed, 1 open, 2 half open",
		t, value_breaker, now_ns);
	write_health_family(b, "weir_target_resting", "gauge", "1 while the target rests after a rate limit",
		t, value_resting, now_ns);
}

static void write_process(struct buf *b, uint64_t started_wall_ms)
{
	head(b, "process_resident_memory_bytes", "gauge", "resident memory");
	buf_addf(b, "process_resident_memory_bytes %" PRIu64 "\n", sys_rss());
	head(b, "process_open_fds", "gauge", "open file descriptors");
	buf_addf(b, "process_open_fds %" PRIu64 "\n", sys_open_files());
	head(b, "process_start_time_seconds", "gauge", "start of the process, Unix time");
	buf_addf(b, "process_start_time_seconds %" PRIu64 "\n", started_wall_ms / 1000);
}

void metrics_write(const struct metrics *m, const struct health_table *health, const struct loop_busy *busy,
	uint64_t now_ns, struct buf *out)
{
	write_counters(out);
	write_requests(out, &m->requests);
	write_tokens(out, &m->tokens);
	write_money(out, &m->money, "weir_cost_usd_total", "what the tokens of weir_tokens_total cost, by model; those "
		"of unknown price are left out", MONEY_COST);
	write_money(out, &m->money, "weir_saved_usd_total", "what answers given again from a cache would have cost, by "
		"model", MONEY_SAVED);
	write_histo(out, "weir_request_duration_seconds", "whole time of requests that reached a provider",
		&of_requests, &m->total);
	write_histo(out, "weir_time_to_first_token_seconds", "time to the first content of streamed answers",
		&of_requests, &m->first);
	write_histo(out, "weir_loop_busy_seconds", "time from one look at the sockets to the next, without sleep",
		&of_loop, &busy->turns);
	write_histo(out, "weir_loop_step_seconds", "single steps of that: one task, all due timers, up to 4 sockets",
		&of_loop, &busy->steps);
	write_waits(out);
	write_health(out, health, now_ns);
	write_process(out, m->started_wall_ms);
}
