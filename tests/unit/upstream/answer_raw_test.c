/* Answers of any kind (REQUEST_RAW): the bytes pass as they come, the rest is told all the same; and what the heads
 * of all answers say beside the body. */
#include "unit.h"

#include <zlib.h>

#include "unit/upstream/answer_play.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n\r\n"
#define JSON "Content-Type: application/json\r\n"
#define EVENTS "Content-Type: text/event-stream\r\n"

static const struct answer_limits usual = { .head_bytes = 4096, .event_bytes = 65536, .body_bytes = 1 << 20 };

static void play(struct answer_play *p, struct slice response, const struct answer_limits *limits, enum err eof,
	size_t first, size_t step)
{
	*p = (struct answer_play){ .dialect = &openai_raw, .limits = *limits, .eof = eof };
	answer_play(p, response, first, step);
}

static const struct row {
	const char *name, *response, *raw, *type;
	enum err want, eof;
	bool fit;
	int64_t prompt_tok, completion_tok;	/* -1: not said */
} rows[] = {
	{ "sounds", OK "Content-Type: audio/mpeg\r\n" LENGTH(4) "\x01\xff\r\n", "\x01\xff\r\n", "audio/mpeg",
		ERR_OK, ERR_OK, true,
		-1, -1 },
	{ "no type", OK LENGTH(3) "abc", "abc", "", ERR_OK, ERR_OK, true, -1, -1 },
	{ "markup is what was asked for", OK "Content-Type: text/html\r\n" LENGTH(3) "<p>", "<p>", "text/html",
		ERR_OK, ERR_OK, true,
		-1, -1 },
	{ "a stream of events is not looked into", OK EVENTS LENGTH(9) "data: x\n\n",
		"data: x\n\n", "text/event-stream", ERR_OK, ERR_OK, true, -1, -1 },
	{ "every byte of it passes", OK EVENTS LENGTH(27) ": hi\n\n\ndata: x\r\n\r\ndata: y\n:", ": hi\n\n\ndata: x"
		"\r\n\r\ndata: y\n:", "text/event-stream", ERR_OK, ERR_OK, true, -1, -1 },
	{ "one that breaks ends with a whole event", OK EVENTS LENGTH(99) "data: x\n\ndata: {\"b64\":\"AA",
		"data: x\n\n", "text/event-stream", ERR_UP_TRUNCATED, ERR_OK, false, -1, -1 },
	{ "chunks", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd", "", ERR_OK,
		ERR_OK, true, -1, -1 },
	{ "until the end", OK "\r\nabc", "abc", "", ERR_OK, ERR_OK, false, -1, -1 },
	{ "until a reset", OK "\r\nabc", "abc", "", ERR_UP_TRUNCATED, ERR_UP_RESET, false, -1, -1 },
	{ "cut", OK LENGTH(9) "abc", "abc", "", ERR_UP_TRUNCATED, ERR_OK, false, -1, -1 },
	{ "chunks that are cut", OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", "", ERR_UP_TRUNCATED,
		ERR_OK, false,
		-1, -1 },
	{ "nothing", OK LENGTH(0), "", "", ERR_OK, ERR_OK, true, -1, -1 },
	{ "no content", "HTTP/1.1 204 No Content\r\n\r\n", "", "", ERR_OK, ERR_OK, true, -1, -1 },
	{ "created", "HTTP/1.1 201 Created\r\n" LENGTH(2) "ok", "ok", "", ERR_OK, ERR_OK, true, -1, -1 },
	{ "usage of pictures", OK JSON LENGTH(51) "{\"usage\":{\"input_tokens\":5,\"output_tokens\":7}} \r\n\r\n",
		"{\"usage\":{\"input_tokens\":5,\"output_tokens\":7}} \r\n\r\n", "application/json", ERR_OK,
			ERR_OK, true, 5, 7 },
	{ "usage of moderations", OK "Content-Type: Application/JSON; charset=utf-8\r\n" LENGTH(29)
		"{\"usage\":{\"prompt_tokens\":5}}", "{\"usage\":{\"prompt_tokens\":5}}",
		"Application/JSON; charset=utf-8", ERR_OK, ERR_OK, true, 5, -1 },
	{ "usage that is none", OK JSON LENGTH(29) "{\"usage\":{\"input_tokens\":-5}}",
		"{\"usage\":{\"input_tokens\":-5}}",
		"application/json", ERR_OK, ERR_OK, true, -1, -1 },
	{ "JSON that is none", OK JSON LENGTH(3) "{x}", "{x}", "application/json", ERR_OK, ERR_OK, true, -1, -1 },
	{ "an error in JSON of a 200 is the client's to read", OK JSON LENGTH(24) "{\"error\":{\"message\":1}} ",
		"{\"error\":{\"message\":1}} ", "application/json", ERR_OK, ERR_OK, true, -1, -1 },
	{ "refused", "HTTP/1.1 400 Bad\r\n" JSON LENGTH(28) "{\"error\":{\"message\":\"long\"}}", "",
		"application/json",
		ERR_UP_BAD_REQUEST, ERR_OK, true, -1, -1 },
	{ "throttled", "HTTP/1.1 429 Slow\r\n" LENGTH(0), "", "", ERR_UP_THROTTLED, ERR_OK, true, -1, -1 },
	{ "broken", "HTTP/1.1 500 No\r\n" LENGTH(2) "no", "", "", ERR_UP_FAILED, ERR_OK, true, -1, -1 },
	{ "elsewhere", "HTTP/1.1 302 Found\r\nLocation: /x\r\n" LENGTH(0), "", "", ERR_UP_REDIRECT, ERR_OK, true,
		-1, -1 },
	{ "in an encoding that nobody asked for", OK "Content-Encoding: br\r\n" LENGTH(3) "abc", "", "",
		ERR_UP_BAD_ENCODING, ERR_OK,
		false, -1, -1 },
	{ "the same with another good status", "HTTP/1.1 201 OK\r\nContent-Encoding: br\r\n" LENGTH(3) "abc", "", "",
		ERR_UP_BAD_ENCODING, ERR_OK, false, -1, -1 },
};

