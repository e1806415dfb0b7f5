/* A provider's response to its verdict.  Every row is played whole, byte by byte and cut in two at every
 * place. */
#include "unit.h"

#include <zlib.h>

#include "unit/upstream/answer_play.h"

/* --- pieces of answers ---------------------------------------------------------------------------------- */

#define DATA(json) "data: " json "\n\n"
#define CHUNK(choices) \
	"{\"id\":\"a1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[" choices "]}"
#define DELTA(delta) DATA(CHUNK("{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}"))
#define ROLE DELTA("\"role\":\"assistant\"")
#define HI DELTA("\"content\":\"Hi\"")
#define STOP DATA(CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}"))
#define USAGE DATA("{\"id\":\"a1\",\"model\":\"m\",\"choices\":[]," \
	"\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}")
#define DONE DATA("[DONE]")
#define SSE_ERROR DATA("{\"error\":{\"message\":\"no room\",\"type\":\"server_error\",\"code\":503}}")
#define STREAM ROLE HI STOP DONE
#define STREAM_STORY "start:a1,m text:Hi finish:stop=stop end"
#define CUT_STORY "start:a1,m text:Hi"

#define WHOLE "{\"id\":\"a1\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0," \
	"\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]," \
	"\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}"
#define WHOLE_STORY "start:a1,m text:Hi finish:stop=stop usage:3/2"
#define ERROR(message, type) "{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\"}}"
#define HTML "<!doctype html>\n<p>Bad gateway</p>\n"

#define OK200 "HTTP/1.1 200 OK\r\n"
#define SSE "Content-Type: text/event-stream\r\n"
#define JSON "Content-Type: application/json\r\n"
#define TYPE(t) "Content-Type: " t "\r\n"

/* How the end of the body is told. */
enum framing {
	LENGTH, CHUNKED, CLOSED,
	SHORT,		/* Content-Length is 5 more than comes */
	NO_LAST_CHUNK,
};

static void add_response(struct buf *out, struct slice head, struct slice body, enum framing framing)
{
	buf_add(out, head);
	if (framing == LENGTH || framing == SHORT)
		buf_addf(out, "Content-Length: %zu\r\n\r\n", body.n + (framing == SHORT ? 5 : 0));
	else
		buf_addf(out, "%s\r\n", framing == CLOSED ? "" : "Transfer-Encoding: chunked\r\n");
	if (framing == CHUNKED || framing == NO_LAST_CHUNK) {
		for (struct slice rest = body; rest.n; rest = slice_skip(rest, 100))
			http1_write_chunk(out, slice_of(rest.p, MIN_OF(rest.n, 100u)));
		if (framing == CHUNKED)
			buf_add(out, HTTP1_LAST_CHUNK);
	} else {
		buf_add(out, body);
	}
}

static const struct answer_limits usual = { .head_bytes = 4096, .event_bytes = 65536, .body_bytes = 1 << 20 };

static void play(struct answer_play *p, struct slice response, const struct answer_limits *limits,
	enum err eof, size_t first, size_t step)
{
	*p = (struct answer_play){ .limits = *limits, .eof = eof };
	answer_play(p, response, first, step);
}

static void check_same(const char *name, const struct answer_play *a, const struct answer_play *b)
{
	if (a->fault.err != b->fault.err || a->fit != b->fit || a->ended_before_eof != b->ended_before_eof
			|| !slice_eq(buf_slice(&a->story), buf_slice(&b->story))
			|| !slice_eq(buf_slice(&a->raw), buf_slice(&b->raw))
			|| !slice_eq(a->fault.message, b->fault.message)
			|| a->fault.retry_after_ms != b->fault.retry_after_ms)
		fail_msg("%s: split it is %s, \"%.*s\"", name, err_name(b->fault.err),
			SLICE_ARG(buf_slice(&b->story)));
}

/* Plays it whole into *p and checks that every other way of cutting it says the same. */
static void play_all(const char *name, struct slice response, const struct answer_limits *limits, enum err eof,
	struct answer_play *p)
{
	struct answer_play again;

	play(p, response, limits, eof, 0, response.n + 1);
	play(&again, response, limits, eof, 0, 1);
	check_same(name, p, &again);
	answer_play_done(&again);
	size_t step = response.n > 2000 ? response.n / 500 : 1;
	for (size_t cut = 1; cut < response.n; cut += step) {
		play(&again, response, limits, eof, cut, response.n);
		check_same(name, p, &again);
		answer_play_done(&again);
	}
}

/* --- every way an answer can go ------------------------------------------------------------------------- */

enum what {
	FIT = 1,	/* the connection can be used again */
	AT_EOF = 2,	/* it takes the end of the connection */
};

