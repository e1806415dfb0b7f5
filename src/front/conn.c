#include "front/conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "base/span.h"
#include "front/intake.h"
#include "front/page.h"
#include "front/writer.h"

enum conn_state { CONN_IDLE, CONN_READING, CONN_BUSY, CONN_FLUSH, CONN_LINGER };

#define LINGER_MS 2000
#define FLUSH_MS 10000		/* time for the last bytes to leave when a connection closes */
/* Pipelined bytes kept while an answer is made; past that the connection ends with the answer. */
#define AHEAD_BYTES 65536u
#define MAX_FIELDS 100u
#define READ_BYTES 65536u	/* most bytes of one read (loop/stream.c) */

struct conn {
	struct list node;		/* front->conns; first, so that front can walk them */
	struct front *front;
	struct stream *stream;
	struct writer out;		/* beside `stream`: every event touches both */
	struct http1 http;
	enum conn_state state;
	struct alarm clock;
	struct grave grave;
	struct task go_on;		/* parse what was sent ahead */
	struct exchange *exchange;	/* BUSY with a call */
	struct intake req;
	struct buf body, ahead;
	struct slice whole;		/* a body that came in one piece, still in the stream's read buffer */
	uint64_t sent_mark;		/* output at the last look of the clock */
	bool admin, eof;
	bool deaf;			/* too much was sent ahead: what follows is dropped */
};

/* --- states and memory ----------------------------------------------------------------------------------- */

static void dig(struct grave *g)
{
	struct conn *c = LIST_ITEM(g, struct conn, grave);
	http1_done(&c->http);
	free(c);
}

static void drop(struct buf *b)
{
	counter_sub(COUNTER_buffered_bytes, b->cap);
	buf_done(b);
}

static bool keep(struct buf *b, struct slice s)
{
	size_t before = b->cap;
	bool ok = buf_put(b, s);
	counter_add(COUNTER_buffered_bytes, b->cap - before);
	return ok;
}

static bool holds_request(enum conn_state s)
{
	return s == CONN_READING || s == CONN_BUSY || s == CONN_FLUSH;
}

/* Busy or not is counted where the state changes: a drain waits for the last busy one. */
static void move(struct conn *c, enum conn_state to)
{
	struct front *f = c->front;

	bool was = holds_request(c->state), is = holds_request(to);

	if (was && !is && --f->n_busy == 0 && f->draining)
		loop_post(f->loop, &f->on_quiet);
	f->n_busy += !was && is;
	c->state = to;
}

/* The stream is gone or going; nothing refers to this connection after the turn. */
static void forget(struct conn *c)
{
	move(c, CONN_IDLE);
	alarm_clear(&c->clock);
	loop_unpost(c->front->loop, &c->go_on);
	list_remove(&c->node);
	c->front->n_conns--;
	counter_sub(COUNTER_connections_open, 1);
	drop(&c->body);
	drop(&c->ahead);
	arena_done(&c->req.texts);
	loop_bury(c->front->loop, &c->grave, dig);
}

static void close_after_flush(struct conn *c)
{
	stream_close(&c->stream, FLUSH_MS);
	forget(c);
}

static void wait_for_request(struct conn *c)
{
	move(c, CONN_IDLE);
	intake_end(&c->req);
	http1_next(&c->http, false);
	alarm_set(&c->clock, c->front->limits.times.idle);
	if (buf_len(&c->ahead))
		loop_post(c->front->loop, &c->go_on);
}

/* --- the end of a response ------------------------------------------------------------------------------- */

static void record_page(struct conn *c, enum err err, int status)
{
	const struct intake *q = &c->req;
	const struct record r = { .wall_ms = q->wall_ms, .request_id = slice_str(q->id),
		.peer = slice_str(stream_peer(c->stream)), .endpoint = slice_str(q->label),
		.client = q->client, .path = slice_str(q->path), .status = status, .err = err, .usage = USAGE_NONE,
		.bytes_in = buf_len(&c->body),
		.bytes_out = c->out.body_n, .total_ns = loop_now(c->front->loop) - q->start_ns };

	if (q->endpoint == NULL || q->endpoint->label[0])
		c->front->on_record(c->front->arg, &r);
}

/* The next request, or the end. */
static void answered(struct conn *c)
{
	if (c->out.close)
		close_after_flush(c);
	else
		wait_for_request(c);
}

/* `whole`: the response ended as its framing says.  A cut one is flushed (the client gets the error event) and
 * then ends without its last chunk, so that no client takes it for complete. */