static void check_row(const struct row *r, const struct answer_play *p)
{
	if (p->fault.err != r->want)
		fail_msg("%s: %s", r->name, err_name(p->fault.err));
	assert_slice(buf_slice(&p->raw), r->raw);
	assert_slice(p->type, r->type);
	assert_int_equal(p->usage.prompt_tok, r->prompt_tok);
	assert_int_equal(p->usage.completion_tok, r->completion_tok);
	if (p->fit != r->fit)
		fail_msg("%s: the connection is %s", r->name, p->fit ? "kept" : "not kept");
	assert_int_equal(p->content, strlen(r->raw) > 0);
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice response = slice_str(rows[i].response);
		for (size_t cut = 0; cut < response.n; cut++) {
			struct answer_play p;
			/* cut 0: byte by byte */
			play(&p, response, &usual, rows[i].eof, cut, cut ? response.n : 1);
			check_row(&rows[i], &p);
			answer_play_done(&p);
		}
	}
}

static void test_limits(void **state)
{
	struct answer_limits small = usual;
	struct answer_play p;

	small.event_bytes = 9;
	play(&p, SLICE(OK EVENTS LENGTH(19) "data: x\n\ndata: 10\n\n"), &small, ERR_OK, 0, 1);
	assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
	assert_slice(buf_slice(&p.raw), "data: x\n\n");
	answer_play_done(&p);
	small.body_bytes = 3;
	play(&p, SLICE(OK LENGTH(3) "abc"), &small, ERR_OK, 0, 100);
	assert_int_equal(p.fault.err, ERR_OK);
	answer_play_done(&p);
	play(&p, SLICE(OK LENGTH(4) "abcd"), &small, ERR_OK, 0, 1);
	assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
	assert_slice(buf_slice(&p.raw), "abc");
	answer_play_done(&p);
}