static const struct row {
	const char *name, *head, *body;
	enum framing framing;
	enum err want;
	const char *story;
	unsigned what;
} rows[] = {
	/* streams */
	{ "a stream", OK200 SSE, STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "a stream with a length", OK200 SSE, STREAM, LENGTH, ERR_OK, STREAM_STORY, FIT },
	{ "a stream until the end", OK200 SSE, STREAM, CLOSED, ERR_OK, STREAM_STORY, AT_EOF },
	{ "parameters and case of the type", OK200 TYPE("TEXT/Event-Stream ; charset=utf-8"), STREAM, CHUNKED,
		ERR_OK, STREAM_STORY, FIT },
	{ "line ends of another kind", OK200 SSE, "data: "
		CHUNK("{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}")
		"\r\n\r\ndata: [DONE]\r\r", CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "a stream with usage", OK200 SSE, ROLE HI STOP USAGE DONE, CHUNKED, ERR_OK,
		"start:a1,m text:Hi finish:stop=stop usage(hidden):3/2 end", FIT },
	{ "comments are no events", OK200 SSE, ": WAITING\n\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "an event stream labelled as text", OK200 TYPE("text/plain"), STREAM, CHUNKED, ERR_OK, STREAM_STORY,
		FIT },
	{ "an event stream without a label", OK200, STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "one that begins with a comment", OK200, ": hi\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "one that begins with blank lines", OK200, "\n\r\n\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "one that begins with a space", OK200, " " STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "one that begins with an event line", OK200, "event: x\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY,
		FIT },
	{ "one that begins with an id", OK200, "id: 1\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "one that begins with retry", OK200, "retry: 1\n" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "a byte order mark", OK200 SSE, "\xef\xbb\xbf" STREAM, CHUNKED, ERR_OK, STREAM_STORY, FIT },
	{ "a byte order mark without a label", OK200, "\xef\xbb\xbf" STREAM, CHUNKED, ERR_OK, STREAM_STORY,
		FIT },
	{ "no end mark", OK200 SSE, ROLE HI STOP, CHUNKED, ERR_OK, "start:a1,m text:Hi finish:stop=stop",
		FIT },
	{ "no end mark and no length", OK200 SSE, ROLE HI STOP, CLOSED, ERR_OK,
		"start:a1,m text:Hi finish:stop=stop", AT_EOF },
	{ "the last blank line is missing", OK200 SSE, ROLE HI STOP "data: [DONE]", CHUNKED, ERR_OK,
		STREAM_STORY, FIT },
	{ "two choices", OK200 SSE, DATA(CHUNK("{\"index\":0,\"delta\":{\"content\":\"A\"}},"
		"{\"index\":1,\"delta\":{\"content\":\"B\"}}"))
		DATA(CHUNK("{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}")) STOP DONE, CHUNKED,
		ERR_OK, "start:a1,m text:A text#1:B finish#1:length=length finish:stop=stop end", FIT },
	{ "an unknown finish is passed on", OK200 SSE, HI
		DATA(CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"odd\"}")) DONE,
		CHUNKED, ERR_OK, "start:a1,m text:Hi finish:odd=unknown end", FIT },

	/* streams that are not whole */
	{ "an end mark without a finish", OK200 SSE, ROLE HI DONE, CHUNKED, ERR_UP_TRUNCATED, CUT_STORY, 0 },
	{ "an end mark and nothing said", OK200 SSE, ROLE DONE, CHUNKED, ERR_UP_EMPTY, "start:a1,m", 0 },
	{ "an end mark alone", OK200 SSE, DONE, CHUNKED, ERR_UP_EMPTY, "", 0 },
	{ "an end without a finish", OK200 SSE, ROLE HI, CHUNKED, ERR_UP_TRUNCATED, CUT_STORY, FIT },
	{ "an end without a finish, by length", OK200 SSE, ROLE HI, LENGTH, ERR_UP_TRUNCATED, CUT_STORY,
		FIT },
	{ "an end without a finish, by closing", OK200 SSE, ROLE HI, CLOSED, ERR_UP_TRUNCATED, CUT_STORY,
		AT_EOF },
	{ "a role and an end", OK200 SSE, ROLE, CHUNKED, ERR_UP_EMPTY, "start:a1,m", FIT },
	{ "one choice of two", OK200 SSE,
		DATA(CHUNK("{\"index\":1,\"delta\":{\"content\":\"B\"}}")) STOP DONE, CHUNKED,
		ERR_UP_TRUNCATED, "start:a1,m text#1:B finish:stop=stop", 0 },
	{ "cut before the finish", OK200 SSE, ROLE HI, NO_LAST_CHUNK, ERR_UP_TRUNCATED, CUT_STORY, AT_EOF },
	{ "cut after the finish", OK200 SSE, ROLE HI STOP, NO_LAST_CHUNK, ERR_UP_TRUNCATED,
		"start:a1,m text:Hi finish:stop=stop", AT_EOF },
	{ "cut after the end mark", OK200 SSE, STREAM, NO_LAST_CHUNK, ERR_OK, STREAM_STORY, AT_EOF },
	{ "a length too large, all told", OK200 SSE, STREAM, SHORT, ERR_OK, STREAM_STORY, AT_EOF },
	{ "a length too large", OK200 SSE, ROLE HI, SHORT, ERR_UP_TRUNCATED, CUT_STORY, AT_EOF },
	{ "no events", OK200 SSE, "", CHUNKED, ERR_UP_EMPTY, "", FIT },
	{ "only comments", OK200 SSE, ": a\n\n: b\n\n", CHUNKED, ERR_UP_EMPTY, "", FIT },
	{ "JSON labelled as events", OK200 SSE, WHOLE, LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "an event that is no JSON", OK200 SSE, ROLE DATA("{\"choices\":[") DONE, CHUNKED, ERR_UP_BAD_JSON,
		"start:a1,m", 0 },
	{ "an error first", OK200 SSE, SSE_ERROR DONE, CHUNKED, ERR_UP_OVERLOADED, "", 0 },
	{ "an error after the role", OK200 SSE, ROLE SSE_ERROR DONE, CHUNKED, ERR_UP_OVERLOADED, "start:a1,m",
		0 },
	{ "an error late", OK200 SSE, ROLE HI SSE_ERROR DONE, CHUNKED, ERR_UP_OVERLOADED, CUT_STORY, 0 },
	{ "an event of type error", OK200 SSE, ROLE "event: error\ndata: {\"message\":\"no\"}\n\n", CHUNKED,
		ERR_UP_ERROR_EVENT, "start:a1,m", 0 },
	{ "a finish that is a failure", OK200 SSE, HI
		DATA(CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}")) DONE, CHUNKED,
		ERR_UP_ERROR_EVENT, CUT_STORY, 0 },

	/* whole answers */
	{ "a whole answer", OK200 JSON, WHOLE, LENGTH, ERR_OK, WHOLE_STORY, FIT },
	{ "a whole answer in chunks", OK200 JSON, WHOLE, CHUNKED, ERR_OK, WHOLE_STORY, FIT },
	{ "a whole answer until the end", OK200 JSON, WHOLE, CLOSED, ERR_OK, WHOLE_STORY, AT_EOF },
	{ "a whole answer of type text", OK200 TYPE("text/plain; charset=utf-8"), WHOLE, LENGTH, ERR_OK,
		WHOLE_STORY, FIT },
	{ "a whole answer without a type", OK200, WHOLE, LENGTH, ERR_OK, WHOLE_STORY, FIT },
	{ "a type with parameters", OK200 TYPE("Application/JSON;charset=utf-8"), WHOLE, LENGTH, ERR_OK,
		WHOLE_STORY, FIT },
	{ "blank lines before it", OK200 JSON, "\n\n \n" WHOLE, CHUNKED, ERR_OK, WHOLE_STORY, FIT },
	{ "blank lines before it, no type", OK200, "\n\n \n" WHOLE, CHUNKED, ERR_OK, WHOLE_STORY, FIT },
	{ "no finish reason", OK200 JSON, "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}", LENGTH,
		ERR_OK,
		"start text:Hi finish=unknown", FIT },
	{ "an empty body", OK200 JSON, "", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "an empty body without a type", OK200, "", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "white space", OK200 JSON, " \r\n\t ", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "white space without a type", OK200, " \r\n\t ", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "no choices", OK200 JSON, "{\"id\":\"a1\",\"choices\":[]}", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "JSON of another kind", OK200 JSON, "[1]", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "broken JSON", OK200 JSON, "{\"choices\":[{\"mess", LENGTH, ERR_UP_BAD_JSON, "", FIT },
	{ "JSON cut by the connection", OK200 JSON, "{\"choices\":[{\"mess", SHORT, ERR_UP_TRUNCATED, "",
		AT_EOF },
	{ "whole JSON, length too large", OK200 JSON, WHOLE, SHORT, ERR_UP_TRUNCATED, "", AT_EOF },
	{ "JSON cut between chunks", OK200 JSON, WHOLE, NO_LAST_CHUNK, ERR_UP_TRUNCATED, "", AT_EOF },
	{ "an error inside 200", OK200 JSON, ERROR("no", "rate_limit_error"), LENGTH, ERR_UP_THROTTLED, "",
		FIT },
	{ "events labelled as JSON", OK200 JSON, STREAM, LENGTH, ERR_UP_BAD_JSON, "", FIT },
	{ "a byte order mark before JSON", OK200 JSON, "\xef\xbb\xbf" WHOLE, LENGTH, ERR_UP_BAD_JSON, "",
		FIT },

	/* neither */
	{ "a page", OK200 TYPE("text/html"), HTML, LENGTH, ERR_UP_BAD_TYPE, "", 0 },
	{ "a page without a label", OK200, HTML, LENGTH, ERR_UP_BAD_TYPE, "", 0 },
	{ "a page after white space", OK200 TYPE("text/plain"), "\n \n" HTML, LENGTH, ERR_UP_BAD_TYPE, "",
		0 },
	{ "a page labelled as JSON", OK200 JSON, HTML, LENGTH, ERR_UP_BAD_JSON, "", FIT },
	{ "a page that begins like JSON", OK200 TYPE("Text/HTML; charset=utf-8"), WHOLE, LENGTH,
		ERR_UP_BAD_TYPE, "", 0 },
	{ "an empty page", OK200 TYPE("text/html"), "", LENGTH, ERR_UP_EMPTY, "", FIT },
	{ "text", OK200 TYPE("text/plain"), "upstream connect error", LENGTH, ERR_UP_BAD_TYPE, "", 0 },
	{ "an image", OK200 TYPE("image/png"), "\x89PNG", LENGTH, ERR_UP_BAD_TYPE, "", 0 },

	/* framing */
	{ "interim answers", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
		OK200 JSON, WHOLE, LENGTH, ERR_OK, WHOLE_STORY, FIT },
	{ "the provider wants to close", OK200 JSON "Connection: close\r\n", WHOLE, LENGTH, ERR_OK,
		WHOLE_STORY, 0 },
	{ "an old provider", "HTTP/1.0 200 OK\r\n" JSON, WHOLE, LENGTH, ERR_OK, WHOLE_STORY, 0 },
	{ "an old provider that keeps", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" JSON, WHOLE, LENGTH,
		ERR_OK, WHOLE_STORY, FIT },
	{ "an upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n", "", CLOSED, ERR_UP_BAD_HTTP, "",
		0 },
	{ "two framings", OK200 JSON "Transfer-Encoding: chunked\r\n", WHOLE, LENGTH, ERR_UP_BAD_HTTP, "",
		0 },
	{ "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "", CLOSED, ERR_UP_BAD_HTTP, "", 0 },
	{ "nothing at all", "", NULL, CLOSED, ERR_UP_RESET, "", AT_EOF },
	{ "half a head", OK200 "Content-Ty", NULL, CLOSED, ERR_UP_RESET, "", AT_EOF },
	{ "only an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", NULL, CLOSED, ERR_UP_RESET, "", AT_EOF },

	/* encodings */
	{ "identity", OK200 JSON "Content-Encoding: Identity\r\n", WHOLE, LENGTH, ERR_OK, WHOLE_STORY, FIT },
	{ "brotli", OK200 JSON "Content-Encoding: br\r\n", "\x8b\x03\x80", LENGTH, ERR_UP_BAD_ENCODING, "",
		0 },
	{ "gzip that is none", OK200 JSON "Content-Encoding: gzip\r\n", WHOLE, LENGTH, ERR_UP_BAD_ENCODING,
		"", 0 },
	{ "gzip and nothing", OK200 JSON "Content-Encoding: gzip\r\n", "", LENGTH, ERR_UP_TRUNCATED, "",
		FIT },
};

static void make(struct buf *out, const struct row *r)
{
	buf_init(out, 1 << 20);
	if (r->body)
		add_response(out, slice_str(r->head), slice_str(r->body), r->framing);
	else
		buf_add(out, slice_str(r->head));
}

static void check_row(const struct row *r, const struct answer_play *p)
{
	if (p->fault.err != r->want || !slice_eq(buf_slice(&p->story), slice_str(r->story)))
		fail_msg("%s: %s, \"%.*s\"", r->name, err_name(p->fault.err),
			SLICE_ARG(buf_slice(&p->story)));
	if (p->fit != !!(r->what & FIT) || p->ended_before_eof != !(r->what & AT_EOF))
		fail_msg("%s: fit %d, ended before the end of the connection %d", r->name, p->fit,
			p->ended_before_eof);
}

static void test_every_way_an_answer_can_go(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct answer_play p;
		struct buf b;
		make(&b, &rows[i]);
		play_all(rows[i].name, buf_slice(&b), &usual, ERR_OK, &p);
		check_row(&rows[i], &p);
		answer_play_done(&p);
		buf_done(&b);
	}
}

