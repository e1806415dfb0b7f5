/* stream.h on simulated sockets, with the manners of src/loop/stream.c where the header leaves them open.  Strict
 * where the real floor is lenient: bytes handed to on_data sit in a block of their own that is freed on return, the
 * struct of a dead stream is freed at the end of that turn (so ASan sees every late use), and a call that the
 * contract forbids is a must() failure.
 *
 * States: OPENING (name, connect, handshake) -> OPEN -> DEAD (on_close was called)
 *         OPEN -> LEAVING (stream_close: output leaves) -> ENDING (FIN sent, waits for the peer's) -> GONE
 *         OPENING or OPEN -> GONE (stream_abort) */
#include "sim_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define HIGH_WATER (64u << 10)		/* stream.h: stream_full() */
#define LOW_WATER (16u << 10)		/* "has drained" */
#define CALLS_A_TURN 32			/* one read can hold that many TLS records */
#define FIN_MS 2000			/* how long a closed stream waits for the peer's FIN */

enum state { OPENING, OPEN, DEAD, LEAVING, ENDING, GONE };
enum stage { STAGE_ASK, STAGE_NAME, STAGE_CONNECT, STAGE_TLS };

struct stream {
	struct loop *loop;
	struct list dirty;		/* loop->dirty while it has output of this turn */
	struct stream_events ev;
	bool owned;
	void *arg;
	enum state state;
	enum stage stage;
	struct sim_sock *sock;		/* NULL before connected and after the end */
	struct sim_host *host;
	struct sim_event next_stage;	/* opening */
	struct sim_event deadline;	/* opening: connect_ms; leaving: linger_ms */
	struct buf out;
	uint64_t sent;
	char detail[96];
	bool paused, was_full, room_due, eof_told, tls, resumed;
	char peer[48];
	struct slice name;		/* of the host asked for; heap */
	uint16_t port;
	struct grave grave;
};

static void flush_all(struct loop *l);
static void open_stage(struct sim_event *e);
static void on_deadline(struct sim_event *e);
static void on_ready(void *arg);

static struct stream *stream_make(struct loop *l)
{
	struct stream *s = calloc(1, sizeof(*s));

	must(s);
	s->loop = l;
	list_init(&s->dirty);
	sim_event_init(&s->next_stage, open_stage);
	sim_event_init(&s->deadline, on_deadline);
	buf_init(&s->out, SIZE_MAX / 4);
	l->n_streams++;
	l->flush = flush_all;
	return s;
}

static void dig_stream(struct grave *g)
{
	struct stream *s = CONTAINER(g, struct stream, grave);

	buf_done(&s->out);
	free((char *)(uintptr_t)s->name.p);
	free(s);
}

/* Nothing of the stream is left but its memory, until the end of the turn. */
static void bury(struct stream *s)
{
	sim_event_clear(&s->next_stage);
	sim_event_clear(&s->deadline);
	list_remove(&s->dirty);
	loop_bury(s->loop, &s->grave, dig_stream);
}

static void die(struct stream *s, enum err why)
{
	must(s->state == OPENING || s->state == OPEN);
	sim_trace(s->loop, "weir:%s on_close(%s)", s->peer, err_name(why));
	snprintf(s->detail, sizeof(s->detail), "%.*s:%u: %s", SLICE_ARG(s->name), s->port, err_text(why));
	s->state = DEAD;
	s->loop->n_streams--;
	sim_sock_close(&s->sock);
	bury(s);
	s->ev.on_close(s->arg, why);
}

static void attach(struct stream *s, struct sim_sock *sock)
{
	s->sock = sock;
	sock->on_ready = on_ready;
	sock->arg = s;
}

/* One write to the kernel. */
static void flush(struct stream *s)
{
	size_t n;

	if (!s->sock || s->state == OPENING || buf_len(&s->out) == 0 || s->sock->rst_in)
		return;
	n = sim_sock_write(s->sock, buf_slice(&s->out));
	if (n > 0)
		sim_trace(s->loop, "weir:%s -> %zu of %zu bytes %s", s->peer, n, buf_len(&s->out),
			sim_show(buf_slice(&s->out)));
	s->sent += n;
	buf_eat(&s->out, n);
	if (s->was_full && buf_len(&s->out) <= LOW_WATER) {
		s->was_full = false;
		s->room_due = true;
		sim_sock_wake(s->sock);
	}
}

