/* The page of /metrics. */
#include "unit/observe/page_check.h"

#include "base/counter.h"
#include "base/span.h"
#include "ledger/waits.h"
#include "loop/loop.h"
#include "observe/metrics.h"
#include "route/health.h"

struct scene {
	struct metrics m;
	struct loop_busy busy;
	struct health_table health;
	struct buf page;
};

static void scene_open(struct scene *s)
{
	counter_reset();
	s->busy = (struct loop_busy){ .turns = { .count = 0 } };
	metrics_init(&s->m, 7, 1700000000999);
	health_init(&s->health, 100000, 7);
	buf_init(&s->page, 64u << 20);		/* the limit that the admin listener gives a page */
}

static void scene_close(struct scene *s)
{
	metrics_done(&s->m);
	health_done(&s->health);
	buf_done(&s->page);
}

/* Writes the page, checked. */
static struct slice page_of(struct scene *s)
{
	buf_clear(&s->page);
	metrics_write(&s->m, &s->health, &s->busy, SPAN_NS_PER_S, &s->page);
	page_check(buf_slice(&s->page));
	return buf_slice(&s->page);
}

static struct record good(const char *model)
{
	return (struct record){ .endpoint = SLICE("chat.completions"), .model = slice_str(model),
		.model_known = true, .status = 200, .attempts = 1, .usage = { 10, 20, 3, 2, 4 },
		.total_ns = 1500000000, .first_ns = 250000000 };
}

static void expect(struct slice page, const char *sample, double want)
{
	double got = page_value(page, sample);
	if (got != want)
		fail_msg("%s is %f, want %f", sample, got, want);
}

#define BY_RESULT "weir_requests_by_result_total"
#define SERIES(model, endpoint, status, error) \
	BY_RESULT "{model=\"" model "\",endpoint=\"" endpoint "\",status=\"" status "\",error=\"" error "\"}"
#define TOKENS(model, type) "weir_tokens_total{model=\"" model "\",type=\"" type "\"}"

/* Lines of a page that begin like this, with their ends. */
static void lines_of(struct slice page, const char *start, struct buf *out)
{
	buf_clear(out);
	while (page.n) {
		struct slice line = page_cut(&page, '\n');
		if (slice_starts(line, slice_str(start)))
			buf_addf(out, "%.*s\n", SLICE_ARG(line));
	}
}

static void test_before_anything_happened(void **state)
{
	struct scene s;

	scene_open(&s);
	struct slice page = page_of(&s);
	struct buf lines;
	buf_init(&lines, 1 << 20);
	lines_of(page, "weir_request_duration_seconds", &lines);
	assert_slice(buf_slice(&lines),
		"weir_request_duration_seconds_bucket{le=\"0.001\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.010\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.020\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.040\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.080\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.160\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.320\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"0.640\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"1.280\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"2.560\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"5.120\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"10.240\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"20.480\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"40.960\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"81.920\"} 0\n"
		"weir_request_duration_seconds_bucket{le=\"+Inf\"} 0\n"
		"weir_request_duration_seconds_sum 0.000000\n" "weir_request_duration_seconds_count 0\n");
	lines_of(page, BY_RESULT, &lines);
	assert_slice(buf_slice(&lines), "");
	lines_of(page, "# HELP weir_requests_by_result_total", &lines);
	assert_slice(buf_slice(&lines), "# HELP weir_requests_by_result_total finished requests by model, "
		"endpoint, status and error\n");
	expect(page, "process_start_time_seconds", 1700000000);
	assert_true(page_value(page, "process_resident_memory_bytes") > 100000);
	assert_true(page_value(page, "process_open_fds") >= 3);
	buf_done(&lines);
	scene_close(&s);
}

/* Every counter of the process is there, under its type's name. */
static void test_counters(void **state)
{
	struct scene s;

	scene_open(&s);
	for (enum counter c = 0; c < COUNTER_COUNT; c++)
		counter_add(c, c + 1000);
	struct slice page = page_of(&s);
	for (enum counter c = 0; c < COUNTER_COUNT; c++) {
		char name[100];
		snprintf(name, sizeof(name), "weir_%s%s", counter_name(c),
			counter_is_gauge(c) ? "" : "_total");
		expect(page, name, c + 1000);
	}
	expect(page, "weir_requests_total", COUNTER_requests + 1000);
	expect(page, "weir_connections_open", COUNTER_connections_open + 1000);
	counter_reset();
	scene_close(&s);
}