/* A reset instead of an orderly end makes nothing whole that was not, and takes nothing from what was. */
static void test_a_reset_changes_no_verdict_but_of_bodies_without_length(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct answer_play p;
		struct buf b;
		enum err want = rows[i].want;
		make(&b, &rows[i]);
		play(&p, buf_slice(&b), &usual, ERR_UP_RESET, 0, SIZE_MAX / 2);
		if (rows[i].framing == CLOSED && rows[i].body && want == ERR_OK && !p.end_mark)
			want = ERR_UP_TRUNCATED;
		if (p.fault.err != want)
			fail_msg("%s, then a reset: %s", rows[i].name, err_name(p.fault.err));
		answer_play_done(&p);
		buf_done(&b);
	}
}

/* --- statuses ------------------------------------------------------------------------------------------- */

static const struct status_row {
	int status;
	const char *body;
	enum err want;
	const char *message;
} status_rows[] = {
	{ 201, WHOLE, ERR_UP_ERROR_EVENT, "" },
	{ 204, NULL, ERR_UP_ERROR_EVENT, "" },
	{ 301, "", ERR_UP_REDIRECT, "" },
	{ 302, ERROR("moved", "x"), ERR_UP_REDIRECT, "" },
	{ 304, NULL, ERR_UP_REDIRECT, "" },
	{ 307, WHOLE, ERR_UP_REDIRECT, "" },
	{ 308, "", ERR_UP_REDIRECT, "" },
	{ 400, ERROR("no such field", "invalid_request_error"), ERR_UP_BAD_REQUEST, "no such field" },
	{ 400, "plain words", ERR_UP_BAD_REQUEST, "plain words" },
	{ 400, HTML, ERR_UP_BAD_REQUEST, "" },
	{ 400, "", ERR_UP_BAD_REQUEST, "" },
	{ 400, ERROR("This model's maximum context length is 10", "x"), ERR_UP_CONTEXT,
		"This model's maximum context length is 10" },
	{ 401, ERROR("Incorrect API key sk-secret", "x"), ERR_UP_KEY_DEAD, "" },
	{ 402, "", ERR_UP_KEY_DEAD, "" },
	{ 403, ERROR("no", "x"), ERR_UP_KEY_DEAD, "" },
	{ 404, ERROR("no", "x"), ERR_UP_NO_MODEL, "" },
	{ 405, "", ERR_UP_BAD_REQUEST, "" },
	{ 408, "", ERR_UP_TIMEOUT_STATUS, "" },
	{ 409, "", ERR_UP_FAILED, "" },
	{ 413, HTML, ERR_UP_TOO_LARGE, "" },
	{ 422, "{\"detail\":[{\"loc\":[\"body\",\"n\"],\"msg\":\"too many\",\"type\":\"x\"}]}",
		ERR_UP_UNPROCESSABLE, "too many" },
	{ 429, ERROR("slow down", "x"), ERR_UP_THROTTLED, "" },
	{ 429, ERROR("no money", "insufficient_quota"), ERR_UP_KEY_DEAD, "" },
	{ 498, "", ERR_UP_OVERLOADED, "" },
	{ 500, WHOLE, ERR_UP_FAILED, "" },
	{ 502, HTML, ERR_UP_FAILED, "" },
	{ 503, "", ERR_UP_OVERLOADED, "" },
	{ 504, HTML, ERR_UP_TIMEOUT_STATUS, "" },
	{ 524, HTML, ERR_UP_TIMEOUT_STATUS, "" },
	{ 529, ERROR("overloaded", "overloaded_error"), ERR_UP_OVERLOADED, "" },
	{ 599, "", ERR_UP_FAILED, "" },
	{ 999, "", ERR_UP_FAILED, "" },
};

