/*
 * Connections and schedule of the load generator. One thread, epoll.
 *
 * A connection: FREE -> (CONNECTING ->) BUSY -> FREE; after a failed connect RESTING -> FREE, so that a
 * target that is down is not hammered. Callbacks only put a connection on the free list; feed() alone
 * starts requests.
 */
#include "drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "due.h"
#include "plug.h"
#include "h1.h"

enum {
	READ_BYTES = 256 * 1024,
	SLOW_READ_BYTES = 4096,
	REST_MS = 10,
	SCAN_MS = 100,          /* how often time-outs are looked for */
};

enum state { STATE_NEW, STATE_FREE, STATE_CONNECTING, STATE_BUSY, STATE_RESTING };

struct conn {
	struct due due;                 /* first: due_take() gives the conn back */
	int fd;
	enum state state;
	bool slow;
	bool leaves;                    /* this stream is left after event leave_at */
	bool measured;
	struct h1 wire;
	struct judge judge;
	struct pail rest;               /* of the request, not yet accepted by the socket */
	uint64_t due_ns;                /* when the request should have been sent: latency counts from here */
	uint64_t sent_ns;
	struct conn *next;              /* free list */
};

static const struct drive_opt *opt;
static struct drive_result *out;
static struct ask *ask;
static struct conn *conns;
static struct conn *free_first, **free_last = &free_first;
static struct due_heap heap;
static int epoll_fd;
static uint64_t start_ns, stop_ns, scan_ns, last_ns, nonce;
static uint64_t arrivals;               /* open loop: started so far */
static unsigned ramped;                 /* closed loop: connections let in so far */
static uint64_t busy;
static char read_buffer[READ_BYTES];

static void put_free(struct conn *c)
{
	c->state = STATE_FREE;
	c->next = NULL;
	*free_last = c;
	free_last = &c->next;
}

static struct conn *take_free(void)
{
	struct conn *c = free_first;
	free_first = c->next;
	if (!free_first)
		free_last = &free_first;
	return c;
}

static void drop_socket(struct conn *c)
{
	due_unset(&heap, &c->due);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->rest.len = 0;
}

static void record(struct conn *c, uint64_t now)
{
	out->ok++;
	if (!c->measured)
		return;
	out->measured++;
	if (c->slow)
		return;
	spread_add(&out->latency, now - c->due_ns);
	if (c->judge.first_ns)
		spread_add(&out->ttft, c->judge.first_ns - c->due_ns);
}

/* The one end of every request. */
static void over(struct conn *c, enum blame verdict, bool reusable)
{
	uint64_t now = plug_now_ns();
	busy--;
	last_ns = now;
	out->events += c->judge.next;
	out->pings += c->judge.pings;
	if (verdict == BLAME_NONE)
		record(c, now);
	else
		out->blame[verdict]++;
	if (verdict != BLAME_NONE || !reusable || c->rest.len)
		drop_socket(c);
	if (verdict == BLAME_CONNECT) {
		c->state = STATE_RESTING;
		due_set(&heap, &c->due, now + REST_MS * PLUG_MS);
	} else {
		put_free(c);
	}
}

static void fail(struct conn *c, enum blame b)
{
	judge_blame(&c->judge, b);
	over(c, c->judge.verdict, false);
}

