#include "observe/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "loop/sys.h"
#include "route/health.h"

#define MAX_SERIES 2000u	/* a family; the rest is counted under "other" */

struct series {
	uint64_t value;
	size_t n;
	char labels[];		/* as printed between the braces; the key of the map */
};

void metrics_init(struct metrics *m, uint64_t seed, uint64_t wall_ms)
{
	*m = (struct metrics){ .started_wall_ms = wall_ms };
	map_init(&m->requests, MAX_SERIES, seed);
	map_init(&m->tokens, MAX_SERIES, seed);
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
}

/* Label values of configured names: backslash, quote and newline are escaped as JSON does. */
static void add_label(struct buf *b, const char *name, struct slice value)
{
	if (buf_len(b))
		buf_add_char(b, ',');
	buf_add(b, slice_str(name));
	buf_add(b, SLICE("=\""));
	buf_add_json(b, value);
	buf_add_char(b, '"');
}

static void count(struct map *family, struct slice labels, uint64_t n)
{
	struct series *s = map_find(family, labels);

	if (s == NULL && family->n >= MAX_SERIES - 1) {
		labels = SLICE("overflow=\"true\"");
		s = map_find(family, labels);
	}
	if (s == NULL) {
		s = calloc(1, sizeof(*s) + labels.n + 1);
		must(s != NULL);
		s->n = labels.n;
		memcpy(s->labels, labels.p, labels.n);
		must(map_put(family, slice_of(s->labels, s->n), s));
	}
	s->value += n;
}

static void count_tokens(struct metrics *m, struct slice model, const char *type, int64_t n)
{
	struct buf b;

	if (n <= 0)
		return;
	buf_init(&b, 4096);
	add_label(&b, "model", model);
	add_label(&b, "type", slice_str(type));
	count(&m->tokens, buf_slice(&b), (uint64_t)n);
	buf_done(&b);
}

void metrics_record(struct metrics *m, const struct record *r)
{
	struct slice model = r->model_known ? r->model : r->model.n ? SLICE("other") : SLICE("");
	char status[8];
	struct buf b;

	buf_init(&b, 4096);
	snprintf(status, sizeof(status), "%d", r->status);
	add_label(&b, "endpoint", r->endpoint.n ? r->endpoint : SLICE("none"));
	add_label(&b, "model", model);
	add_label(&b, "status", slice_str(status));
	add_label(&b, "error", r->err == ERR_OK ? SLICE("") : slice_str(err_name(r->err)));
	count(&m->requests, buf_slice(&b), 1);
	buf_done(&b);
	count_tokens(m, model, "prompt", r->usage.prompt_tok);
	count_tokens(m, model, "completion", r->usage.completion_tok);
	count_tokens(m, model, "cached", r->usage.cached_tok);
	count_tokens(m, model, "reasoning", r->usage.reasoning_tok);
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

static void write_family(struct buf *b, const char *name, const char *help, const struct map *family)
{
	size_t at = 0;
	struct slice key;
	void *v;

	head(b, name, "counter", help);
	while (map_next(family, &at, &key, &v))
		buf_addf(b, "%s{%.*s} %" PRIu64 "\n", name, SLICE_ARG(key), ((struct series *)v)->value);
}

/* OpenTelemetry's buckets for gen_ai durations, plus 1 ms (users.md 2.5), in milliseconds. */
static const unsigned edges_ms[] = { 1, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10240, 20480, 40960, 81920 };

static void write_histo(struct buf *b, const char *name, const char *help, const struct histo *h)
{
	head(b, name, "histogram", help);
	for (size_t i = 0; i < COUNT_OF(edges_ms); i++)
		buf_addf(b, "%s_bucket{le=\"%u.%03u\"} %" PRIu64 "\n", name, edges_ms[i] / 1000, edges_ms[i] % 1000,
			histo_below(h, edges_ms[i] * 1000ull));
	buf_addf(b, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n", name, h->count,
		name, h->sum_us / 1000000, h->sum_us % 1000000, name, h->count);
}

/* Health is kept by kind and name, "target openai/gpt-4.1": the kind becomes a label. */
static void write_health_family(struct buf *b, const char *name, const char *type, const char *help,
	const struct health_table *t, uint64_t (*value)(const struct health *, uint64_t), uint64_t now_ns)
{
	size_t at = 0;
	struct slice key;
	void *v;

	head(b, name, type, help);
	while (map_next(&t->map, &at, &key, &v)) {
		size_t space = slice_find(key, ' ');
		if (!slice_eq(slice_of(key.p, space), SLICE("target")))
			continue;
		buf_addf(b, "%s{target=\"", name);
		buf_add_json(b, slice_skip(key, space + 1));
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
	return h->rest_until_ns > now_ns;
}

static void write_health(struct buf *b, const struct health_table *t, uint64_t now_ns)
{
	write_health_family(b, "weir_target_attempts_total", "counter", "upstream calls by target", t, value_attempts, now_ns);
	write_health_family(b, "weir_target_failures_total", "counter", "failed upstream calls by target", t, value_failures, now_ns);
	write_health_family(b, "weir_target_breaker_state", "gauge", "0 closed, 1 open, 2 half open", t, value_breaker, now_ns);
	write_health_family(b, "weir_target_resting", "gauge", "1 while the target rests after a rate limit", t, value_resting, now_ns);
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

void metrics_write(const struct metrics *m, const struct health_table *health, uint64_t now_ns, struct buf *out)
{
	write_counters(out);
	write_family(out, "weir_requests_by_result_total", "finished requests by endpoint, model, status and error", &m->requests);
	write_family(out, "weir_tokens_total", "tokens by model and type, as the providers counted them", &m->tokens);
	write_histo(out, "weir_request_duration_seconds", "whole time of requests that reached a provider", &m->total);
	write_histo(out, "weir_time_to_first_token_seconds", "time to the first content of streamed answers", &m->first);
	write_health(out, health, now_ns);
	write_process(out, m->started_wall_ms);
}