static void check_status(const struct status_row *r, enum framing framing, bool reset)
{
	struct answer_play p;
	struct buf b;
	char head[100], name[100];
	bool cut = framing == SHORT || framing == NO_LAST_CHUNK || framing == CLOSED;

	snprintf(head, sizeof(head), "HTTP/1.1 %d Whatever\r\n" SSE, r->status);
	snprintf(name, sizeof(name), "%d, framing %d", r->status, framing);
	buf_init(&b, 1 << 16);
	if (r->body)
		add_response(&b, slice_str(head), slice_str(r->body), framing);
	else
		buf_addf(&b, "%s\r\n", head);
	play_all(name, buf_slice(&b), &usual, reset ? ERR_UP_RESET : ERR_OK, &p);
	if (p.fault.err != r->want || p.fault.status != r->status)
		fail_msg("%s: %s, status %d", name, err_name(p.fault.err), p.fault.status);
	assert_slice(p.fault.message, r->message);
	assert_slice(buf_slice(&p.story), "");
	assert_int_equal(p.fit, r->body == NULL || !cut);
	answer_play_done(&p);
	buf_done(&b);
}

/* An error status decides, whatever type and body come with it and however the body ends. */
static void test_statuses(void **state)
{
	for (size_t i = 0; i < COUNT_OF(status_rows); i++) {
		for (enum framing f = LENGTH; f <= NO_LAST_CHUNK; f++)
			check_status(&status_rows[i], f, false);
		check_status(&status_rows[i], SHORT, true);
	}
}