static void leave(struct stream *s)
{
	must(s->state == LEAVING || s->state == ENDING);
	s->state = GONE;
	s->loop->n_lingering--;
	sim_trace(s->loop, "weir:%s closed", s->peer);
	sim_sock_close(&s->sock);
	bury(s);
}

/* LEAVING: all output is out.  Closing with bytes unread would be a reset, so the peer's end is awaited first. */
static void drained(struct stream *s)
{
	if (s->eof_told || s->sock->rst_in) {
		leave(s);
		return;
	}
	sim_trace(s->loop, "weir:%s ends its side", s->peer);
	s->state = ENDING;
	sim_sock_shut(s->sock);
	if (s->deadline.due_ns > s->loop->now_ns + FIN_MS * 1000000u)
		sim_event_set(s->loop, &s->deadline, FIN_MS * 1000000u);
	sim_sock_wake(s->sock);
}

static void flush_all(struct loop *l)
{
	struct list *node;

	while ((node = list_pop_front(&l->dirty))) {
		struct stream *s = LIST_ITEM(node, struct stream, dirty);
		flush(s);
		if (s->state == LEAVING && buf_len(&s->out) == 0)
			drained(s);
	}
}

static void mark_dirty(struct stream *s)
{
	if (!list_linked(&s->dirty))
		list_push_back(&s->loop->dirty, &s->dirty);
}

static size_t split(struct loop *l, size_t n)
{
	size_t few;

	switch (l->split) {
	case SIM_BYTES:
		return 1;
	case SIM_RANDOM:
		few = dice_below(&l->dice, 8) == 0 ? n : 1 + dice_below(&l->dice, 40);
		return MIN_OF(n, few);
	case SIM_WHOLE:
		break;
	}
	return MIN_OF(n, HIGH_WATER);	/* libuv's suggested read size */
}

/* Hands over arrived bytes.  The owner may pause, close or hand the stream on inside any call. */
static void deliver(struct stream *s)
{
	for (int calls = 0; s->state == OPEN && !s->paused; calls++) {
		struct slice in = sim_sock_peek(s->sock);
		char *copy;

		if (in.n == 0)
			return;
		if (calls == CALLS_A_TURN) {
			sim_sock_wake(s->sock);
			return;
		}
		in.n = split(s->loop, in.n);
		copy = malloc(in.n);
		must(copy);
		memcpy(copy, in.p, in.n);
		sim_sock_eat(s->sock, in.n);
		sim_trace(s->loop, "weir:%s <- %zu bytes %s", s->peer, in.n, sim_show(slice_of(copy, in.n)));
		s->ev.on_data(s->arg, slice_of(copy, in.n));
		free(copy);
	}
}

static void deliver_end(struct stream *s)
{
	bool all_read;

	if (s->state != OPEN)
		return;
	all_read = sim_sock_peek(s->sock).n == 0;
	if (s->sock->rst_in && (s->paused || all_read)) {
		die(s, ERR_UP_RESET);
	} else if (s->sock->fin_in && all_read && !s->paused && !s->eof_told) {
		s->eof_told = true;
		if (s->tls && s->sock->other->rude)
			die(s, ERR_UP_RESET);
		else if (s->ev.on_eof)
			s->ev.on_eof(s->arg);
		else
			die(s, ERR_OK);
	}
}

/* A closed stream throws away what still comes. */
static void linger(struct stream *s)
{
	sim_sock_eat(s->sock, sim_sock_peek(s->sock).n);
	if (s->state == LEAVING) {
		flush(s);
		if (buf_len(&s->out) == 0)
			drained(s);
	}
	if (s->state != GONE && (s->sock->rst_in || (s->state == ENDING && s->sock->fin_in)))
		leave(s);
}

