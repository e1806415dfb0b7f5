/*
 * One connection to the provider: reads requests, keeps the schedule of its stream, strikes with its fault.
 *
 * READING -> (WAITING ->) WRITING -> READING ...          one JSON answer
 * READING -> WAITING -> STREAMING -> WRITING -> ...       one stream
 * READING -> MUTE                                         sim-hang; STREAMING -> MUTE with -at-k
 *
 * While bytes wait for a slow reader (c->out not empty) the schedule of that connection stands still.
 * Closed connections are freed by caller_free_dead() at the end of the turn, never inside their own calls.
 */
#include "caller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script.h"
#include "peek.h"
#include "plug.h"
#include "h1.h"

enum {
	READ_BYTES = 256 * 1024,
	BATCH_BYTES = 64 * 1024,        /* events due at once are sent in pieces of about this size */
	BODY_MAX = 64 * 1024 * 1024,
	PIPELINE_MAX = 1024 * 1024,     /* bytes of further requests kept while one is answered */
};

enum phase { PHASE_READING, PHASE_WAITING, PHASE_STREAMING, PHASE_WRITING, PHASE_MUTE };

struct caller {
	struct due due;                 /* first: due_take() gives the conn back */
	int fd;
	enum phase phase;
	bool wants_out;                 /* EPOLLOUT is asked for */
	bool streams;                   /* the answer is a stream */
	bool close_after;               /* close once c->out is empty */
	struct h1 wire;
	struct pail body;               /* of a request that did not arrive in one piece */
	struct pail ahead;              /* bytes behind the request being answered */
	struct pail out;                /* not yet accepted by the socket */
	struct script_ask ask;
	struct script script;
	uint64_t start_ns;              /* when event 0 is due */
	unsigned next;                  /* event to send next */
	struct caller *later;             /* list of closed connections, freed at the end of the turn */
};

struct caller_shop caller_shop = {
	.opt = {.events = 50, .gap_ns = 40 * PLUG_MS, .slow_ns = 2 * PLUG_S, .answer_bytes = 1024},
	.epoll = -1,
};

static struct caller_shop *const shop = &caller_shop;
static struct caller *dead;
static char read_buffer[READ_BYTES];
static struct pail batch;               /* scratch of one send */

static void conn_close(struct caller *c, bool by_client)
{
	if (c->fd < 0)
		return;
	bool answering = c->phase != PHASE_READING;
	shop->stat.open--;
	if (answering) {
		*(c->streams ? &shop->stat.open_streams : &shop->stat.open_requests) -= 1;
		shop->stat.aborted += by_client;
	}
	due_unset(&shop->heap, &c->due);
	close(c->fd);
	c->fd = -1;
	c->later = dead;
	dead = c;
}

static void conn_reset(struct caller *c)
{
	int keep = dup(c->fd);
	conn_close(c, false);
	if (keep >= 0)
		plug_reset(keep);
}

void caller_free_dead(void)
{
	while (dead) {
		struct caller *c = dead;
		dead = c->later;
		h1_done(&c->wire);
		pail_done(&c->body);
		pail_done(&c->ahead);
		pail_done(&c->out);
		script_done(&c->script);
		free(c);
	}
}

static void want_out(struct caller *c, bool wanted)
{
	if (c->wants_out == wanted)
		return;
	c->wants_out = wanted;
	plug_watch(shop->epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLRDHUP | (wanted ? EPOLLOUT : 0), c);
}

/* Sends now what the socket takes and keeps the rest. May close c. */
static void conn_send(struct caller *c, const char *at, size_t len)
{
	if (c->out.len == 0) {
		ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			conn_close(c, true);
			return;
		}
		size_t sent = n > 0 ? (size_t)n : 0;
		if (sent == len)
			return;
		at += sent;
		len -= sent;
		shop->stat.blocked++;
	}
	pail_add(&c->out, at, len);
	want_out(c, true);
}

static void on_request(struct caller *c, struct bite body);
static void pull_requests(struct caller *c, struct bite in);