/* Usage is read from answers of a sane size; the bytes of a longer one pass, and are not kept. */
static void test_a_long_json_answer(void **state)
{
	static const char usage[] = "{\"usage\":{\"input_tokens\":5,\"output_tokens\":7},\"x\":\"";

	for (size_t n = 262000; n <= 400000; n += 138000) {
		struct answer_play p;
		struct buf b;
		buf_init(&b, 1 << 20);
		buf_addf(&b, OK JSON "Content-Length: %zu\r\n\r\n%s", n, usage);
		for (size_t i = strlen(usage); i < n - 2; i++)
			buf_add_char(&b, 'x');
		buf_add(&b, SLICE("\"}"));
		play(&p, buf_slice(&b), &usual, ERR_OK, 0, 10000);
		assert_int_equal(p.fault.err, ERR_OK);
		assert_int_equal(buf_len(&p.raw), n);
		assert_int_equal(p.usage.prompt_tok, n < 262144 ? 5 : -1);
		answer_play_done(&p);
		buf_done(&b);
	}
}

/* Compressed all the same: what passes is not. */
static void test_compressed(void **state)
{
	Bytef packed[200];
	uLongf n = sizeof(packed);
	struct answer_play p;
	struct buf b;

	assert_int_equal(compress(packed, &n, (const Bytef *)"hello hello hello", 17), Z_OK);
	buf_init(&b, 1 << 16);
	buf_addf(&b, OK "Content-Encoding: deflate\r\nContent-Length: %zu\r\n\r\n", (size_t)n);
	buf_add(&b, slice_of(packed, n));
	play(&p, buf_slice(&b), &usual, ERR_OK, 0, 7);
	assert_int_equal(p.fault.err, ERR_OK);
	assert_slice(buf_slice(&p.raw), "hello hello hello");
	answer_play_done(&p);
	play(&p, slice_of(b.p, buf_len(&b) - 1), &usual, ERR_OK, 0, 7);
	assert_int_equal(p.fault.err, ERR_UP_TRUNCATED);
	answer_play_done(&p);
	buf_done(&b);
}

/* --- heads of all answers ------------------------------------------------------------------------------- */

static void play_head(struct answer_play *p, const char *fields)
{
	char text[1000];

	snprintf(text, sizeof(text), OK "%s\r\n", fields);
	play(p, slice_str(text), &usual, ERR_OK, 0, 1000);
}

static void test_ids(void **state)
{
	static const struct {
		const char *fields, *want;
	} ids[] = {
		{ "x-request-id: a\r\n", "a" }, { "Request-Id: b\r\n", "b" }, { "apim-request-id: c\r\n", "c" },
		{ "X-Generation-Id: d\r\n", "d" }, { "request-id: b\r\nx-request-id: a\r\n", "a" },
		{ "x-request-id: \r\nrequest-id: b\r\n", "b" }, { "id: x\r\n", "" },
		{ "x-request-id: 0123456789012345678901234567890123456789012345678901234567890123456789"
			"012345678901234567890123456789012345678901234567890123456789\r\nrequest-id: b\r\n", "b" },
	};

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		struct answer_play p;
		play_head(&p, ids[i].fields);
		assert_slice(p.request_id, ids[i].want);
		answer_play_done(&p);
	}
}

static void test_quota(void **state)
{
	struct answer_play p;

	play_head(&p, "x-ratelimit-limit-requests: 60\r\nx-ratelimit-reset-requests: 1s\r\n");
	assert_true(p.has_quota);
	assert_int_equal(p.quota.of[QUOTA_REQUESTS].limit, 60);
	assert_int_equal(p.quota.of[QUOTA_REQUESTS].reset_ms, 1000);
	answer_play_done(&p);
	/* a moment is told from the time of the answer */
	play_head(&p, "anthropic-ratelimit-tokens-reset: 2023-11-14T22:13:25Z\r\n");
	assert_int_equal(p.quota.of[QUOTA_TOKENS].reset_ms, 5000);
	answer_play_done(&p);
	play_head(&p, "x-ratelimit-limit: 60\r\n");
	assert_false(p.has_quota);
	answer_play_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_long_json_answer),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_quota),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