static void response_over(struct conn *c, bool whole)
{
	c->exchange = NULL;
	drop(&c->body);
	if (whole)
		writer_end(&c->out);
	if (!whole && !c->out.chunked) {
		/* The end of the connection is the end of this body (HTTP/1.0): only a reset says that it is cut. */
		stream_abort(&c->stream, true);
		forget(c);
		return;
	}
	if (!whole) {
		close_after_flush(c);
	} else if (!c->req.complete) {
		move(c, CONN_LINGER);
		alarm_set(&c->clock, LINGER_MS);
	} else if (stream_full(c->stream)) {
		/* Requests sent ahead must not pile up answers that nobody reads, nor a slow reader lose his end. */
		move(c, CONN_FLUSH);
	} else {
		answered(c);
	}
}

/* --- answering ------------------------------------------------------------------------------------------- */

static void start_answer(struct conn *c, bool may_keep)
{
	struct front *f = c->front;

	move(c, CONN_BUSY);
	c->out.stream = c->stream;
	c->out.scratch = &f->wire;
	c->out.date_s = loop_wall_ms(f->loop) / 1000;
	c->out.close = !may_keep || f->draining || c->eof || c->deaf;
	c->out.chunked = false;
	c->out.body_n = 0;
	c->sent_mark = stream_sent(c->stream);
	alarm_set(&c->clock, f->limits.times.write);
}

static void write_page(struct conn *c, const struct page *p, struct slice body, struct slice more)
{
	struct buf fields;

	buf_init(&fields, 4096);
	http1_write_field(&fields, SLICE("x-request-id"), slice_str(c->req.id));
	buf_add(&fields, more);
	writer_head(&c->out, p->status, p->type, buf_slice(&fields), (int64_t)body.n);
	buf_done(&fields);
	writer_put(&c->out, body);
	record_page(c, p->err, p->status);
	response_over(c, true);
}

static struct slice refusal_fields(const struct conn *c, char *out, size_t cap)
{
	char allow[ENDPOINT_ALLOW_BYTES];

	out[0] = '\0';
	if (c->req.refused == ERR_BAD_METHOD)
		snprintf(out, cap, "allow: %s\r\n", endpoint_allow(slice_str(c->req.path),
			c->admin ? ENDPOINT_ADMIN : ENDPOINT_PUBLIC, allow));
	else if (err_row(c->req.refused)->http == 503)
		snprintf(out, cap, "retry-after: 1\r\n");
	return slice_str(out);
}

/* Refuses without an exchange.  Before the request was read whole the connection cannot be used again. */
static void refuse(struct conn *c, enum err why)
{
	struct buf body;
	char more[64];
	struct fault fault = { .err = why, .request_id = slice_str(c->req.id) };

	buf_init(&body, 65536);
	c->req.refused = why;
	if (err_row(why)->http == 503)
		counter_add(COUNTER_requests_shed, 1);
	else if (c->req.endpoint == NULL || !c->req.complete)
		counter_add(COUNTER_bad_requests, 1);
	start_answer(c, c->req.complete && !c->out.close);
	struct page p = page_refuse(&fault, c->req.dialect, &body);
	write_page(c, &p, buf_slice(&body), refusal_fields(c, more, sizeof(more)));
	buf_done(&body);
}

static void answer_page(struct conn *c, bool may_keep)
{
	struct buf body;

	buf_init(&body, 64u << 20);
	start_answer(c, may_keep);
	const struct page_ask ask = { .kind = c->req.endpoint->kind, .shape = page_shape(&c->req),
		.dialect = c->req.dialect, .rest = slice_str(c->req.path + c->req.rest_at),
		.door = &c->req.door };
	struct page p = page_make(c->front, &ask, &body);
	write_page(c, &p, buf_slice(&body), SLICE_EMPTY);
	buf_done(&body);
}

static void reply_head(void *arg, int status, struct slice type, struct slice fields, int64_t length)
{
	struct conn *c = arg;
	c->out.close |= c->front->draining;
	writer_head(&c->out, status, type, fields, length);
}

static void reply_put(void *arg, struct slice bytes)
{
	writer_put(&((struct conn *)arg)->out, bytes);
}

static bool reply_full(void *arg)
{
	return stream_full(((struct conn *)arg)->stream);
}

static void reply_end(void *arg, bool whole)
{
	response_over(arg, whole);
}

static const struct exchange_reply reply = { reply_head, reply_put, reply_full, reply_end };