static uint32_t interest(const struct conn *c)
{
	return c->rest.len ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

/* Sends the request's bytes; what the socket does not take is kept aside, because the next request reuses
 * `ask`. */
static void send_request(struct conn *c)
{
	ssize_t n = send(c->fd, ask->bytes.at, ask->bytes.len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fail(c, BLAME_RESET);
		return;
	}
	size_t sent = n > 0 ? (size_t)n : 0;
	if (sent < ask->bytes.len) {
		pail_add(&c->rest, ask->bytes.at + sent, ask->bytes.len - sent);
		plug_watch(epoll_fd, EPOLL_CTL_MOD, c->fd, interest(c), c);
	}
}

/* Puts the request of this connection into `ask`. */
static void stamp(struct conn *c)
{
	c->judge.want.print = ask_stamp(ask, c->judge.want.nonce);
}

static void connect_now(struct conn *c)
{
	c->fd = plug_connect(&opt->to, c->slow ? SLOW_READ_BYTES : 0);
	if (c->fd < 0) {
		fail(c, BLAME_CONNECT);
		return;
	}
	out->connects++;
	c->state = STATE_CONNECTING;
	plug_watch(epoll_fd, EPOLL_CTL_ADD, c->fd, EPOLLOUT, c);
}

static void start_request(struct conn *c, uint64_t due_ns, uint64_t now)
{
	struct judge_want want = {.stream = opt->stream, .usage = opt->usage, .check_body = opt->check_body,
		.events = opt->events, .nonce = nonce};
	struct judge_times times = {0};
	if (!opt->same)
		nonce += 0x9e3779b97f4a7c15u;   /* odd: 2^64 different values before one comes again */
	out->started++;
	busy++;
	c->due_ns = due_ns;
	c->sent_ns = now;
	c->measured = due_ns >= start_ns + opt->warmup_ns;
	c->leaves = opt->leave_every && out->started % opt->leave_every == 0;
	if (c->measured && !c->slow)
		times = (struct judge_times){&out->event_delay, &out->gap, &out->gap_error};
	judge_begin(&c->judge, &want, &times);
	h1_reset(&c->wire, true);
	c->state = STATE_BUSY;
	if (c->fd < 0) {
		connect_now(c);
		return;
	}
	stamp(c);
	send_request(c);
}

static bool quota_left(void)
{
	return !opt->requests || out->started < opt->requests;
}

static uint64_t arrival_ns(uint64_t i)
{
	return start_ns + (uint64_t)((__uint128_t)i * PLUG_S / opt->rate);
}

/* Closed loop: lets in connections whose turn of the ramp has come; returns when the next one's is. */
static uint64_t ramp(uint64_t now)
{
	while (ramped < opt->conns) {
		uint64_t at = start_ns + opt->ramp_ns * ramped / opt->conns;
		if (at > now)
			return at;
		put_free(&conns[ramped++]);
	}
	return DUE_NEVER;
}

/* Starts all that may start now; returns when something may start next by time alone. */
static uint64_t feed(uint64_t now)
{
	uint64_t next = ramp(now);
	while (free_first && quota_left()) {
		uint64_t due = now;
		if (opt->rate) {
			due = arrival_ns(arrivals);
			if (due >= stop_ns)
				break;
			if (due > now)
				return due < next ? due : next;
			spread_add(&out->lag, now - due);
			arrivals++;
		} else if (now >= stop_ns) {
			break;
		}
		start_request(take_free(), due, now);
	}
	return next;
}

static bool finished(uint64_t now)
{
	if (busy)
		return false;
	if (!quota_left())
		return true;
	if (!opt->rate)
		return now >= stop_ns;
	return arrival_ns(arrivals) >= stop_ns || now >= stop_ns + opt->timeout_ns;
}

/* Closes a stream in the middle, as a user who presses stop. */
static void leave(struct conn *c)
{
	busy--;
	out->left++;
	out->events += c->judge.next;
	last_ns = plug_now_ns();
	drop_socket(c);
	put_free(c);
}

static void on_bytes(struct conn *c, struct bite in, uint64_t now)
{
	struct bite piece;
	for (;;) {
		switch (h1_pull(&c->wire, &in, &piece)) {
		case H1_MORE:
			if (c->leaves && c->judge.next > opt->leave_at)
				leave(c);
			return;
		case H1_HEAD:
			out->status[c->wire.status < 600 ? c->wire.status : 0]++;
			judge_head(&c->judge, &c->wire);
			break;
		case H1_BODY:
			out->bytes += piece.len;
			if (c->wire.status == 200 && c->judge.verdict != BLAME_TYPE)
				judge_body(&c->judge, piece, now);
			break;
		case H1_END:
			if (in.len)
				judge_blame(&c->judge, BLAME_FRAMING);
			over(c, judge_end(&c->judge), c->wire.keep_alive);
			return;
		case H1_BAD:
			fail(c, BLAME_FRAMING);
			return;
		}
	}
}

static void on_end(struct conn *c)
{
	if (h1_close(&c->wire) == H1_END)
		over(c, judge_end(&c->judge), false);
	else
		fail(c, BLAME_CUT);
}

static void on_readable(struct conn *c)
{
	size_t room = c->slow ? SLOW_READ_BYTES : sizeof read_buffer;
	ssize_t n = recv(c->fd, read_buffer, room, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (c->state == STATE_FREE) {
		/* nothing was asked: an end is the target's right, bytes are not */
		if (n > 0)
			out->blame[BLAME_FRAMING]++;
		out->idle_closed++;
		drop_socket(c);
		return;
	}
	uint64_t now = plug_now_ns();
	if (n < 0)
		fail(c, BLAME_RESET);
	else if (n == 0)
		on_end(c);
	else
		on_bytes(c, (struct bite){read_buffer, (size_t)n}, now);
	if (c->slow && c->state == STATE_BUSY && c->fd >= 0) {
		plug_watch(epoll_fd, EPOLL_CTL_MOD, c->fd, 0, c);
		due_set(&heap, &c->due, now + opt->slow_ns);
	}
}

static void on_connected(struct conn *c)
{
	if (plug_error(c->fd)) {
		fail(c, BLAME_CONNECT);
		return;
	}
	c->state = STATE_BUSY;
	plug_watch(epoll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
	stamp(c);
	send_request(c);
}

static void on_writable(struct conn *c)
{
	ssize_t n = send(c->fd, c->rest.at, c->rest.len, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			fail(c, BLAME_RESET);
		return;
	}
	pail_drop(&c->rest, (size_t)n);
	if (!c->rest.len)
		plug_watch(epoll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
}

static void on_event(struct conn *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (c->state == STATE_CONNECTING) {
		on_connected(c);
		return;
	}
	if (events & EPOLLOUT && c->rest.len)
		on_writable(c);
	if (c->fd >= 0 && events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		on_readable(c);
}

static void on_deadline(struct conn *c)
{
	if (c->state == STATE_RESTING)
		put_free(c);
	else if (c->fd >= 0)
		plug_watch(epoll_fd, EPOLL_CTL_MOD, c->fd, interest(c), c);
}

static void scan_timeouts(uint64_t now)
{
	if (now < scan_ns)
		return;
	scan_ns = now + SCAN_MS * PLUG_MS;
	for (unsigned i = 0; i < opt->conns; i++) {
		struct conn *c = &conns[i];
		bool waits = c->state == STATE_BUSY || c->state == STATE_CONNECTING;
		if (waits && now - c->sent_ns > opt->timeout_ns)
			fail(c, BLAME_TIMEOUT);
	}
}

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t least = a < b ? a : b;
	return least < c ? least : c;
}

static void turns(void)
{
	struct epoll_event events[512];
	for (;;) {
		uint64_t now = plug_now_ns(), at_ns;
		struct due *node;
		uint64_t next = feed(now);
		if (finished(now))
			return;
		int n = plug_wait(epoll_fd, events, 512, min3(next, due_next_ns(&heap), scan_ns));
		for (int i = 0; i < n; i++)
			on_event(events[i].data.ptr, events[i].events);
		now = plug_now_ns();
		while ((node = due_take(&heap, now, &at_ns)) != NULL)
			on_deadline((struct conn *)node);
		scan_timeouts(now);
	}
}

static void count_unsent(void)
{
	if (!opt->rate)
		return;
	while (arrival_ns(arrivals) < stop_ns && (!opt->requests || arrivals < opt->requests)) {
		out->unsent++;
		arrivals++;
	}
}

void drive_run(const struct drive_opt *options, struct ask *request, struct drive_result *result)
{
	opt = options;
	ask = request;
	out = result;
	conns = calloc(opt->conns, sizeof *conns);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!conns || epoll_fd < 0)
		abort();
	start_ns = plug_now_ns();
	stop_ns = opt->duration_ns ? start_ns + opt->duration_ns : DUE_NEVER - opt->timeout_ns;
	nonce = opt->same ? 1 : start_ns * 0x2545f4914f6cdd1du ^ (uint64_t)getpid();
	scan_ns = last_ns = start_ns;
	for (unsigned i = 0; i < opt->conns; i++) {
		conns[i].fd = -1;
		conns[i].slow = opt->slow_every && i % opt->slow_every == opt->slow_every - 1;
	}
	turns();
	count_unsent();
	uint64_t from = start_ns + opt->warmup_ns;
	result->elapsed_ns = last_ns > from ? last_ns - from : 0;
	for (unsigned i = 0; i < opt->conns; i++) {
		drop_socket(&conns[i]);
		h1_done(&conns[i].wire);
		judge_done(&conns[i].judge);
		pail_done(&conns[i].rest);
	}
	free(conns);
	due_done(&heap);
	close(epoll_fd);
}
