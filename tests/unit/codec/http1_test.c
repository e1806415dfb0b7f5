/* Every case is fed whole, byte by byte and at every two-way split: the log of what came out must be the same. */
#include "unit.h"

#include "codec/http1.h"

struct player {
	struct http1 h;
	struct buf log, body;
	enum err on_head, on_body, on_end;	/* what the callbacks answer */
	int heads;
};

static enum err player_head(void *arg, const struct http1_head *head)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "OTHER" };
	struct player *p = arg;

	p->heads++;
	if (p->h.kind == HTTP1_REQUEST)
		buf_addf(&p->log, "%s %.*s", methods[head->method], SLICE_ARG(head->target));
	else
		buf_addf(&p->log, "%d", head->status);
	if (head->content_length >= 0)
		buf_addf(&p->log, " length=%lld", (long long)head->content_length);
	buf_addf(&p->log, "%s%s%s%s", head->chunked ? " chunked" : "", head->keep_alive ? "" : " close",
		head->until_eof ? " until-eof" : "", head->expect_continue ? " expect" : "");
	for (size_t i = 0; i < head->n_fields; i++) {
		struct slice value = head->fields[i].value;
		if (slice_case_eq(head->fields[i].name, SLICE("host")))
			continue;
		assert_true(slice_find(value, '\n') == value.n && slice_find(value, '\r') == value.n);
		buf_addf(&p->log, " [%.*s=%.*s]", SLICE_ARG(head->fields[i].name), SLICE_ARG(value));
	}
	buf_addf(&p->log, ";");
	return p->on_head;
}

static enum err player_body(void *arg, struct slice piece)
{
	struct player *p = arg;
	assert_true(piece.n > 0);
	buf_add(&p->body, piece);
	return p->on_body;
}

static void log_body(struct player *p)
{
	if (buf_len(&p->body))
		buf_addf(&p->log, "(%.*s)", SLICE_ARG(buf_slice(&p->body)));
	buf_clear(&p->body);
}

static enum err player_end(void *arg)
{
	struct player *p = arg;
	log_body(p);
	buf_addf(&p->log, "end;");
	return p->on_end;
}

static const struct http1_events player_events = { player_head, player_body, player_end };
static const struct http1_limits roomy = { 8192, 100, 1 << 20 };

static void player_start(struct player *p, enum http1_kind kind, const struct http1_limits *limits)
{
	*p = (struct player){ .heads = 0 };
	buf_init(&p->log, 1 << 20);
	buf_init(&p->body, 1 << 20);
	http1_init(&p->h, kind, limits, &player_events, p);
}

static void player_stop(struct player *p)
{
	http1_done(&p->h);
	buf_done(&p->log);
	buf_done(&p->body);
}

/* Feeds, taking pipelined messages one after the other. */
static enum err player_feed(struct player *p, struct slice bytes)
{
	while (bytes.n) {
		size_t used = 0;
		enum err e = http1_feed(&p->h, bytes, &used);
		if (e != ERR_OK)
			return e;
		if (used < bytes.n || !http1_in_message(&p->h)) {
			bool head_only = p->h.head_only;
			if (p->h.stage == 3)
				http1_next(&p->h, head_only);
		}
		bytes = slice_skip(bytes, used);
	}
	return ERR_OK;
}

static void player_finish(struct player *p, enum err e, bool eof)
{
	if (e == ERR_OK && eof)
		e = http1_eof(&p->h);
	log_body(p);
	if (e != ERR_OK) {
		size_t used = 7;
		buf_addf(&p->log, "!%s", err_name(e));
		/* An error stays. */
		assert_int_equal(http1_feed(&p->h, SLICE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), &used), e);
		assert_int_equal(used, 0);
		assert_int_equal(http1_eof(&p->h), e);
	} else if (http1_in_message(&p->h)) {
		buf_addf(&p->log, "...");
	}
}