static void on_ready(void *arg)
{
	struct stream *s = arg;

	if (s->state == LEAVING || s->state == ENDING) {
		linger(s);
		return;
	}
	if (s->state != OPEN)
		return;
	if (buf_len(&s->out) > 0 && !list_linked(&s->dirty))
		flush(s);
	if (s->room_due) {
		s->room_due = false;
		if (s->ev.on_room)
			s->ev.on_room(s->arg);
	}
	if (s->state == OPEN)
		deliver(s);
	deliver_end(s);
}

static void opened(struct stream *s)
{
	s->state = OPEN;
	sim_event_clear(&s->deadline);
	if (buf_len(&s->out) > 0)
		mark_dirty(s);
	sim_sock_wake(s->sock);		/* bytes may have come during the handshake */
	s->ev.on_open(s->arg);
}

static void connected(struct stream *s)
{
	struct sim_host *h = s->host;
	struct sim_sock *theirs, *mine = sim_sock_pair(s->loop, h->latency_us, h->cap, &theirs);

	snprintf(mine->name, sizeof(mine->name), "%.40s:%u", h->name, h->port);
	snprintf(theirs->name, sizeof(theirs->name), "weir:%u", s->loop->next_port++);
	slice_copy(slice_str(mine->name), s->peer, sizeof(s->peer));
	attach(s, mine);
	h->on_accept(h->arg, theirs);
}

/* The question is out: who is it, and how long does the answer take? */
static void ask_name(struct stream *s)
{
	struct sim_host *h = s->host = sim_host_find(s->loop, s->name, s->port);

	if (!h) {
		die(s, ERR_UP_DNS);
		return;
	}
	h->n_lookups++;
	s->stage = STAGE_NAME;
	if (h->way != SIM_WAY_MUTE_NAME)
		sim_event_set(s->loop, &s->next_stage, h->dns_ms * 1000000u);
}

static void after_name(struct stream *s)
{
	struct sim_host *h = s->host;

	if (h->way == SIM_WAY_NO_NAME) {
		die(s, ERR_UP_DNS);
		return;
	}
	if (h->way == SIM_WAY_BLACKHOLE)
		return;		/* connect_ms ends it */
	s->stage = STAGE_CONNECT;
	sim_event_set(s->loop, &s->next_stage, h->connect_ms * 1000000u);
}

static void after_connect(struct stream *s)
{
	struct sim_host *h = s->host;

	h->n_connects++;
	if (h->way == SIM_WAY_REFUSED || h->port != s->port) {
		die(s, ERR_UP_REFUSED);
		return;
	}
	if (h->way == SIM_WAY_RESET) {
		die(s, ERR_UP_RESET);
		return;
	}
	if (!s->tls) {
		connected(s);
		opened(s);
		return;
	}
	s->stage = STAGE_TLS;
	if (h->way != SIM_WAY_TLS_MUTE)
		sim_event_set(s->loop, &s->next_stage, h->tls_ms * 1000000u);
}

static void after_tls(struct stream *s)
{
	if (s->host->way == SIM_WAY_TLS_BAD) {
		die(s, ERR_UP_TLS);
		return;
	}
	s->resumed = s->host->resumes;
	s->host->resumes = true;
	connected(s);
	opened(s);
}

static void open_stage(struct sim_event *e)
{
	struct stream *s = CONTAINER(e, struct stream, next_stage);

	must(s->state == OPENING);
	switch (s->stage) {
	case STAGE_ASK:
		ask_name(s);
		break;
	case STAGE_NAME:
		after_name(s);
		break;
	case STAGE_CONNECT:
		after_connect(s);
		break;
	case STAGE_TLS:
		after_tls(s);
		break;
	}
}

static void on_deadline(struct sim_event *e)
{
	struct stream *s = CONTAINER(e, struct stream, deadline);

	if (s->state == OPENING)
		die(s, ERR_UP_CONNECT_TIMEOUT);
	else
		leave(s);	/* what the kernel has still goes out, what it has not is lost */
}