static void test_requests_and_tokens(void **state)
{
	struct record r = good("chat"), failed = good("chat"), page_asked = { .endpoint = SLICE("models"),
		.status = 200, .usage = USAGE_NONE }, lost = { .status = 404, .err = ERR_NOT_FOUND,
		.usage = USAGE_NONE };
	struct scene s;

	scene_open(&s);
	metrics_record(&s.m, &r);
	metrics_record(&s.m, &r);
	failed.status = 502;
	failed.err = ERR_UP_FAILED;
	failed.usage = (struct usage){ 1, -1, -1, -1, -1 };
	metrics_record(&s.m, &failed);
	failed.err = ERR_UP_TRUNCATED;
	failed.usage = USAGE_NONE;
	metrics_record(&s.m, &failed);
	metrics_record(&s.m, &page_asked);
	metrics_record(&s.m, &lost);
	struct slice page = page_of(&s);
	double sum;
	assert_int_equal(page_samples(page, BY_RESULT "{", &sum), 5);
	expect(page, SERIES("chat", "chat.completions", "200", ""), 2);
	expect(page, SERIES("chat", "chat.completions", "502", "up_failed"), 1);
	expect(page, SERIES("chat", "chat.completions", "502", "up_truncated"), 1);
	expect(page, SERIES("none", "models", "200", ""), 1);
	expect(page, SERIES("none", "none", "404", "not_found"), 1);
	assert_int_equal(page_samples(page, "weir_tokens_total{", &sum), 5);
	expect(page, TOKENS("chat", "prompt"), 21);
	expect(page, TOKENS("chat", "completion"), 40);
	expect(page, TOKENS("chat", "cached"), 6);
	expect(page, TOKENS("chat", "cache_write"), 4);
	expect(page, TOKENS("chat", "reasoning"), 8);
	scene_close(&s);
}

#define COST "\nweir_cost_usd_total{model=\"chat\"} 0.000085\n"
#define SAVED "\nweir_saved_usd_total{model=\"chat\"} 0.0000425\n"

static void test_money(void **state)
{
	struct record r = good("chat"), hit = good("chat"), unknown = good("other");
	struct scene s;
	double sum;

	r.priced = hit.priced = true;
	r.cost = 42500000;
	hit.saved = 42500000;
	scene_open(&s);
	metrics_record(&s.m, &r);
	metrics_record(&s.m, &r);
	metrics_record(&s.m, &hit);
	metrics_record(&s.m, &unknown);
	struct slice page = page_of(&s);
	assert_int_equal(page_samples(page, "weir_cost_usd_total{", &sum), 1);
	assert_non_null(memmem(page.p, page.n, COST, strlen(COST)));
	assert_non_null(memmem(page.p, page.n, SAVED, strlen(SAVED)));
	scene_close(&s);
}

/* What clients make up does not become a label. */
static void test_unknown_models_are_one(void **state)
{
	struct scene s;
	double sum;

	scene_open(&s);
	for (int i = 0; i < 50; i++) {
		char name[20];
		snprintf(name, sizeof(name), "made-up-%d", i);
		struct record r = good(name);
		r.model_known = false;
		metrics_record(&s.m, &r);
	}
	struct slice page = page_of(&s);
	expect(page, SERIES("other", "chat.completions", "200", ""), 50);
	assert_int_equal(page_samples(page, BY_RESULT "{", &sum), 1);
	expect(page, TOKENS("other", "prompt"), 500);
	buf_add_char(&s.page, '\0');
	assert_null(strstr(s.page.p, "made-up"));
	scene_close(&s);
}

/* A name must not look like the end of a label, and no escape may come out that Prometheus does not know. */
static void test_labels_are_escaped(void **state)
{
	struct record r = good("a\"b\\c\nd\te\x01" "f\xc3\xa9");
	struct scene s;

	scene_open(&s);
	metrics_record(&s.m, &r);
	health_keep(&s.health, "target", SLICE("p/x\"},{y\t\n\\"));
	struct slice page = page_of(&s);
	expect(page, SERIES("a\\\"b\\\\c\\nd\te\x01" "f\xc3\xa9", "chat.completions", "200", ""), 1);
	expect(page, TOKENS("a\\\"b\\\\c\\nd\te\x01" "f\xc3\xa9", "prompt"), 10);
	expect(page, "weir_target_attempts_total{target=\"p/x\\\"},{y\t\\n\\\\\"}", 0);
	scene_close(&s);
}