static void answer_call(struct conn *c, bool may_keep)
{
	const struct exchange_ask ask = { .dialect = c->req.dialect, .endpoint = slice_str(c->req.label),
		.door = c->req.door, .body = c->whole.n ? c->whole : buf_slice(&c->body),
		.request_id = slice_str(c->req.id), .peer = slice_str(stream_peer(c->stream)), .client = c->req.client,
		.hops = c->req.hops, .timeout_ms = c->req.timeout_ms };

	start_answer(c, may_keep);
	c->exchange = exchange_open(c->front->exchange, &ask, &reply, c);
	c->whole = SLICE_EMPTY;
	drop(&c->body);
	arena_done(&c->req.texts);	/* the exchange has copied what it needs */
}

/* --- reading a request ----------------------------------------------------------------------------------- */

static enum err on_head(void *arg, const struct http1_head *head)
{
	struct conn *c = arg;
	enum err e = intake_head(&c->req, c->front, head, c->admin);

	counter_add(COUNTER_requests, 1);
	c->out.head_only = head->method == HTTP1_HEAD;
	c->out.http10 = c->http.parser.http_major == 1 && c->http.parser.http_minor == 0;
	c->out.close = !head->keep_alive;
	/* A refused request without a body ends at once and leaves the connection usable. */
	if (e != ERR_OK && intake_is_bare(&c->req)) {
		c->req.refused = e;
		return ERR_OK;
	}
	if (e == ERR_OK && head->expect_continue)
		stream_write(c->stream, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
	alarm_set(&c->clock, c->front->limits.times.request);
	return e;
}

static enum err on_body(void *arg, struct slice piece)
{
	struct conn *c = arg;

