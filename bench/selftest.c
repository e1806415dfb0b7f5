/* Tests of the measuring tools themselves, without sockets: a tool that cannot see an error measures
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "ask.h"
#include "due.h"
#include "simfault.h"
#include "judge.h"
#include "peek.h"
#include "spread.h"
#include "h1.h"

static unsigned failures, checks;

static void check(bool ok, const char *what, const char *detail, int line)
{
	checks++;
	if (ok)
		return;
	failures++;
	printf("selftest.c:%d: %s %s\n", line, what, detail);
}

#define CHECK(condition) check(condition, #condition, "", __LINE__)
#define CHECK_IN(detail, condition) check(condition, #condition, detail, __LINE__)

static uint64_t dice_state = 88172645463325252u;

static uint64_t dice(void)              /* xorshift64 (Marsaglia 2003) */
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	return dice_state ^= dice_state << 17;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void test_spread(void)
{
	enum { N = 20000 };
	static uint64_t value[N];
	static struct spread s;
	CHECK(spread_at(&s, 0.5) == 0);
	for (unsigned i = 0; i < N; i++) {
		value[i] = dice() >> dice() % 60;
		spread_add(&s, value[i]);
	}
	qsort(value, N, sizeof *value, by_value);
	CHECK(s.min == value[0] && s.max == value[N - 1] && s.count == N);
	for (unsigned permille = 1; permille <= 1000; permille++) {
		uint64_t exact = value[(uint64_t)permille * N / 1000 - 1];
		uint64_t got = spread_at(&s, permille / 1000.0);
		CHECK(got >= exact && got - exact <= exact / 64);
	}
	spread_clear(&s);
	spread_add(&s, 127);
	spread_add(&s, UINT64_MAX);
	CHECK(spread_at(&s, 0.5) == 127 && spread_at(&s, 1.0) == UINT64_MAX);
}

static void test_due(void)
{
	enum { N = 300 };
	static struct due node[N];
	static uint64_t at[N];
	struct due_heap h = {0};
	uint64_t last = 0, got;
	struct due *d;
	for (unsigned i = 0; i < 5000; i++) {
		unsigned k = dice() % N;
		if (dice() % 4 == 0) {
			due_unset(&h, &node[k]);
			at[k] = 0;
		} else {
			at[k] = 1 + dice() % 1000;
			due_set(&h, &node[k], at[k]);
		}
		uint64_t least = DUE_NEVER;
		for (unsigned j = 0; j < N; j++)
			if (at[j] && at[j] < least)
				least = at[j];
		CHECK(due_next_ns(&h) == least);
	}
	CHECK(due_take(&h, 0, &got) == NULL);
	while ((d = due_take(&h, 2000, &got)) != NULL) {
		CHECK(got >= last && got == at[d - node]);
		at[d - node] = 0;
		last = got;
	}
	for (unsigned j = 0; j < N; j++)
		CHECK(at[j] == 0);
	due_done(&h);
}

/* What a parser made of some bytes, as text: H head, [body], E end, B bad, C closed in the middle, R read
 * to the end. */
static void trace(struct h1 *w, struct bite in, struct pail *out, bool *in_body)
{
	struct bite piece;
	for (;;) {
		enum h1_got got = h1_pull(w, &in, &piece);
		if (got == H1_MORE)
			return;
		if (got == H1_BODY) {
			if (!*in_body)
				pail_add(out, "[", 1);
			pail_add(out, piece.at, piece.len);
			*in_body = true;
			continue;
		}
		if (*in_body)
			pail_add(out, "]", 1);
		*in_body = false;
		pail_add(out, got == H1_HEAD ? "H" : got == H1_END ? "E" : "B", 1);
		if (got == H1_BAD)
			return;
	}
}

/* Splits: 0 whole, UINT_MAX byte by byte, else in two pieces there. */
static void trace_split(bool answers, struct bite text, size_t split, struct pail *out)
{
	struct h1 w = {0};
	bool in_body = false;
	size_t step = split ? split : text.len;
	out->len = 0;
	h1_reset(&w, answers);
	for (size_t i = 0; i < text.len && w.state != H1_BROKEN;) {
		size_t n = step == (size_t)-1 ? 1 : i == 0 ? step : text.len - i;
		/* a copy of its own, so that reading beyond a piece is seen by the sanitizer */
		char *copy = malloc(n);
		if (!copy)
			abort();
		memcpy(copy, text.at + i, n);
		trace(&w, (struct bite){copy, n}, out, &in_body);
		free(copy);
		i += n;
	}
	if (w.state != H1_BROKEN) {
		enum h1_got got = h1_close(&w);
		if (in_body)
			pail_add(out, "]", 1);
		pail_add(out, got == H1_MORE ? "." : got == H1_END ? "R" : "C", 1);
	}
	h1_done(&w);
}