static void check_fault(const char *name, struct slice response, enum err want, const char *message)
{
	struct answer_play p;

	play_all(name, response, &usual, ERR_OK, &p);
	if (p.fault.err != want)
		fail_msg("%s: %s", name, err_name(p.fault.err));
	assert_slice(p.fault.message, message);
	answer_play_done(&p);
}

/* A 429 stays one when its body cannot be read. */
static void test_a_status_outweighs_a_bad_body(void **state)
{
	check_fault("chunks that are none", SLICE("HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n"
		"zz\r\n"), ERR_UP_THROTTLED, "");
	check_fault("gzip that is none", SLICE("HTTP/1.1 429 Slow\r\nContent-Encoding: gzip\r\n"
		"Content-Length: 4\r\n\r\nnope"), ERR_UP_THROTTLED, "");
	check_fault("gzip that is cut", SLICE("HTTP/1.1 503 No\r\nContent-Encoding: gzip\r\n"
		"Content-Length: 3\r\n\r\n\x1f\x8b\x08"), ERR_UP_OVERLOADED, "");
	check_fault("bytes that nobody can read", SLICE("HTTP/1.1 400 No\r\nContent-Encoding: br\r\n"
		"Content-Length: 11\r\n\r\n\x0b\x05\x80secret!\x03"), ERR_UP_BAD_REQUEST, "");
}

/* --- limits --------------------------------------------------------------------------------------------- */

/* What was given out before the limit was passed depends on the pieces; the verdict does not. */
static void check_limits(const char *name, struct slice response, struct answer_limits limits, enum err want)
{
	for (size_t cut = 0; cut < response.n; cut++) {
		struct answer_play p;
		play(&p, response, &limits, ERR_OK, cut, cut == 1 ? 1 : response.n);
		if (p.fault.err != want)
			fail_msg("%s, cut at %zu: %s", name, cut, err_name(p.fault.err));
		if (want != ERR_OK)
			assert_false(p.fit);
		answer_play_done(&p);
	}
}