struct scene {
	const char *input, *want;
	size_t n;
	enum http1_kind kind;
	bool head_only, eof;
	struct http1_limits limits;
};

static void play(const struct scene *sc, size_t cut, bool bytewise)
{
	struct player p;
	struct slice in = slice_of(sc->input, sc->n);
	enum err e = ERR_OK;

	player_start(&p, sc->kind, sc->limits.head_bytes ? &sc->limits : &roomy);
	if (sc->head_only)
		http1_next(&p.h, true);
	/* Pieces are fed from memory of their own, so that a slice kept too long is seen by ASan. */
	for (size_t at = 0; at < in.n && e == ERR_OK; ) {
		size_t n = bytewise ? 1 : at < cut ? cut - at : in.n - at;
		char *piece = malloc(n);
		memcpy(piece, in.p + at, n);
		e = player_feed(&p, slice_of(piece, n));
		free(piece);
		at += n;
	}
	player_finish(&p, e, sc->eof);
	if (!slice_eq(buf_slice(&p.log), slice_str(sc->want)))
		fail_msg("%s\n cut at %zu%s\n got  %.*s\n want %s", sc->input, cut, bytewise ? " (bytewise)" : "",
			SLICE_ARG(buf_slice(&p.log)), sc->want);
	player_stop(&p);
}

static void play_all_ways(const struct scene *sc)
{
	play(sc, 0, true);
	for (size_t cut = 0; cut <= sc->n; cut++)
		play(sc, cut, false);
}

/* One scene: input, wanted log, other members. */
#define S(text, log, ...) { .input = text, .want = log, .n = sizeof(text) - 1, __VA_ARGS__ }
#define HOST "Host: x\r\n"