/* Models that differ in case, length and a common start are different series; long names too. */
static void test_series_are_told_apart(void **state)
{
	struct scene s;
	char a[513], b[513];
	double sum;

	scene_open(&s);
	memset(a, 'x', 512);
	a[512] = '\0';
	memcpy(b, a, 513);
	b[511] = 'y';
	const char *const names[] = { "chat", "Chat", "chat2", "c", a, b };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct record r = good(names[i]);
		metrics_record(&s.m, &r);
		r.endpoint = SLICE("embeddings");
		metrics_record(&s.m, &r);
	}
	assert_int_equal(page_samples(page_of(&s), BY_RESULT "{", &sum), 12);
	assert_int_equal(page_samples(buf_slice(&s.page), "weir_tokens_total{", &sum), 30);
	scene_close(&s);
}

/* Past the maximum of a family one series counts the rest, and says so in every label: none of them is the
 * first one's. */
static void test_overflow(void **state)
{
	enum { MODELS = 2500, MAX = 2000 };
	struct scene s;
	double sum;

	scene_open(&s);
	for (int i = 0; i < MODELS; i++) {
		char name[20];
		snprintf(name, sizeof(name), "m%d", i);
		struct record r = good(name);
		if (i >= MAX)
			r.err = ERR_UP_FAILED;
		metrics_record(&s.m, &r);
	}
	struct record early = good("m0");
	metrics_record(&s.m, &early);		/* known ones go on being counted by themselves */
	struct slice page = page_of(&s);
	assert_int_equal(page_samples(page, BY_RESULT "{", &sum), MAX);
	assert_true(sum == MODELS + 1);
	expect(page, SERIES("m0", "chat.completions", "200", ""), 2);
	expect(page, SERIES("overflow", "overflow", "0", ""), MODELS - MAX + 1);
	assert_int_equal(page_samples(page, "weir_tokens_total{", &sum), MAX * 5);
	expect(page, TOKENS("overflow", "prompt"), 10.0 * (MODELS - MAX + 1));
	scene_close(&s);
}

/* Buckets count everything at or below their edge. */
static void test_histograms_are_cumulative(void **state)
{
	static const unsigned ms[] = { 0, 1, 5, 100, 100, 900, 30000, 100000 };
	static const struct {
		const char *le;
		int want;
	} buckets[] = { { "0.001", 2 }, { "0.010", 3 }, { "0.080", 3 }, { "0.160", 5 }, { "0.640", 5 },
		{ "1.280", 6 },		{ "20.480", 6 }, { "40.960", 7 }, { "81.920", 7 }, { "+Inf", 8 } };
	struct scene s;
	char name[100];

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(ms); i++) {
		struct record r = good("chat");
		r.total_ns = ms[i] * 1000000ull;
		r.first_ns = i < 2 ? 0 : ms[i] * 500000ull;	/* 0: there was no content */
		metrics_record(&s.m, &r);
	}
	struct record refused = { .status = 404, .usage = USAGE_NONE, .total_ns = 5000000 };
	metrics_record(&s.m, &refused);		/* no provider was asked */
	struct slice page = page_of(&s);
	for (size_t i = 0; i < COUNT_OF(buckets); i++) {
		snprintf(name, sizeof(name), "weir_request_duration_seconds_bucket{le=\"%s\"}",
			buckets[i].le);
		expect(page, name, buckets[i].want);
	}
	expect(page, "weir_request_duration_seconds_count", 8);
	expect(page, "weir_request_duration_seconds_sum", 131.106);
	expect(page, "weir_time_to_first_token_seconds_count", 6);
	expect(page, "weir_time_to_first_token_seconds_sum", 65.5525);
	expect(page, "weir_time_to_first_token_seconds_bucket{le=\"+Inf\"}", 6);
	expect(page, "weir_time_to_first_token_seconds_bucket{le=\"0.010\"}", 1);
	scene_close(&s);
}

/* The loop's own, finer. */
static void test_the_loop(void **state)
{
	static const unsigned us[] = { 20, 70, 900, 1500, 3000000 };
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(us); i++) {
		histo_add_ns(&s.busy.steps, us[i] * 1000ull);
		histo_add_ns(&s.busy.turns, 2000ull * us[i]);
	}
	struct slice page = page_of(&s);
	expect(page, "weir_loop_step_seconds_bucket{le=\"0.000050\"}", 1);
	expect(page, "weir_loop_step_seconds_bucket{le=\"0.000100\"}", 2);
	expect(page, "weir_loop_step_seconds_bucket{le=\"0.001000\"}", 3);
	expect(page, "weir_loop_step_seconds_bucket{le=\"0.002500\"}", 4);
	expect(page, "weir_loop_step_seconds_bucket{le=\"1.000000\"}", 4);
	expect(page, "weir_loop_step_seconds_bucket{le=\"+Inf\"}", 5);
	expect(page, "weir_loop_step_seconds_sum", 3.002490);
	expect(page, "weir_loop_busy_seconds_bucket{le=\"0.001000\"}", 2);
	expect(page, "weir_loop_busy_seconds_count", 5);
	scene_close(&s);
}