static void expect_trace(bool answers, const char *text, const char *want)
{
	struct pail out = {0};
	struct bite all = {text, strlen(text)};
	for (size_t split = 0; split <= all.len; split++) {
		trace_split(answers, all, split == all.len ? (size_t)-1 : split, &out);
		CHECK_IN(want, out.len == strlen(want) && memcmp(out.at, want, out.len) == 0);
	}
	pail_done(&out);
}

static void test_wire(void)
{
	expect_trace(true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No\r\n\r\n",
		"H[hello]EHE.");
	expect_trace(true, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "HE.");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n00B;x=y\r\n two worlds\r\n0\r\nX: y\r\n\r\n", "H[hello two worlds]E.");
	expect_trace(true, "HTTP/1.1 200 OK\r\n\r\nuntil the end", "H[until the end]R");
	expect_trace(true, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "H[hello]C");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"H[hello]C");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n",
		"H[hell]B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n", "HB");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "HB");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1111111111111111\r\n", "HB");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "B");
	expect_trace(true, "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", "B");
	expect_trace(true, "HTTP/2 200\r\n\r\n", "B");
	expect_trace(true, "\r\n\r\n", "B");
	expect_trace(false, "POST /v1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n\r\n",
		"H[{}]EHE.");
	expect_trace(false, "GET /\r\n\r\n", "B");
	expect_trace(false, "GET / HTTP/1.1\r\nHost: x", "C");
}

static bool parses(const char *text)
{
	struct peek seen;
	return peek_request((struct bite){text, strlen(text)}, &seen);
}