/* The answer is out: back to reading, starting with what arrived meanwhile. */
static void answer_over(struct caller *c)
{
	*(c->streams ? &shop->stat.open_streams : &shop->stat.open_requests) -= 1;
	shop->stat.completed += c->ask.fault.kind == SIMFAULT_OK;
	c->phase = PHASE_READING;
	if (c->close_after) {
		conn_close(c, false);
		return;
	}
	if (c->ahead.len) {
		struct pail ahead = c->ahead;
		c->ahead = (struct pail){0};
		pull_requests(c, (struct bite){ahead.at, ahead.len});
		pail_done(&ahead);
	}
}

static void finish(struct caller *c, const char *at, size_t len)
{
	c->phase = PHASE_WRITING;
	conn_send(c, at, len);
	if (c->fd >= 0 && c->out.len == 0)
		answer_over(c);
}

/* What a fault does to the connection just before event k; true when the stream is over or stands still. */
static bool fault_strikes(struct caller *c)
{
	if (c->next < c->ask.fault.at)
		return false;
	switch (c->ask.fault.kind) {
	case SIMFAULT_HANG:
		c->phase = PHASE_MUTE;
		return true;
	case SIMFAULT_RESET:
		conn_reset(c);
		return true;
	case SIMFAULT_CUT: {
		struct bite b = script_event(&c->script, c->next, plug_now_ns());
		c->close_after = true;
		finish(c, b.at, b.len / 2);
		return true;
	}
	case SIMFAULT_END:
		finish(c, "0\r\n\r\n", 5);
		return true;
	case SIMFAULT_ERROR_EVENT: {
		struct bite b = script_event(&c->script, c->ask.fault.at, plug_now_ns());
		pail_add(&batch, b.at, b.len);
		script_end(&batch);
		finish(c, batch.at, batch.len);
		return true;
	}
	default:
		return false;
	}
}

static uint64_t due_of(const struct caller *c, unsigned k)
{
	return c->start_ns + k * shop->opt.gap_ns;
}

/* Sends all that is due, in as few calls as it takes, and sets the next deadline. */
static void stream_on(struct caller *c)
{
	uint64_t now = plug_now_ns();
	while (c->fd >= 0 && c->phase == PHASE_STREAMING && c->out.len == 0) {
		batch.len = 0;
		if (due_of(c, c->next) > now) {
			due_set(&shop->heap, &c->due, due_of(c, c->next));
			return;
		}
		while (c->next < c->ask.events && due_of(c, c->next) <= now && batch.len < BATCH_BYTES) {
			if (c->ask.fault.kind != SIMFAULT_OK && c->next >= c->ask.fault.at && batch.len)
				break;
			if (fault_strikes(c))
				return;
			struct bite b = script_event(&c->script, c->next, plug_now_ns());
			spread_add(&shop->late, now - due_of(c, c->next));
			c->next++;
			shop->stat.events++;
			pail_add(&batch, b.at, b.len);
			if (c->ask.fault.kind == SIMFAULT_SPLIT)
				break;
		}
		bool last = c->next == c->ask.events && due_of(c, c->next) <= now && batch.len < BATCH_BYTES;
		if (last) {
			script_close(&c->script, &batch);
			finish(c, batch.at, batch.len);
			return;
		}
		if (c->ask.fault.kind == SIMFAULT_SPLIT && batch.len > 1) {
			conn_send(c, batch.at, batch.len / 2);
			pail_drop(&batch, batch.len / 2);
		}
		if (c->fd >= 0)
			conn_send(c, batch.at, batch.len);
		now = plug_now_ns();
	}
}

/* The deadline of a connection has come: begin the answer, or go on with the stream. */
static void on_deadline(struct caller *c)
{
	if (c->phase == PHASE_WAITING) {
		batch.len = 0;
		if (!c->streams) {
			script_json(&c->ask, &batch);
			bool cut = c->ask.fault.kind == SIMFAULT_CUT;
			c->close_after |= cut;
			finish(c, batch.at, cut ? batch.len - batch.len / 4 : batch.len);
			return;
		}
		c->phase = PHASE_STREAMING;
		c->next = 0;
		script_open(&c->script, &c->ask, &batch);
		conn_send(c, batch.at, batch.len);
	}
	if (c->fd >= 0)
		stream_on(c);
}