	if (!endpoint_is_call(c->req.endpoint))
		return ERR_OK;
	/* Most bodies come in one piece: they are used where they lie, since feed() answers before the bytes go. */
	if (c->req.length == (int64_t)piece.n) {
		c->whole = piece;
		return ERR_OK;
	}
	if (!keep(&c->body, piece))
		return ERR_BODY_TOO_BIG;
	/* Many bodies grow at once: those that arrive when the common limit is passed give way. */
	return counter_values[COUNTER_buffered_bytes] > c->front->limits.sizes.buffered ? ERR_TOO_BUSY : ERR_OK;
}

static enum err on_end(void *arg)
{
	struct conn *c = arg;
	c->req.complete = true;
	return ERR_OK;
}

static const struct http1_events http_events = { on_head, on_body, on_end };

static void begin_request(struct conn *c)
{
	move(c, CONN_READING);
	intake_begin(&c->req, c->front);
	c->out = (struct writer){ .close = true };	/* until the head says otherwise */
	alarm_set(&c->clock, c->front->limits.times.head);
}

/* Bytes that come while an answer is being made belong to the next request.  Reading never pauses, so that a
 * client that leaves is noticed; one that sends too much ahead gets this answer and no other. */
static void hold_ahead(struct conn *c, struct slice bytes)
{
	if (c->deaf)
		return;
	must(keep(&c->ahead, bytes));
	if (buf_len(&c->ahead) <= AHEAD_BYTES)
		return;
	c->deaf = c->out.close = true;
	drop(&c->ahead);
}

/* Empty lines before a request are skipped (RFC 9112 2.2); they start no clock. */
static struct slice skip_line_ends(struct slice bytes)
{
	while (bytes.n && (bytes.p[0] == '\r' || bytes.p[0] == '\n'))
		bytes = slice_of(bytes.p + 1, bytes.n - 1);
	return bytes;
}

/* Outside the parser's callbacks, because a page is answered at once and the parser made ready for the next request. */
static void dispatch(struct conn *c)
{
	bool may_keep = !c->out.close;

	c->req.start_ns = loop_now(c->front->loop);
	if (c->req.refused != ERR_OK)
		refuse(c, c->req.refused);
	else if (endpoint_is_call(c->req.endpoint))
		answer_call(c, may_keep);
	else
		answer_page(c, may_keep);
}

static void feed(struct conn *c, struct slice bytes)
{
	size_t used = 0;

	if (c->state == CONN_LINGER)
		return;
	if (c->state == CONN_BUSY || c->state == CONN_FLUSH || buf_len(&c->ahead)) {
		hold_ahead(c, bytes);
		return;
	}
	if (c->state == CONN_IDLE) {
		bytes = skip_line_ends(bytes);
		if (bytes.n == 0)
			return;
		begin_request(c);
	}
	enum err e = http1_feed(&c->http, bytes, &used);
	if (e != ERR_OK) {
		c->req.complete = false;
		refuse(c, e);
		return;
	}
	if (used < bytes.n)
		hold_ahead(c, slice_skip(bytes, used));
	if (c->req.complete)
		dispatch(c);
}

/* The next request was sent ahead: taken out first, since feeding may put a rest back. */
static void go_on(struct task *t)
{
	struct conn *c = LIST_ITEM(t, struct conn, go_on);
	struct buf ahead = c->ahead;

	if (c->state != CONN_IDLE || buf_len(&ahead) == 0)
		return;
	buf_init(&c->ahead, ahead.max);
	feed(c, buf_slice(&ahead));
	drop(&ahead);
}

/* --- what the stream and the clock say ------------------------------------------------------------------- */

static void on_data(void *arg, struct slice bytes)
{
	feed(arg, bytes);
}

static void client_left(struct conn *c)
{
	if (c->exchange) {
		struct exchange *ex = c->exchange;
		c->exchange = NULL;
		exchange_left(ex, c->stream && stream_queued(c->stream) == 0);
	}
	stream_abort(&c->stream, false);
	forget(c);
}

static void on_eof(void *arg)
{
	struct conn *c = arg;

	bool deliver = c->front->limits.half_close == FRONT_HALF_CLOSE_DELIVER;

	if (c->state == CONN_FLUSH || (c->state == CONN_BUSY && deliver))
		c->eof = c->out.close = true;
	else if (c->state == CONN_BUSY)
		client_left(c);
	else
		close_after_flush(c);
}

static void on_room(void *arg)
{
	struct conn *c = arg;
	if (c->exchange)
		exchange_room(c->exchange);
	else if (c->state == CONN_FLUSH && !stream_full(c->stream))
		answered(c);
}

static void on_close(void *arg, enum err why)
{
	struct conn *c = arg;
	c->stream = NULL;
	client_left(c);
}

static const struct stream_events stream_events = { .on_data = on_data, .on_eof = on_eof, .on_room = on_room,
	.on_close = on_close };

/* A client that has taken no byte of what waits for it since the last look is cut, alone. */
static void check_progress(struct conn *c)
{
	bool stuck = stream_queued(c->stream) > 0 && stream_sent(c->stream) == c->sent_mark;

	c->sent_mark = stream_sent(c->stream);
	if (!stuck) {
		alarm_set(&c->clock, c->front->limits.times.write);
		return;
	}
	if (c->exchange) {
		struct exchange *ex = c->exchange;
		c->exchange = NULL;
		exchange_cancel(ex, ERR_CLIENT_SLOW);
	}
	stream_abort(&c->stream, true);
	forget(c);
}

static void on_clock(struct alarm *a)
{
	struct conn *c = LIST_ITEM(a, struct conn, clock);

	switch (c->state) {
	case CONN_BUSY:
	case CONN_FLUSH:
		check_progress(c);
		break;
	case CONN_READING:
		refuse(c, ERR_READ_TIMEOUT);
		break;
	case CONN_IDLE:
	case CONN_LINGER:
		close_after_flush(c);
	}
}

/* --- life ------------------------------------------------------------------------------------------------ */

void conn_open(struct front *f, struct stream *s, bool admin)
{
	const struct http1_limits limits = { .head_bytes = f->limits.sizes.head, .fields = MAX_FIELDS,
		.body_bytes = f->limits.sizes.body };
	struct conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->front = f;
	c->stream = s;
	c->admin = admin;
	c->go_on.go = go_on;
	http1_init(&c->http, HTTP1_REQUEST, &limits, &http_events, c);
	buf_init(&c->body, f->limits.sizes.body);
	buf_init(&c->ahead, AHEAD_BYTES + READ_BYTES);
	alarm_init(&c->clock, f->loop, on_clock);
	list_push_back(&f->conns, &c->node);
	f->n_conns++;
	counter_add(COUNTER_connections, 1);
	counter_add(COUNTER_connections_open, 1);
	stream_own(s, &stream_events, c);
	wait_for_request(c);
}

void conn_drain(struct conn *c)
{
	if (c->state == CONN_IDLE)
		close_after_flush(c);
	else
		c->out.close = true;
}

void conn_cut(struct conn *c)
{
	if (c->exchange)
		exchange_cancel(c->exchange, ERR_DRAINING);
}

void conn_kill(struct conn *c)
{
	client_left(c);
}