static void test_peek(void)
{
	struct peek seen;
	const char *body = " {\"a\":\"\\\"}\\\\\", \"stream\" : true ,"
		"\"messages\":[{\"x\":\"nonce-00000000000000ff]\"}, [1, 2]],"
		"\"stream_options\":{ \"include_usage\": true}, \"model\":\"m/x\","
		"\"max_tokens\":12,\"z\":null}\n";
	uint64_t nonce = 0;
	CHECK(peek_request((struct bite){body, strlen(body)}, &seen));
	CHECK(seen.stream && seen.include_usage && seen.has_max_tokens && seen.max_tokens == 12);
	CHECK(peek_is(seen.model, "m/x"));
	CHECK(seen.messages.at[0] == '[' && seen.messages.at[seen.messages.len - 1] == ']');
	CHECK(peek_nonce(seen.messages, &nonce) && nonce == 255);
	const char *twice = "nonce-1111111111111111 nonce-22222222222222zz -nonce-";
	CHECK(peek_nonce((struct bite){twice, strlen(twice)}, &nonce) && nonce == 0x1111111111111111);
	CHECK(!peek_nonce((struct bite){"nonce-11111111", 14}, &nonce));
	CHECK(parses("{\"messages\":[]}"));
	CHECK(!parses("{\"messages\":[]"));
	CHECK(!parses("{\"messages\":[}]}"));
	CHECK(!parses("{\"messages\":[]}x"));
	CHECK(!parses("{\"messages\":[],}"));
	CHECK(!parses("{\"messages\":[\"]}"));
	CHECK(!parses("{\"messages\" []}"));
	CHECK(!parses("{\"messages\":}"));
	CHECK(!parses("{\"m\":[]}"));
	CHECK(!parses("[]"));
	CHECK(!parses(""));
	char text[41];
	memset(text, 'a', sizeof text);
	uint64_t print = peek_print((struct bite){text, sizeof text});
	for (size_t bit = 0; bit < sizeof text * 8; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		CHECK(peek_print((struct bite){text, sizeof text}) != print);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(peek_print((struct bite){text, sizeof text - 1}) != print);
}

static struct simfault_ask fault_named(const char *name)
{
	return simfault_of((struct bite){name, strlen(name)});
}

static void test_fault(void)
{
	CHECK(fault_named("bench").kind == SIMFAULT_OK);
	CHECK(fault_named("sim-").kind == SIMFAULT_OK);
	CHECK(fault_named("sim-nothing").kind == SIMFAULT_OK);
	CHECK(fault_named("sim-reset-at-").kind == SIMFAULT_OK);
	CHECK(fault_named("sim-200").kind == SIMFAULT_OK);
	struct simfault_ask f = fault_named("sim/sim-reset-at-5");
	CHECK(f.kind == SIMFAULT_RESET && f.at == 5 && f.has_at);
	f = fault_named("sim-429");
	CHECK(f.kind == SIMFAULT_STATUS && f.status == 429);
	f = fault_named("sim-error-event");
	CHECK(f.kind == SIMFAULT_ERROR_EVENT && !f.has_at);
}

static void test_ask(void)
{
	for (size_t size = 300; size < 27000; size += 1303) {
		struct ask a = {0};
		struct peek seen;
		uint64_t nonce;
		ask_build(&a, &(struct ask_want){.host = "h", .model = "bench", .stream = true, .usage = true,
			.events = 7, .body_bytes = size});
		uint64_t print = ask_stamp(&a, 0xabcdef);
		struct bite body = {a.bytes.at + a.bytes.len - a.body_len, a.body_len};
		CHECK(a.body_len == size);
		CHECK(peek_request(body, &seen) && seen.stream && seen.include_usage && seen.max_tokens == 7);
		CHECK(peek_nonce(seen.messages, &nonce) && nonce == 0xabcdef);
		CHECK(peek_print(seen.messages) == print);
		ask_done(&a);
	}
}

/* The provider's bytes for one request, as the load generator judges them, in pieces of `step` bytes. */
static enum blame judged(const char *model, bool stream, bool usage, size_t step, struct spread *delay)
{
	enum { EVENTS = 6 };
	struct script_ask ask = {.nonce = 0x1234, .print = 99, .events = EVENTS, .usage = usage,
		.bytes = stream ? 20 : 900};
	struct judge_want want = {stream, usage, true, EVENTS, 0x1234, 99};
	struct judge_times times = {.event_delay = delay};
	struct pail text = {0};
	snprintf(ask.model, sizeof ask.model, "%s", model);
	ask.fault = fault_named(model);
	if (stream) {
		struct script a = {0};
		script_open(&a, &ask, &text);
		for (unsigned k = 0; k < EVENTS; k++) {
			struct bite b = script_event(&a, k, 1000);
			pail_add(&text, b.at, b.len);
		}
		script_close(&a, &text);
		script_done(&a);
	} else {
		script_json(&ask, &text);
	}
	struct h1 w = {0};
	struct judge j = {0};
	struct bite piece;
	enum h1_got got = H1_MORE;
	h1_reset(&w, true);
	judge_begin(&j, &want, &times);
	for (size_t i = 0; i < text.len && got != H1_BAD; i += step) {
		struct bite in = {text.at + i, text.len - i < step ? text.len - i : step};
		while ((got = h1_pull(&w, &in, &piece)) != H1_MORE && got != H1_BAD) {
			if (got == H1_HEAD)
				judge_head(&j, &w);
			else if (got == H1_BODY)
				judge_body(&j, piece, 1500);
			else
				judge_end(&j);
		}
	}
	if (got == H1_BAD)
		judge_blame(&j, BLAME_FRAMING);
	enum blame verdict = j.verdict;
	judge_done(&j);
	h1_done(&w);
	pail_done(&text);
	return verdict;
}

static void test_judge(void)
{
	static const struct { const char *model; bool stream, usage; enum blame want; } rows[] = {
		{"bench", false, false, BLAME_NONE},
		{"bench", true, false, BLAME_NONE}, {"bench", true, true, BLAME_NONE},
		{"sim-split", true, true, BLAME_NONE}, {"sim-ping", true, true, BLAME_NONE},
		{"sim-crlf", true, true, BLAME_NONE}, {"sim-slow", false, false, BLAME_NONE},
		{"sim-500", false, false, BLAME_STATUS}, {"sim-html", false, false, BLAME_TYPE},
		{"sim-empty", false, false, BLAME_EMPTY},
		{"sim-error-event", false, false, BLAME_ERROR_EVENT},
		{"sim-error-event-at-2", true, false, BLAME_ERROR_EVENT},
		{"sim-nonce", false, false, BLAME_NONCE}, {"sim-nonce-at-5", true, false, BLAME_NONCE},
		{"sim-print", false, false, BLAME_BODY}, {"sim-print", true, false, BLAME_BODY},
		{"sim-garble", false, false, BLAME_FORMAT}, {"sim-garble-at-3", true, false, BLAME_FORMAT},
		{"sim-skip", true, false, BLAME_MISSING}, {"sim-skip-at-5", true, false, BLAME_MISSING},
		{"sim-twice-at-4", true, false, BLAME_ORDER}, {"sim-no-role", true, false, BLAME_ROLE},
		{"sim-no-finish", true, false, BLAME_FINISH}, {"sim-no-finish", true, true, BLAME_FINISH},
		{"sim-no-usage", true, true, BLAME_USAGE_MISSING}, {"sim-no-usage", true, false, BLAME_NONE},
		{"sim-force-usage", true, false, BLAME_USAGE_UNASKED},
		{"sim-no-done", true, true, BLAME_DONE},
		{"sim-extra", true, true, BLAME_EXTRA}, {"sim-bad-chunk-at-1", true, false, BLAME_FRAMING},
	};
	static const size_t steps[] = {1, 2, 7, 64, 1000, 1 << 20};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
			CHECK_IN(rows[i].model, rows[i].want ==
				judged(rows[i].model, rows[i].stream, rows[i].usage, steps[s], NULL));
	static struct spread delay;
	CHECK(judged("bench", true, false, 1 << 20, &delay) == BLAME_NONE);
	CHECK(delay.count == 6 && delay.max == 500 && delay.min == 500);
}

int main(void)
{
	test_spread();
	test_due();
	test_wire();
	test_peek();
	test_fault();
	test_ask();
	test_judge();
	printf("%u checks, %u failed\n", checks, failures);
	return failures ? 1 : 0;
}