#define WAIT(what, queue, priority) "weir_queue_wait_seconds_" what "{queue=\"" queue "\",priority=\"" priority "\""

/* By queue and priority; who has said none is normal. */
static void test_waits(void **state)
{
	struct scene s;
	double sum;

	scene_open(&s);
	waits_reset();
	waits_add(WAITS_LINE, REQUEST_BATCH, 1500000000);
	waits_add(WAITS_LINE, REQUEST_BATCH, 0);
	waits_add(WAITS_LINE, REQUEST_REALTIME, 1000000);
	waits_add(WAITS_WINDOW, REQUEST_PRIORITY_UNSAID, 200000000);
	struct slice page = page_of(&s);
	expect(page, WAIT("count", "line", "batch") "}", 2);
	expect(page, WAIT("sum", "line", "batch") "}", 1.5);
	expect(page, WAIT("bucket", "line", "batch") ",le=\"0.001\"}", 1);
	expect(page, WAIT("bucket", "line", "batch") ",le=\"1.280\"}", 1);
	expect(page, WAIT("bucket", "line", "batch") ",le=\"2.560\"}", 2);
	expect(page, WAIT("bucket", "line", "realtime") ",le=\"0.001\"}", 1);
	expect(page, WAIT("sum", "window", "normal") "}", 0.2);
	expect(page, WAIT("bucket", "window", "normal") ",le=\"+Inf\"}", 1);
	assert_int_equal(page_samples(page, "weir_queue_wait_seconds_count{", &sum), 8);
	assert_true(sum == 4);
	waits_reset();
	scene_close(&s);
}

static void test_targets(void **state)
{
	struct scene s;
	double sum;

	scene_open(&s);
	struct health *a = health_keep(&s.health, "target", SLICE("openai/gpt-4.1"));
	struct health *b = health_keep(&s.health, "target", SLICE("groq/a b"));
	health_keep(&s.health, "key", SLICE("openai 3f2a"));
	health_keep(&s.health, "model", SLICE("chat"));
	health_keep(&s.health, "provider", SLICE("openai"));
	a->attempts = 7;
	a->failures = 3;
	b->breaker.state = BREAKER_OPEN;
	health_rest(b, SPAN_NS_PER_S + 1, ERR_UP_THROTTLED);
	health_rest(a, SPAN_NS_PER_S, ERR_UP_THROTTLED);	/* over by now */
	struct slice page = page_of(&s);
	expect(page, "weir_target_attempts_total{target=\"openai/gpt-4.1\"}", 7);
	expect(page, "weir_target_failures_total{target=\"openai/gpt-4.1\"}", 3);
	expect(page, "weir_target_breaker_state{target=\"openai/gpt-4.1\"}", 0);
	expect(page, "weir_target_breaker_state{target=\"groq/a b\"}", 1);
	expect(page, "weir_target_resting{target=\"groq/a b\"}", 1);
	expect(page, "weir_target_resting{target=\"openai/gpt-4.1\"}", 0);
	/* keys and models are no targets */
	assert_int_equal(page_samples(page, "weir_target_attempts_total{", &sum), 2);
	scene_close(&s);
}

/* Clients can name any model of a provider: as many as the table of healths takes, each as long and odd as it
 * may be.  The page stays within what a page may be. */
static void test_targets_that_clients_made_up(void **state)
{
	struct scene s;
	char name[512];
	double sum;

	scene_open(&s);
	for (int i = 0; i < 16384; i++) {
		memset(name, i % 2 ? '"' : '\x01', sizeof(name));
		int n = snprintf(name, sizeof(name), "openai/%d", i);
		name[n] = '\x02';
		health_get(&s.health, "target", slice_of(name, sizeof(name)));
	}
	struct slice page = page_of(&s);
	assert_true(page.n < 16u << 20);
	assert_true(page_samples(page, "weir_target_attempts_total{", &sum) <= 2000);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_anything_happened),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_requests_and_tokens),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_unknown_models_are_one),
		cmocka_unit_test(test_labels_are_escaped),
		cmocka_unit_test(test_series_are_told_apart),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_histograms_are_cumulative),
		cmocka_unit_test(test_the_loop),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_targets_that_clients_made_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