static void test_requests(void **state)
{
	static const struct scene scenes[] = {
		S("GET /v1/models HTTP/1.1\r\n" HOST "\r\n", "GET /v1/models;end;"),
		S("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "GET / close [Connection=close];end;"),
		S("GET / HTTP/1.1\r\n" HOST "connection: x, Close\r\n\r\n", "GET / close [connection=x, Close];end;"),
		S("GET / HTTP/1.0\r\n\r\n", "GET / close;end;"),
		S("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / [Connection=keep-alive];end;"),
		S("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET /;end;"),
		S("POST /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
			"POST /a?b=c length=5 [Content-Length=5];(hello)end;"),
		S("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "POST / length=0 [Content-Length=0];end;"),
		S("POST / HTTP/1.1\r\n" HOST
			"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
			"POST / chunked [Transfer-Encoding=chunked];(abc0123456789)end;"),
		S("POST / HTTP/1.1\r\n" HOST
			"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nY: \r\n\r\n",
			"POST / chunked [Transfer-Encoding=Chunked];(a)end;"),
		S("GET / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi",
			"GET / length=2 [Content-Length=2];(hi)end;"),
		S("POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
			"POST / length=1 expect [Expect=100-Continue] [Content-Length=1];(x)end;"),
		S("POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx", "!bad_expect"),
		S("POST / HTTP/1.0\r\nExpect: 200-ok\r\n\r\n", "POST / close [Expect=200-ok];end;"),
		S("GET / HTTP/1.1\r\n" HOST "A: \t b c \t \r\nB:\r\nC: \t\r\nD:d\r\n\r\n",
			"GET / [A=b c] [B=] [C=] [D=d];end;"),
		S("GET / HTTP/1.1\r\n" HOST "A: caf\xc3\xa9\r\n\r\n", "GET / [A=caf\xc3\xa9];end;"),
		S("HEAD / HTTP/1.1\r\n" HOST "\r\n", "HEAD /;end;"),
		S("PUT / HTTP/1.1\r\n" HOST "\r\n", "PUT /;end;"),
		S("DELETE / HTTP/1.1\r\n" HOST "\r\n", "DELETE /;end;"),
		S("PATCH / HTTP/1.1\r\n" HOST "\r\n", "PATCH /;end;"),
		S("PROPFIND / HTTP/1.1\r\n" HOST "\r\n", "OTHER /;end;"),
		S("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS *;end;"),
		S("GET / HTTP/1.1\r\n" HOST
			"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\n" HOST
			"\r\n",
			"GET / length=1 [Connection=upgrade] [Upgrade=h2c] [Content-Length=1];(x)end;GET /2;end;"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++)
		play_all_ways(&scenes[i]);
}

static void test_targets(void **state)
{
	static const struct scene scenes[] = {
		S("GET http://x.example/v1/models?a=b HTTP/1.1\r\n" HOST "\r\n", "GET /v1/models?a=b;end;"),
		S("GET HTTPS://x.example:8080/v1 HTTP/1.1\r\n" HOST "\r\n", "GET /v1;end;"),
		S("GET http://x.example HTTP/1.1\r\n" HOST "\r\n", "GET /;end;"),
		S("GET //v1 HTTP/1.1\r\n" HOST "\r\n", "GET //v1;end;"),
		S("GET /%2e%2e/a HTTP/1.1\r\n" HOST "\r\n", "GET /%2e%2e/a;end;"),
		S("GET http://x?a=b HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET http:///a HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET http://u@x/a HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET ftp://x/a HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET * HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET v1/models HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET ?a HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET /a#b HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET /a\x7f HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("GET /a\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
		S("CONNECT x:443 HTTP/1.1\r\n" HOST "\r\n", "!bad_http"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++)
		play_all_ways(&scenes[i]);
}

static void test_pipelining(void **state)
{
	static const struct scene scenes[] = {
		S("GET /1 HTTP/1.1\r\n" HOST "\r\nPOST /2 HTTP/1.1\r\n" HOST
			"Content-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\n" HOST "\r\n",
			"GET /1;end;POST /2 length=2 [Content-Length=2];(hi)end;GET /3;end;"),
		S("POST /1 HTTP/1.1\r\n" HOST
			"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n",
			"POST /1 chunked [Transfer-Encoding=chunked];(a)end;GET /2;end;"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++)
		play_all_ways(&scenes[i]);

	/* One message a call: the rest is left over. */
	struct player p;
	struct slice two = SLICE("GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n");
	size_t used = 0;
	player_start(&p, HTTP1_REQUEST, &roomy);
	assert_int_equal(http1_feed(&p.h, two, &used), ERR_OK);
	assert_int_equal(used, two.n / 2);
	assert_int_equal(p.heads, 1);
	assert_int_equal(http1_feed(&p.h, slice_skip(two, used), &used), ERR_OK);
	assert_int_equal(used, 0);	/* nothing before http1_next */
	http1_next(&p.h, false);
	assert_int_equal(http1_feed(&p.h, slice_skip(two, two.n / 2), &used), ERR_OK);
	assert_int_equal(p.heads, 2);
	player_stop(&p);
}

static void test_responses(void **state)
{
	static const struct scene scenes[] = {
		S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 length=2 [Content-Length=2];(hi)end;"),
		S("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 length=0 [Content-Length=0];end;"),
		S("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 length=0 [Content-Length=0];end;"),
		S("HTTP/1.1 529 Overloaded\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
			"\r\n1\r\na\r\n0\r\n\r\n",
			"529 chunked close [Transfer-Encoding=chunked] [Connection=close];(a)end;"),
		S("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
			"200 chunked close [Transfer-Encoding=chunked] [Connection=keep-alive];end;"),
		S("HTTP/1.1 204 No Content\r\n\r\n", "204;end;"),
		S("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", "204 length=3 [Content-Length=3];end;"),
		S("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 length=9 [Content-Length=9];end;"),
		S("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
			"304 chunked [Transfer-Encoding=chunked];end;"),
		S("HTTP/1.1 200 OK\r\n\r\nall of it", "200 close until-eof;(all of it)end;", .eof = true),
		S("HTTP/1.1 200 OK\r\n\r\n", "200 close until-eof;end;", .eof = true),
		S("HTTP/1.1 200 OK\r\n\r\nsome", "200 close until-eof;(some)..."),
		S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "200 length=9 [Content-Length=9];end;",
			.head_only = true),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"200 chunked [Transfer-Encoding=chunked];end;", .head_only = true),
		S("HTTP/1.1 200 OK\r\n\r\n", "200;end;", .head_only = true),
		S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
			"200 length=1 [Content-Length=1];(x)end;"),
		S("HTTP/1.1 199 What\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
			"200 length=1 [Content-Length=1];(x)end;"),
		S("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "!bad_http"),
		S("HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na",
			"200 length=1 [Connection=upgrade] [Upgrade=x] [Content-Length=1];(a)end;"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 200 O\rK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1  200 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/1.1 099 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("HTTP/0.9 200 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("ICY 200 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "!bad_http"),
		S("<html>", "!bad_http"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		struct scene sc = scenes[i];
		sc.kind = HTTP1_RESPONSE;
		play_all_ways(&sc);
	}
}

static void test_cut_short(void **state)
{
	static const struct scene scenes[] = {
		S("", "", .eof = true),
		S("\r\n", "", .kind = HTTP1_REQUEST, .eof = true),
		S("HTT", "!up_truncated"),
		S("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "!up_truncated"),
		S("HTTP/1.1 100 Continue\r\n\r\n", "!up_truncated"),
		S("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
			"200 length=3 [Content-Length=3];(ab)!up_truncated"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"200 chunked [Transfer-Encoding=chunked];!up_truncated"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
			"200 chunked [Transfer-Encoding=chunked];(ab)!up_truncated"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
			"200 chunked [Transfer-Encoding=chunked];(abc)!up_truncated"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
			"200 chunked [Transfer-Encoding=chunked];(abc)!up_truncated"),
		S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n",
			"200 chunked [Transfer-Encoding=chunked];(abc)!up_truncated"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		struct scene sc = scenes[i];
		sc.kind = i == 1 ? HTTP1_REQUEST : HTTP1_RESPONSE;
		sc.eof = true;
		play_all_ways(&sc);
	}
}

#define TE "Transfer-Encoding: chunked\r\n"

/* Smuggling: each of these is refused before its head is given out, however it is split. */
#define NEXT "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"
#define REFUSED(text) S(text, "!bad_http")

static void test_bad_framing(void **state)
{
	static const struct scene scenes[] = {
		/* two lengths, or a length and chunks */
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 6\r\n" TE "\r\n0\r\n\r\nG" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST TE "Content-Length: 6\r\n\r\n0\r\n\r\nG" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" TE "\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\ncontent-length: 5\r\n\r\nhello" NEXT),
		/* lengths that are no plain number */
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5,5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: -0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5_0\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5 0\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5.0\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: \"5\"\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 010\r\n\r\nhellohello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 00\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\x0b\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: \xa0" "5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551621\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\nhello" NEXT),
		/* transfer codings that are not exactly chunked */
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x85" "chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \xa0" "chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST TE TE "\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST TE "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n" TE "\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.0\r\n" HOST TE "\r\n0\r\n\r\n" NEXT),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++)
		play_all_ways(&scenes[i]);
}

static void test_bad_lines(void **state)
{
	static const struct scene scenes[] = {
		/* names */
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length\t: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST " Content-Length: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n Content-Length: 5\r\n" HOST "\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST ": chunked\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "NoColon\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content\x00-Length: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content_L\xc3\xa9ngth: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A(B): 5\r\n\r\n" NEXT),
		/* values */
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\x00" "c\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\rContent-Length: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\nContent-Length: 5\r\n\r\nhello" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\r\n folded\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "A: b\r\n\tfolded\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" NEXT),
		REFUSED("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n 5\r\n\r\nhello" NEXT),
		/* line ends */
		REFUSED("GET / HTTP/1.1\n" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/1.1\r" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/1.1\r\nHost: x\n\n" NEXT),
		REFUSED("GET / HTTP/1.1\r\nHost: x\n\r\n" NEXT),
		REFUSED("GET / HTTP/1.1\r\nHost: x\r\r\n\r\n" NEXT),
		REFUSED("GET / HTTP/1.1\r\n" HOST "\rX" NEXT),
		REFUSED("GET / HTTP/1.1\r\n" HOST "\n" NEXT),
		REFUSED("\nGET / HTTP/1.1\r\n" HOST "\r\n"),
		REFUSED("\rGET / HTTP/1.1\r\n" HOST "\r\n"),
		/* request lines */
		REFUSED("GET  / HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GET\t/ HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GET /  HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/1.1 \r\n" HOST "\r\n" NEXT),
		REFUSED(" GET / HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / a HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GET /\r\n\r\n" NEXT),
		REFUSED("GET / HTTP/0.9\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/2.0\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/1.2\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / HTTP/11\r\n" HOST "\r\n" NEXT),
		REFUSED("GET / http/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("OPTIONS / RTSP/1.0\r\n" HOST "\r\n" NEXT),
		REFUSED("SOURCE / ICE/1.0\r\n" HOST "\r\n" NEXT),
		REFUSED("get / HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("GETX / HTTP/1.1\r\n" HOST "\r\n" NEXT),
		REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" NEXT),
		/* Host */
		REFUSED("GET / HTTP/1.1\r\n\r\n" NEXT),
		REFUSED("GET / HTTP/1.1\r\n" HOST "host: y\r\n\r\n" NEXT),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++)
		play_all_ways(&scenes[i]);
}

/* Chunked bodies that are not: the error comes inside the body, and the smuggled request is never seen. */
static void test_bad_chunks(void **state)
{
	static const char *const bodies[] = {
		"-1\r\na\r\n0\r\n\r\n", "+1\r\na\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", "1 \r\na\r\n0\r\n\r\n",
		" 1\r\na\r\n0\r\n\r\n",
		"1\na\r\n0\r\n\r\n", "1\ra\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\na0\r\n\r\n",
		"1\r\nab\r\n0\r\n\r\n",
		"1\r\na\r0\r\n\r\n", "g\r\n\r\n", "\r\na\r\n0\r\n\r\n", ";a=b\r\n0\r\n\r\n", "1,1\r\na\r\n0\r\n\r\n",
		"10000000000000001\r\na\r\n0\r\n\r\n", "ffffffffffffffff1\r\na\r\n0\r\n\r\n",
		"1;a=\rb\r\na\r\n0\r\n\r\n",
		"1;a\nb\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\n\r\n", "1\r\na\r\n0\r\n\n", "1\r\na\r\n0\r\n\rX",
		"1\r\na\r\n0\r\nA b: c\r\n\r\n", "1\r\na\r\n0\r\nA: b\n\r\n", "1\r\na\r\n0\r\n A: b\r\n\r\n",
		"1\r\na\r\n0\r\nA: b\r\n c\r\n\r\n",
		"1\r\na\r\n0\r\nContent-Length : 5\r\n\r\n",
	};
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct player p;
			player_start(&p, HTTP1_REQUEST, &roomy);
			assert_int_equal(player_feed(&p, SLICE("POST / HTTP/1.1\r\n" HOST TE "\r\n")), ERR_OK);
			struct buf in;
			buf_init(&in, 4096);
			buf_addf(&in, "%s" NEXT, bodies[i]);
			enum err e = ERR_OK;
			for (size_t at = 0; at < in.n && e == ERR_OK; at += bytewise ? 1 : in.n)
				e = player_feed(&p, slice_of(in.p + at, bytewise ? 1 : in.n));
			if (e != ERR_BAD_HTTP || p.heads != 1)
				fail_msg("%s: %s, %d heads", bodies[i], err_name(e), p.heads);
			buf_done(&in);
			player_stop(&p);
		}
	}
}

/* A head of exactly `n` bytes. */
static struct slice head_of(char *memory, size_t n)
{
	static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nA: ", end[] = "\r\n\r\n";
	memset(memory, 'a', n);
	memcpy(memory, start, sizeof(start) - 1);
	memcpy(memory + n - 4, end, 4);
	return slice_of(memory, n);
}

static enum err feed_by(struct player *p, struct slice s, size_t step)
{
	enum err e = ERR_OK;
	for (size_t at = 0; at < s.n && e == ERR_OK; at += step)
		e = player_feed(p, slice_of(s.p + at, MIN_OF(step, s.n - at)));
	return e;
}

static void test_head_limit(void **state)
{
	static const struct http1_limits limits = { 100, 10, 0 };
	static const size_t steps[] = { 1, 7, 99, 100, 101, 1000 };
	char memory[200];

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct player p;
		player_start(&p, HTTP1_REQUEST, &limits);
		assert_int_equal(feed_by(&p, head_of(memory, 100), steps[i]), ERR_OK);
		assert_int_equal(p.heads, 1);
		/* The next head has the whole limit again. */
		assert_int_equal(feed_by(&p, head_of(memory, 100), steps[i]), ERR_OK);
		assert_int_equal(p.heads, 2);
		assert_int_equal(feed_by(&p, head_of(memory, 101), steps[i]), ERR_HEAD_TOO_BIG);
		assert_int_equal(p.heads, 2);
		player_stop(&p);
	}
	/* Empty lines before a request and 1xx answers count. */
	struct player p;
	player_start(&p, HTTP1_REQUEST, &limits);
	for (int i = 0; i < 50; i++)
		assert_int_equal(player_feed(&p, SLICE("\r\n")), ERR_OK);
	assert_int_equal(player_feed(&p, SLICE("\r\n")), ERR_HEAD_TOO_BIG);
	player_stop(&p);
	player_start(&p, HTTP1_RESPONSE, &limits);
	for (int i = 0; i < 4; i++)
		assert_int_equal(player_feed(&p, SLICE("HTTP/1.1 100 abcdefghijk\r\n\r\n")), i == 3
			? ERR_HEAD_TOO_BIG : ERR_OK);
	player_stop(&p);
}

static void test_field_limit(void **state)
{
	struct http1_limits limits = { 65536, 3, 0 };
	static const struct scene scenes[] = {
		S("GET / HTTP/1.1\r\n" HOST "A: b\r\nC: d\r\n\r\n", "GET / [A=b] [C=d];end;"),
		S("GET / HTTP/1.1\r\n" HOST "A: b\r\nC: d\r\nE: f\r\n\r\n", "!head_too_big"),
		S("GET / HTTP/1.1\r\n" HOST "A: b\r\nC: d\r\nE f\r\n\r\n", "!bad_http"),
		S("POST / HTTP/1.1\r\n" HOST TE "\r\n0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n",
			"POST / chunked [Transfer-Encoding=chunked];end;"),
		S("POST / HTTP/1.1\r\n" HOST TE "\r\n0\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n",
			"POST / chunked [Transfer-Encoding=chunked];!head_too_big"),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		struct scene sc = scenes[i];
		sc.limits = limits;
		play_all_ways(&sc);
	}
	/* Up to the most fields there can be. */
	struct player p;
	struct buf in;
	buf_init(&in, 65536);
	limits.fields = HTTP1_MAX_FIELDS;
	player_start(&p, HTTP1_REQUEST, &limits);
	buf_addf(&in, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 1; i < HTTP1_MAX_FIELDS; i++)
		buf_addf(&in, "F%d: %d\r\n", i, i);
	buf_addf(&in, "\r\n");
	assert_int_equal(player_feed(&p, buf_slice(&in)), ERR_OK);
	assert_int_equal(p.heads, 1);
	buf_clear(&in);
	buf_addf(&in, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 1; i <= HTTP1_MAX_FIELDS; i++)
		buf_addf(&in, "F%d: %d\r\n", i, i);
	buf_addf(&in, "\r\n");
	assert_int_equal(player_feed(&p, buf_slice(&in)), ERR_HEAD_TOO_BIG);
	buf_done(&in);
	player_stop(&p);
}

static void test_trailer_limit(void **state)
{
	/* Head of 58 bytes; trailers count from the end of the last chunk's line. */
	static const struct http1_limits limits = { 60, 10, 0 };
	for (size_t extra = 0; extra < 2; extra++) {
		for (size_t step = 1; step < 200; step += 17) {
			struct player p;
			char trailer[70] = "A: ";
			player_start(&p, HTTP1_REQUEST, &limits);
			assert_int_equal(feed_by(&p, SLICE("POST / HTTP/1.1\r\n" HOST TE "\r\n1\r\na\r\n0\r\n"),
				step), ERR_OK);
			memset(trailer + 3, 'b', 53 + extra);
			memcpy(trailer + 56 + extra, "\r\n\r\n", 4);
			assert_int_equal(feed_by(&p, slice_of(trailer, 60 + extra), step), extra ? ERR_HEAD_TOO_BIG
				: ERR_OK);
			player_stop(&p);
		}
	}
}

static void test_body_limit(void **state)
{
	struct http1_limits limits = { 8192, 100, 5 };
	static const struct scene scenes[] = {
		S("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
			"POST / length=5 [Content-Length=5];(hello)end;"),
		/* The head is given out, so that the answer can have the form of the target; then nothing. */
		S("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 6\r\n\r\nhello!",
			"POST / length=6 [Expect=100-continue] [Content-Length=6];!body_too_big"),
		S("POST / HTTP/1.1\r\n" HOST TE "\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
			"POST / chunked [Transfer-Encoding=chunked];(abcde)end;"),
		S("POST / HTTP/1.1\r\n" HOST TE "\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
			"POST / chunked [Transfer-Encoding=chunked];(abc)!body_too_big"),
		S("POST / HTTP/1.1\r\n" HOST TE "\r\nffffffffffffffff\r\na",
			"POST / chunked [Transfer-Encoding=chunked];!body_too_big"),
		S("HTTP/1.1 200 OK\r\n\r\nhello", "200 close until-eof;(hello)end;", .kind = HTTP1_RESPONSE,
			.eof = true),
		S("HTTP/1.1 200 OK\r\n\r\nhello!", "200 close until-eof;(hello)!body_too_big",
			.kind = HTTP1_RESPONSE, .eof = true),
		S("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!",
			"200 length=6 [Content-Length=6];!body_too_big", .kind = HTTP1_RESPONSE),
		S("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", "200 length=6 [Content-Length=6];end;",
			.kind = HTTP1_RESPONSE, .head_only = true),
		S("HTTP/1.1 304 OK\r\nContent-Length: 6\r\n\r\n", "304 length=6 [Content-Length=6];end;",
			.kind = HTTP1_RESPONSE),
	};
	for (size_t i = 0; i < COUNT_OF(scenes); i++) {
		struct scene sc = scenes[i];
		sc.limits = limits;
		play_all_ways(&sc);
	}
}

/* Endless chunk extensions or size digits make no progress and are cut (CVE-2024-22019). */
static void test_chunk_line_limit(void **state)
{
	static const char *const starts[] = { "1;", "1;a=", "1;a=\"", "0000000000000000", "0;" };
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		for (size_t step = 1; step <= 10001; step += 5000) {
			struct player p;
			struct buf in;
			buf_init(&in, 65536);
			buf_addf(&in, "POST / HTTP/1.1\r\n" HOST TE "\r\n1\r\na\r\n%s", starts[i]);
			for (int n = 0; n < 6000; n++)
				buf_add_char(&in, '0');
			if (starts[i][strlen(starts[i]) - 1] == '"')
				buf_add_char(&in, '"');
			buf_addf(&in, starts[i][0] == '0' ? "\r\n\r\n" : "\r\na\r\n0\r\n\r\n");
			player_start(&p, HTTP1_REQUEST, &roomy);
			assert_int_equal(feed_by(&p, buf_slice(&in), step), ERR_BAD_HTTP);
			player_stop(&p);
			buf_done(&in);
		}
	}
}

static void test_callbacks_stop(void **state)
{
	for (int which = 0; which < 3; which++) {
		struct player p;
		player_start(&p, HTTP1_REQUEST, &roomy);
		*(which == 0 ? &p.on_head : which == 1 ? &p.on_body : &p.on_end) = ERR_TOO_BUSY;
		enum err e = player_feed(&p, SLICE("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"));
		assert_int_equal(e, ERR_TOO_BUSY);
		player_finish(&p, e, false);
		assert_slice(buf_slice(&p.log), which == 0 ? "POST / length=2 [Content-Length=2];!too_busy"
			: which == 1 ? "POST / length=2 [Content-Length=2];(hi)!too_busy"
			: "POST / length=2 [Content-Length=2];(hi)end;!too_busy");
		/* http1_next starts afresh. */
		p.on_head = p.on_body = p.on_end = ERR_OK;
		buf_clear(&p.log);
		http1_next(&p.h, false);
		assert_int_equal(player_feed(&p, SLICE("GET / HTTP/1.1\r\n" HOST "\r\n")), ERR_OK);
		assert_slice(buf_slice(&p.log), "GET /;end;");
		player_stop(&p);
	}
}

static void test_in_message(void **state)
{
	struct player p;
	player_start(&p, HTTP1_REQUEST, &roomy);
	assert_false(http1_in_message(&p.h));
	assert_int_equal(player_feed(&p, SLICE("\r\n")), ERR_OK);
	assert_false(http1_in_message(&p.h));
	assert_int_equal(player_feed(&p, SLICE("G")), ERR_OK);
	assert_true(http1_in_message(&p.h));
	assert_int_equal(player_feed(&p, SLICE("ET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n")), ERR_OK);
	assert_true(http1_in_message(&p.h));
	/* The head's memory is gone while the body is awaited. */
	assert_null(p.h.fields);
	assert_null(p.h.head.p);
	assert_int_equal(player_feed(&p, SLICE("x")), ERR_OK);
	assert_false(http1_in_message(&p.h));
	assert_int_equal(http1_eof(&p.h), ERR_OK);
	player_stop(&p);
}

static void test_lookup(void **state)
{
	struct http1_field fields[] = { { SLICE("Accept"), SLICE("a") }, { SLICE("X-Empty"), SLICE("") },
		{ SLICE("ACCEPT"), SLICE("b") } };
	struct http1_head head = { .fields = fields, .n_fields = 3 };
	assert_slice(http1_field(&head, SLICE("accept")), "a");
	assert_non_null(http1_field(&head, SLICE("x-empty")).p);
	assert_null(http1_field(&head, SLICE("x-none")).p);

	assert_true(http1_has_token(SLICE("close"), SLICE("close")));
	assert_true(http1_has_token(SLICE("a,\tCLOSE ,b"), SLICE("close")));
	assert_false(http1_has_token(SLICE("closed, unclose"), SLICE("close")));
	assert_false(http1_has_token(SLICE(""), SLICE("close")));

	assert_string_equal(http1_reason(200), "OK");
	assert_string_equal(http1_reason(413), "Content Too Large");
	assert_string_equal(http1_reason(599), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_bad_framing),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_bad_chunks),
		cmocka_unit_test(test_head_limit),
		cmocka_unit_test(test_field_limit),
		cmocka_unit_test(test_trailer_limit),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_chunk_line_limit),
		cmocka_unit_test(test_callbacks_stop),
		cmocka_unit_test(test_in_message),
		cmocka_unit_test(test_lookup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