static void reply_now(struct caller *c)
{
	finish(c, batch.at, batch.len);
}

static void reply_stats(struct caller *c)
{
	struct pail json = {0};
	const struct caller_stat *now = &shop->stat;
	const struct { const char *name; uint64_t value; } rows[] = {
		{"connections", now->connections}, {"open_connections", now->open},
		{"requests", now->requests}, {"streams", now->streams}, {"open_requests", now->open_requests},
		{"open_streams", now->open_streams}, {"completed", now->completed}, {"aborted", now->aborted},
		{"events", now->events}, {"faults", now->faults}, {"bad_requests", now->bad},
		{"blocked_writes", now->blocked},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		pail_print(&json, "%s\"%s\":%llu", i ? "," : "{", rows[i].name,
			(unsigned long long)rows[i].value);
	pail_print(&json, ",\"late_us\":");
	spread_json(&shop->late, &json);
	pail_add(&json, "}\n", 2);
	script_plain(200, "application/json", json.at, json.len, &batch);
	pail_done(&json);
	if (strstr(c->wire.path, "?reset"))
		spread_clear(&shop->late);
}

/* Everything but chat completions; true when `batch` holds the answer. */
static bool side_request(struct caller *c)
{
	static const char models[] = "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\","
		"\"created\":1760000000,\"owned_by\":\"bench\"}]}\n";
	const char *path = c->wire.path;
	size_t len = strcspn(path, "?");
	struct bite p = {path, len};
	bool get = strcmp(c->wire.method, "GET") == 0;
	if (peek_is(p, "/v1/chat/completions")) {
		if (strcmp(c->wire.method, "POST") == 0)
			return false;
		script_error(405, "use POST", &batch);
	} else if (get && peek_is(p, "/v1/models")) {
		script_plain(200, "application/json", models, sizeof models - 1, &batch);
	} else if (get && peek_is(p, "/stats")) {
		reply_stats(c);
	} else {
		script_error(404, "no such path", &batch);
	}
	return true;
}

static void fill_ask(struct caller *c, const struct peek *seen)
{
	c->ask = (struct script_ask){.events = shop->opt.events, .usage = seen->include_usage};
	size_t n = seen->model.len < sizeof c->ask.model ? seen->model.len : 0;
	memcpy(c->ask.model, seen->model.at, n);
	peek_nonce(seen->messages, &c->ask.nonce);
	c->ask.print = shop->opt.steady ? 1 : peek_print(seen->messages);
	c->ask.prompt_tok = seen->messages.len / 4;
	c->ask.bytes = c->streams ? shop->opt.pad_bytes : shop->opt.answer_bytes;
	c->ask.fault = simfault_of(seen->model);
	shop->stat.faults += c->ask.fault.kind != SIMFAULT_OK;
	if (c->streams && seen->has_max_tokens) {
		bool fits = seen->max_tokens < CALLER_EVENTS_MAX;
		c->ask.events = fits ? (unsigned)seen->max_tokens : CALLER_EVENTS_MAX;
	}
}

/* True when the fault answers a stream with something that is no stream. */
static bool never_streams(enum simfault f)
{
	return f == SIMFAULT_STATUS || f == SIMFAULT_HTML;
}

static void on_chat(struct caller *c, const struct peek *seen)
{
	c->streams = seen->stream;
	fill_ask(c, seen);
	struct simfault_ask *f = &c->ask.fault;
	c->streams = c->streams && !never_streams(f->kind);
	*(c->streams ? &shop->stat.streams : &shop->stat.requests) += 1;
	*(c->streams ? &shop->stat.open_streams : &shop->stat.open_requests) += 1;
	if ((f->kind == SIMFAULT_HANG || f->kind == SIMFAULT_RESET) && (!c->streams || !f->has_at)) {
		c->phase = PHASE_MUTE;
		if (f->kind == SIMFAULT_RESET)
			conn_reset(c);
		return;
	}
	if (c->streams && f->kind == SIMFAULT_EMPTY) {
		script_plain(200, "text/event-stream", "", 0, &batch);
		reply_now(c);
		return;
	}
	uint64_t wait_ns = c->streams ? shop->opt.ttft_ns : shop->opt.delay_ns;
	if (f->kind == SIMFAULT_SLOW)
		wait_ns += shop->opt.slow_ns;
	c->phase = PHASE_WAITING;
	c->start_ns = plug_now_ns() + wait_ns;
	if (wait_ns == 0)
		on_deadline(c);
	else
		due_set(&shop->heap, &c->due, c->start_ns);
}

/* A whole request is here. */
static void on_request(struct caller *c, struct bite body)
{
	struct peek seen;
	batch.len = 0;
	c->close_after = !c->wire.keep_alive;
	c->streams = false;
	c->ask.fault = (struct simfault_ask){0};
	if (!side_request(c)) {
		if (peek_request(body, &seen)) {
			on_chat(c, &seen);
			return;
		}
		shop->stat.bad++;
		script_error(400, "the body is not a chat request", &batch);
	}
	shop->stat.open_requests++;
	reply_now(c);
}

static void bad_request(struct caller *c)
{
	shop->stat.bad++;
	shop->stat.open_requests++;
	c->streams = false;
	c->close_after = true;
	batch.len = 0;
	script_error(400, c->wire.why ? c->wire.why : "too long", &batch);
	reply_now(c);
}

static void keep_ahead(struct caller *c, struct bite in)
{
	pail_add(&c->ahead, in.at, in.len);
	if (c->ahead.len > PIPELINE_MAX)
		conn_close(c, true);
}

/* Takes requests out of `in` for as long as nothing has to be waited for. */
static void pull_requests(struct caller *c, struct bite in)
{
	struct bite piece = {0}, body = {0};
	while (c->fd >= 0) {
		if (c->phase != PHASE_READING) {
			if (in.len)
				keep_ahead(c, in);
			return;
		}
		switch (h1_pull(&c->wire, &in, &piece)) {
		case H1_MORE:
			if (body.len && c->body.len == 0)
				pail_add(&c->body, body.at, body.len);
			return;
		case H1_HEAD:
			c->body.len = 0;
			body = (struct bite){0};
			if (c->wire.expects_continue)
				conn_send(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
			break;
		case H1_BODY:
			/* a body in one piece is used where it lies; the second piece makes it a copy */
			if (body.len == 0 && c->body.len == 0) {
				body = piece;
				break;
			}
			if (c->body.len == 0)
				pail_add(&c->body, body.at, body.len);
			pail_add(&c->body, piece.at, piece.len);
			if (c->body.len > BODY_MAX)
				bad_request(c);
			break;
		case H1_END:
			on_request(c, c->body.len ? (struct bite){c->body.at, c->body.len} : body);
			body = (struct bite){0};
			break;
		case H1_BAD:
			bad_request(c);
			return;
		}
	}
}

static void on_readable(struct caller *c)
{
	ssize_t n = recv(c->fd, read_buffer, sizeof read_buffer, 0);
	if (n > 0)
		pull_requests(c, (struct bite){read_buffer, (size_t)n});
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		conn_close(c, true);
}

static void on_writable(struct caller *c)
{
	ssize_t n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			conn_close(c, true);
		return;
	}
	pail_drop(&c->out, (size_t)n);
	if (c->out.len)
		return;
	want_out(c, false);
	if (c->phase == PHASE_WRITING)
		answer_over(c);
	else if (c->phase == PHASE_STREAMING)
		stream_on(c);
}

void caller_new(int fd)
{
	struct caller *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->fd = fd;
	shop->stat.connections++;
	shop->stat.open++;
	plug_watch(shop->epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP, c);
}

void caller_on_event(struct caller *c, uint32_t events)
{
	if (c->fd >= 0 && events & EPOLLOUT && c->out.len)
		on_writable(c);
	if (c->fd >= 0 && events & ~(uint32_t)EPOLLOUT)
		on_readable(c);
}

void caller_run_due(void)
{
	uint64_t at_ns, now = plug_now_ns();
	struct due *node;
	while ((node = due_take(&shop->heap, now, &at_ns)) != NULL)
		on_deadline((struct caller *)node);
}