static void test_limits(void **state)
{
	static const char stream[] = ROLE HI STOP DONE;
	static const struct {
		const char *name, *head, *body;
		enum framing framing;
	} whole[] = {
		{ "by its length", OK200 JSON, WHOLE, LENGTH },
		{ "in chunks", OK200 JSON, WHOLE, CHUNKED },
		{ "sniffed", OK200, WHOLE, CHUNKED },
		{ "until the end", OK200 JSON, WHOLE, CLOSED },
		{ "streamed", OK200 SSE, stream, CHUNKED },
		{ "streamed with a length", OK200 SSE, stream, LENGTH },
	};
	struct answer_limits limits = usual;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(whole); i++) {
		buf_init(&b, 1 << 16);
		add_response(&b, slice_str(whole[i].head), slice_str(whole[i].body), whole[i].framing);
		limits.body_bytes = strlen(whole[i].body);
		check_limits(whole[i].name, buf_slice(&b), limits, ERR_OK);
		limits.body_bytes--;
		check_limits(whole[i].name, buf_slice(&b), limits, ERR_UP_TOO_BIG);
		buf_done(&b);
	}
	limits = usual;
	limits.event_bytes = strlen(ROLE);
	assert_true(strlen(ROLE) > strlen(HI) && strlen(ROLE) > strlen(STOP));
	buf_init(&b, 1 << 16);
	add_response(&b, SLICE(OK200 SSE), SLICE(STREAM), CHUNKED);
	check_limits("events at the limit", buf_slice(&b), limits, ERR_OK);
	limits.event_bytes--;
	check_limits("events past the limit", buf_slice(&b), limits, ERR_UP_TOO_BIG);
	limits = usual;
	limits.head_bytes = strlen(OK200 SSE "Transfer-Encoding: chunked\r\n\r\n");
	check_limits("a head at the limit", buf_slice(&b), limits, ERR_OK);
	limits.head_bytes--;
	check_limits("a head past the limit", buf_slice(&b), limits, ERR_UP_BAD_HTTP);
	buf_done(&b);
}

/* A length past the limit is refused at the head: nothing of the body is taken into memory. */
static void test_a_length_past_the_limit_needs_no_body(void **state)
{
	struct answer_play p;
	struct slice head = SLICE(OK200 JSON "Content-Length: 1048577\r\n\r\n");

	play(&p, head, &usual, ERR_OK, 0, head.n);
	assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
	assert_true(p.ended_before_eof);
	answer_play_done(&p);
}

/* Of an error body only the start is kept, and a provider that never stops sending it is not listened to. */
static void test_an_endless_error_body_ends(void **state)
{
	struct answer_play p;
	struct buf b;
	char piece[1000];

	memset(piece, 'x', sizeof(piece));
	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("HTTP/1.1 500 Oops\r\n\r\n"));
	for (int i = 0; i < 200; i++)
		buf_add(&b, slice_of(piece, sizeof(piece)));
	play(&p, buf_slice(&b), &usual, ERR_OK, 0, 1000);
	assert_int_equal(p.fault.err, ERR_UP_FAILED);
	assert_true(p.ended_before_eof);
	assert_false(p.fit);
	assert_true(p.used < 70000);
	answer_play_done(&p);
	buf_done(&b);
}

/* What the flight says to an event (its journal is full) is the verdict; nothing is given out after it. */
static void test_a_refused_event_ends_it(void **state)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	add_response(&b, SLICE(OK200 SSE), SLICE(STREAM), CHUNKED);
	for (size_t step = 1; step < b.n; step += b.n - 2) {
		struct answer_play p = { .limits = usual, .refuse_at = 2 };
		answer_play(&p, buf_slice(&b), 0, step);
		assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
		assert_int_equal(p.n_events, 2);
		assert_false(p.fit);
		answer_play_done(&p);
	}
	buf_done(&b);
}

/* --- compressed answers --------------------------------------------------------------------------------- */

static void deflate_to(struct buf *out, struct slice text, int window_bits)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n };
	size_t room = text.n + 1000;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	buf_init(out, 1 << 24);
	z.next_out = (Bytef *)buf_room(out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_grew(out, room - z.avail_out);
	deflateEnd(&z);
}

static void test_compressed_answers(void **state)
{
	static const struct {
		const char *name, *head, *body, *story;
		int window_bits;
		enum err want;
	} all[] = {
		{ "gzip", OK200 JSON "Content-Encoding: gzip\r\n", WHOLE, WHOLE_STORY, 31, ERR_OK },
		{ "gzip, sniffed", OK200 "Content-Encoding: X-GZIP\r\n", WHOLE, WHOLE_STORY, 31, ERR_OK },
		{ "gzip stream", OK200 SSE "Content-Encoding: gzip\r\n", STREAM, STREAM_STORY, 31, ERR_OK },
		{ "deflate stream", OK200 SSE "Content-Encoding: deflate\r\n", STREAM, STREAM_STORY, 15,
			ERR_OK },
		{ "bare deflate", OK200 SSE "Content-Encoding: deflate\r\n", STREAM, STREAM_STORY, -15,
			ERR_OK },
		{ "cut stream", OK200 SSE "Content-Encoding: gzip\r\n", ROLE HI, CUT_STORY, 31,
			ERR_UP_TRUNCATED },
		{ "a page", OK200 TYPE("text/html") "Content-Encoding: gzip\r\n", HTML, "", 31,
			ERR_UP_BAD_TYPE },
		{ "an error", "HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\n", ERROR("bad n", "x"), "", 31,
			ERR_UP_BAD_REQUEST },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct buf body, b;
		struct answer_play p;
		deflate_to(&body, slice_str(all[i].body), all[i].window_bits);
		buf_init(&b, 1 << 20);
		add_response(&b, slice_str(all[i].head), buf_slice(&body), i % 2 ? LENGTH : CHUNKED);
		play_all(all[i].name, buf_slice(&b), &usual, ERR_OK, &p);
		if (p.fault.err != all[i].want)
			fail_msg("%s: %s", all[i].name, err_name(p.fault.err));
		assert_slice(buf_slice(&p.story), all[i].story);
		if (all[i].want == ERR_UP_BAD_REQUEST)
			assert_slice(p.fault.message, "bad n");
		answer_play_done(&p);
		buf_done(&b);
		buf_done(&body);
	}
}