struct stream *stream_open(struct loop *l, const struct stream_dest *dest, const struct stream_events *ev, void *arg)
{
	struct stream *s = stream_make(l);
	char *name = calloc(1, dest->host.n + 1);

	must(name && ev->on_open && ev->on_data && ev->on_close);
	memcpy(name, dest->host.p, dest->host.n);
	s->name = slice_of(name, dest->host.n);
	s->port = dest->port;
	s->tls = dest->tls != NULL;
	stream_own(s, ev, arg);
	sim_trace(l, "weir: opens %s:%u", name, dest->port);
	sim_event_set(l, &s->next_stage, 0);
	if (dest->connect_ms > 0)
		sim_event_set(l, &s->deadline, dest->connect_ms * 1000000u);
	return s;
}

void stream_own(struct stream *s, const struct stream_events *ev, void *arg)
{
	must(s->state == OPENING || s->state == OPEN);
	must(ev->on_data && ev->on_close);
	s->ev = *ev;
	s->arg = arg;
	s->owned = true;
	if (s->state == OPEN)
		sim_sock_wake(s->sock);
}

void stream_write_parts(struct stream *s, const struct slice *parts, size_t n)
{
	size_t before = buf_len(&s->out);

	must(s->state == OPENING || s->state == OPEN);
	for (size_t i = 0; i < n; i++)
		buf_add(&s->out, parts[i]);
	if (buf_len(&s->out) == before)
		return;
	if (buf_len(&s->out) > HIGH_WATER)
		s->was_full = true;
	if (s->state == OPEN)
		mark_dirty(s);
}

bool stream_full(const struct stream *s)
{
	return buf_len(&s->out) > HIGH_WATER;
}

size_t stream_queued(const struct stream *s)
{
	return buf_len(&s->out);
}

uint64_t stream_sent(const struct stream *s)
{
	return s->sent;
}

void stream_pause(struct stream *s)
{
	must(s->state == OPENING || s->state == OPEN);
	s->paused = true;
}

void stream_resume(struct stream *s)
{
	must(s->state == OPENING || s->state == OPEN);
	if (s->paused && s->sock)
		sim_sock_wake(s->sock);
	s->paused = false;
}

/* From within on_close both are harmless. */
static struct stream *let_go(struct stream **sp)
{
	struct stream *s = *sp;

	*sp = NULL;
	if (!s || s->state == DEAD)
		return NULL;
	must(s->state == OPENING || s->state == OPEN);
	s->loop->n_streams--;
	return s;
}

static void abort_now(struct stream *s, bool reset)
{
	sim_trace(s->loop, "weir:%s aborts%s", s->peer, reset ? " with RST" : "");
	s->state = GONE;
	if (reset)
		sim_sock_reset(&s->sock);
	else
		sim_sock_close(&s->sock);
	bury(s);
}

void stream_abort(struct stream **sp, bool reset)
{
	struct stream *s = let_go(sp);

	if (s)
		abort_now(s, reset);
}

void stream_close(struct stream **sp, uint64_t linger_ms)
{
	struct stream *s = let_go(sp);

	if (!s)
		return;
	if (s->state == OPEN && linger_ms == 0)
		flush(s);
	if (s->state == OPENING || linger_ms == 0) {
		abort_now(s, false);
		return;
	}
	s->state = LEAVING;
	s->loop->n_lingering++;
	mark_dirty(s);
	sim_event_set(s->loop, &s->deadline, linger_ms * 1000000u);
}

const char *stream_detail(const struct stream *s)
{
	return s->detail;
}

const char *stream_peer(const struct stream *s)
{
	return s->peer;
}

bool stream_tls_resumed(const struct stream *s)
{
	return s->resumed;
}

struct stream *sim_stream_accept(struct loop *l, struct sim_sock *sock, bool tls)
{
	struct stream *s = stream_make(l);

	s->state = OPEN;
	s->tls = tls;
	slice_copy(slice_str(sock->name), s->peer, sizeof(s->peer));
	attach(s, sock);
	return s;
}

bool sim_stream_owned(const struct stream *s)
{
	return s->owned || s->state == GONE;
}