/* The HTTP body is complete, the compressed stream in it is not: no whole answer, unless all had been said. */
static void test_a_compressed_answer_that_is_cut(void **state)
{
	struct buf body, b;
	struct answer_play p;

	deflate_to(&body, SLICE(WHOLE), 31);
	buf_init(&b, 1 << 20);
	add_response(&b, SLICE(OK200 JSON "Content-Encoding: gzip\r\n"), slice_of(body.p, body.n - 8),
		CHUNKED);
	play_all("without its check sum", buf_slice(&b), &usual, ERR_OK, &p);
	assert_int_equal(p.fault.err, ERR_UP_TRUNCATED);
	answer_play_done(&p);
	buf_done(&body);
	buf_clear(&b);
	deflate_to(&body, SLICE(STREAM), 31);
	add_response(&b, SLICE(OK200 SSE "Content-Encoding: gzip\r\n"), slice_of(body.p, body.n - 8),
		CHUNKED);
	play_all("a stream without its check sum", buf_slice(&b), &usual, ERR_OK, &p);
	assert_slice(buf_slice(&p.story), STREAM_STORY);
	assert_int_equal(p.fault.err, ERR_OK);
	answer_play_done(&p);
	buf_done(&body);
	buf_done(&b);
}

/* Ten megabytes of one letter in ten kilobytes. */
static void test_a_bomb(void **state)
{
	struct answer_limits limits = { .head_bytes = 4096, .event_bytes = 1 << 24, .body_bytes = 1 << 24 };
	size_t n = 10u << 20;
	char *text = malloc(n);
	struct buf body, b;
	struct answer_play p;

	assert_non_null(text);
	memset(text, ' ', n);
	memcpy(text, "{\"a\":\"", 6);
	deflate_to(&body, slice_of(text, n), 31);
	free(text);
	buf_init(&b, 1 << 20);
	add_response(&b, SLICE(OK200 JSON "Content-Encoding: gzip\r\n"), buf_slice(&body), CHUNKED);
	play(&p, buf_slice(&b), &limits, ERR_OK, 0, 1000);
	assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
	assert_true(p.used < b.n / 2);
	answer_play_done(&p);
	limits.body_bytes = 100000;
	play(&p, buf_slice(&b), &limits, ERR_OK, 0, b.n);
	assert_int_equal(p.fault.err, ERR_UP_TOO_BIG);
	answer_play_done(&p);
	buf_done(&body);
	buf_done(&b);
}

/* --- fields of the head --------------------------------------------------------------------------------- */

#define DAY_MS 86400000u

static const struct {
	const char *fields;
	uint64_t want_ms;
} retry_rows[] = {
	{ "", 0 },
	{ "Retry-After: 2\r\n", 2000 },
	{ "retry-after:   7  \r\n", 7000 },
	{ "Retry-After: 0\r\n", 0 },
	{ "Retry-After: 1.5\r\n", 1999 },		/* rounded up: never earlier than asked */
	{ "Retry-After: 0.5\r\n", 999 },
	{ "Retry-After: 1000000000\r\n", DAY_MS },
	{ "Retry-After: 99999999999999999999999\r\n", 0 },
	{ "Retry-After: -5\r\n", 0 },
	{ "Retry-After: soon\r\n", 0 },
	{ "Retry-After: 5s\r\n", 0 },
	{ "Retry-After: 1.x\r\n", 0 },
	{ "Retry-After: .\r\n", 0 },
	{ "Retry-After: \r\n", 0 },
	{ "Retry-After: Tue, 14 Nov 2023 22:13:50 GMT\r\n", 30000 },
	{ "Retry-After: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 0 },
	{ "Retry-After: Tue, 14 Nov 2023 22:13:00 GMT\r\n", 0 },
	{ "Retry-After: Tue, 14 Nov 2033 22:13:00 GMT\r\n", DAY_MS },
	{ "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0 },
	{ "Retry-After: Tue, 14 Nov 2023 22:13:50\r\n", 0 },
	{ "Retry-After-Ms: 250\r\n", 250 },
	{ "retry-after-ms: 250\r\nretry-after: 9\r\n", 250 },
	{ "retry-after: 9\r\nx-ms-retry-after-ms: 300\r\n", 300 },
	{ "retry-after-ms: 100000000000\r\n", DAY_MS },
	{ "retry-after-ms: -1\r\n", 0 },
	{ "retry-after-ms: soon\r\nretry-after: 9\r\n", 9000 },
};

static void test_retry_after(void **state)
{
	for (size_t i = 0; i < COUNT_OF(retry_rows); i++) {
		struct answer_play p;
		struct buf b;
		buf_init(&b, 4096);
		buf_addf(&b, "HTTP/1.1 429 Slow\r\n%sContent-Length: 0\r\n\r\n", retry_rows[i].fields);
		play_all(retry_rows[i].fields, buf_slice(&b), &usual, ERR_OK, &p);
		assert_int_equal(p.fault.err, ERR_UP_THROTTLED);
		if (p.fault.retry_after_ms != retry_rows[i].want_ms)
			fail_msg("%s -> %llu ms", retry_rows[i].fields,
				(unsigned long long)p.fault.retry_after_ms);
		answer_play_done(&p);
		buf_done(&b);
	}
}

static void test_request_id(void **state)
{
	char id[200];
	struct answer_play p;

	for (size_t n = 0; n < sizeof(id); n += n < 127 ? 127 : 1) {
		struct buf b;
		memset(id, 'i', n);
		id[n] = '\0';
		buf_init(&b, 4096);
		buf_addf(&b, OK200 JSON "X-Request-ID: %s\r\nContent-Length: %zu\r\n\r\n" WHOLE, id,
			strlen(WHOLE));
		play(&p, buf_slice(&b), &usual, ERR_OK, 0, 1);
		assert_slice(p.request_id, n <= 128 ? id : "");
		answer_play_done(&p);
		buf_done(&b);
	}
}

/* --- the end of the answer and the connection ----------------------------------------------------------- */

/* Told: nobody need wait for the end of the transfer, but the connection cannot be used until it came. */
static void test_told(void **state)
{
	struct answer_play p;
	struct buf b;

	buf_init(&b, 1 << 16);
	add_response(&b, SLICE(OK200 SSE), SLICE(STREAM), NO_LAST_CHUNK);
	play(&p, buf_slice(&b), &usual, ERR_UP_RESET, 0, 1);
	assert_true(p.told_before_eof && !p.ended_before_eof && !p.fit);
	assert_int_equal(p.fault.err, ERR_OK);
	assert_int_equal(p.fault.status, 200);
	answer_play_done(&p);
	buf_clear(&b);
	add_response(&b, SLICE(OK200 SSE), SLICE(ROLE HI STOP), NO_LAST_CHUNK);
	play(&p, buf_slice(&b), &usual, ERR_OK, 0, 1);
	assert_false(p.told_before_eof);
	answer_play_done(&p);
	buf_done(&b);
}

/* Bytes behind the answer are not its own: out_used tells where it ended. */
static void test_bytes_behind_the_answer(void **state)
{
	static const enum framing framings[] = { LENGTH, CHUNKED };
	struct answer_play p;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(framings); i++) {
		buf_init(&b, 1 << 16);
		add_response(&b, SLICE(OK200 SSE), SLICE(STREAM), framings[i]);
		size_t n = buf_len(&b);
		buf_add(&b, SLICE(OK200 "Content-Length: 0\r\n\r\n"));
		for (size_t step = 1; step <= b.n; step += b.n - 1) {
			play(&p, buf_slice(&b), &usual, ERR_OK, 0, step);
			assert_int_equal(p.fault.err, ERR_OK);
			assert_int_equal(p.used, n);
			assert_slice(buf_slice(&p.story), STREAM_STORY);
			answer_play_done(&p);
		}
		buf_done(&b);
	}
	/* a Content-Length that is too small cuts the JSON */
	struct slice s = SLICE(OK200 JSON "Content-Length: 20\r\n\r\n" WHOLE);
	play_all("too small a length", s, &usual, ERR_OK, &p);
	assert_int_equal(p.fault.err, ERR_UP_BAD_JSON);
	assert_int_equal(p.used, s.n - strlen(WHOLE) + 20);
	answer_play_done(&p);
}

/* Raw slices, one after the other, are the bytes that came: same dialect, same bytes. */
static void test_raw_bytes(void **state)
{
	struct answer_play p;
	struct buf b;

	buf_init(&b, 1 << 16);
	add_response(&b, SLICE(OK200 SSE), SLICE(": hello\n\n" STREAM), CHUNKED);
	play(&p, buf_slice(&b), &usual, ERR_OK, 0, 7);
	assert_slice(buf_slice(&p.raw), ": hello\n\n" STREAM);
	assert_int_equal(p.n_raws, 4);
	answer_play_done(&p);
	buf_clear(&b);
	add_response(&b, SLICE(OK200 JSON), SLICE(WHOLE), LENGTH);
	play(&p, buf_slice(&b), &usual, ERR_OK, 0, 7);
	assert_slice(buf_slice(&p.raw), WHOLE);
	assert_int_equal(p.n_raws, 1);
	assert_int_equal(p.usage.prompt_tok, 3);
	answer_play_done(&p);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_way_an_answer_can_go),
		cmocka_unit_test(test_a_reset_changes_no_verdict_but_of_bodies_without_length),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_a_status_outweighs_a_bad_body),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_length_past_the_limit_needs_no_body),
		cmocka_unit_test(test_an_endless_error_body_ends),
		cmocka_unit_test(test_a_refused_event_ends_it),
		cmocka_unit_test(test_compressed_answers),
		cmocka_unit_test(test_a_compressed_answer_that_is_cut),
		cmocka_unit_test(test_a_bomb),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_request_id),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_bytes_behind_the_answer),
		cmocka_unit_test(test_raw_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
