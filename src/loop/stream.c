/* The life of a stream: who owns it, what it waits for, and that the owner hears each thing once. */
#include "loop/stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/must.h"
#include "base/span.h"
#include "loop/loop_priv.h"
#include "loop/stream_priv.h"
#include "loop/tls_stream.h"
#include "loop/wire.h"

/* How long a peer may take to end its side after we ended ours (nginx lingering_timeout: 5 s; ours is shorter, since
 * only its unread request bytes are at stake). */
#define FIN_MS 2000

static void on_dig(struct grave *g)
{
	struct stream *s = CONTAINER(g, struct stream, grave);

	tls_stream_free(&s->tls);
	free(s->detail);
	free(s);
}

/* The only way to die.  The memory, and the cipher that may be at work further up the stack, stay until the end of the
 * turn. */
static void end(struct stream *s)
{
	must(s->state != STREAM_DEAD);
	s->state = STREAM_DEAD;
	dial_close(&s->dial);
	watch_close(&s->watch);
	alarm_clear(&s->clock);
	loop_unpost(s->loop, &s->news);
	wire_clean(s);
	list_remove(&s->node);
	wire_take_back(s->loop, &s->out);
	loop_bury(s->loop, &s->grave, on_dig);
}

void stream_say(struct stream *s, const char *fmt, ...)
{
	va_list args;

	if (s->detail)
		return;
	va_start(args, fmt);
	if (vasprintf(&s->detail, fmt, args) < 0)
		s->detail = NULL;
	va_end(args);
}

void stream_failed(struct stream *s, enum err why)
{
	end(s);
	if (s->ev.on_close)
		s->ev.on_close(s->arg, why);
}

void stream_ended(struct stream *s)
{
	s->eof = true;
	switch (s->state) {
	case STREAM_SHAKING:
		stream_say(s, "the peer closed the connection during the TLS handshake");
		stream_failed(s, ERR_UP_RESET);
		return;
	case STREAM_OPEN:
		if (s->ev.on_eof == NULL) {
			stream_failed(s, ERR_OK);
			return;
		}
		wire_want(s);
		s->ev.on_eof(s->arg);
		return;
	case STREAM_LINGER:
		wire_want(s);
		return;
	case STREAM_FIN:
		end(s);
		return;
	case STREAM_DIALING:
	case STREAM_DEAD:
		must_never("the end of a stream that does not read");
	}
}

void stream_data(struct stream *s, struct slice plain)
{
	if (s->ev.on_data)
		s->ev.on_data(s->arg, plain);
}

static void on_news(struct task *t)
{
	struct stream *s = CONTAINER(t, struct stream, news);

	if (s->broken) {
		wire_read_rest(s);
		return;
	}
	if (s->room) {
		s->room = false;
		if (s->ev.on_room)
			s->ev.on_room(s->arg);
	}
	if (s->state == STREAM_OPEN && s->tls && stream_reads(s) && tls_stream_holds(s->tls))
		tls_stream_feed(s, SLICE_EMPTY);
}

/* The close that follows sends a reset instead of an end in order. */
static void close_with_reset(struct stream *s)
{
	struct linger rst = { .l_onoff = 1, .l_linger = 0 };

	if (s->watch)
		(void)setsockopt(watch_fd(s->watch), SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
}

static void on_clock(struct alarm *a)
{
	struct stream *s = CONTAINER(a, struct stream, clock);

	if (s->state == STREAM_LINGER || s->state == STREAM_FIN) {
		/* Output is left: an end in order would make a part look like the whole. */
		if (s->state == STREAM_LINGER)
			close_with_reset(s);
		end(s);
		return;
	}
	stream_say(s, s->state == STREAM_SHAKING ? "the TLS handshake took too long" : "no connection in time");
	stream_failed(s, ERR_UP_CONNECT_TIMEOUT);
}

static struct stream *stream_new(struct loop *l, const struct stream_events *ev, void *arg)
{
	struct stream *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->loop = l;
	s->news.go = on_news;
	list_init(&s->dirty);
	list_push_back(&l->streams, &s->node);
	alarm_init(&s->clock, l, on_clock);
	stream_own(s, ev, arg);
	return s;
}

static void opened(struct stream *s)
{
	s->state = STREAM_OPEN;
	alarm_clear(&s->clock);
	if (buf_len(&s->out) > 0)
		wire_dirty(s);
	if (s->ev.on_open)
		s->ev.on_open(s->arg);
}

void stream_shaken(struct stream *s)
{
	must(s->state == STREAM_SHAKING);
	opened(s);
}

static void connected(void *arg, enum err why, struct watch *w, const struct ip *ip, const char *detail)
{
	struct stream *s = arg;

	s->dial = NULL;
	if (why != ERR_OK) {
		stream_say(s, "%s", detail);
		stream_failed(s, why);
		return;
	}
	s->watch = w;
	ip_print(ip, s->peer);
	wire_start(s);
	if (s->tls) {
		s->state = STREAM_SHAKING;
		tls_stream_start(s);
		wire_dirty(s);
	} else {
		opened(s);
	}
}

struct stream *stream_open(struct loop *l, const struct stream_dest *dest, const struct stream_events *ev, void *arg)
{
	struct stream *s = stream_new(l, ev, arg);

	if (dest->tls)
		s->tls = tls_stream_client(s, dest->tls, dest->tls_name.n ? dest->tls_name : dest->host, dest->host,
			dest->port);
	s->state = STREAM_DIALING;
	s->dial = dial_open(l, dest->host, dest->port, connected, s);
	if (dest->connect_ms)
		alarm_set(&s->clock, dest->connect_ms);
	return s;
}

struct stream *stream_accepted(struct loop *l, struct watch *w, const char *peer, struct tls_server *tls,
	uint64_t shake_ms, const struct stream_events *ev, void *arg)
{
	struct stream *s = stream_new(l, ev, arg);

	s->watch = w;
	slice_copy(slice_str(peer), s->peer, sizeof(s->peer));
	s->state = tls ? STREAM_SHAKING : STREAM_OPEN;
	if (tls) {
		s->tls = tls_stream_server(s, tls);
		alarm_set(&s->clock, shake_ms);
	}
	wire_start(s);
	return s;
}

void stream_own(struct stream *s, const struct stream_events *ev, void *arg)
{
	s->ev = *ev;
	s->arg = arg;
}

void stream_write_parts(struct stream *s, const struct slice *parts, size_t n)
{
	must(s->state <= STREAM_OPEN);
	if (s->broken || !wire_put(s, parts, n))
		return;
	if (s->state == STREAM_OPEN)
		wire_dirty(s);
}

bool stream_full(const struct stream *s)
{
	return stream_queued(s) > STREAM_HIGH_WATER;
}

size_t stream_queued(const struct stream *s)
{
	return buf_len(&s->out) + (s->tls ? tls_stream_sealed(s->tls) : 0);
}

uint64_t stream_sent(const struct stream *s)
{
	return s->sent;
}

void stream_pause(struct stream *s)
{
	s->paused = true;	/* takes effect when bytes come in, see wire.c */
}

void stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	wire_want(s);
	if (s->tls && tls_stream_holds(s->tls))
		loop_post(s->loop, &s->news);
}

/* LINGER: all that was queued has left. */
void stream_drained(struct stream *s)
{
	/* Closing with bytes unread would send a reset, which can destroy our answer on its way (RFC 9112 9.6). */
	if (s->eof || shutdown(watch_fd(s->watch), SHUT_WR) != 0) {
		end(s);
		return;
	}
	s->state = STREAM_FIN;
	if (!alarm_is_set(&s->clock) || s->clock.due_ms > loop_now(s->loop) / SPAN_NS_PER_MS + FIN_MS)
		alarm_set(&s->clock, FIN_MS);
}

void stream_close(struct stream **sp, uint64_t linger_ms)
{
	struct stream *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	if (s->state == STREAM_DEAD)
		return;		/* from within on_close */
	must(s->state <= STREAM_OPEN);
	s->ev = (struct stream_events){ 0 };
	if (s->state != STREAM_OPEN || s->broken) {
		end(s);
		return;
	}
	s->state = STREAM_LINGER;
	s->paused = false;
	loop_unpost(s->loop, &s->news);
	if (linger_ms == 0) {
		if (!s->blocked)
			wire_flush(s);
		if (s->state != STREAM_DEAD)
			end(s);
		return;
	}
	alarm_set(&s->clock, linger_ms);
	wire_want(s);
	wire_dirty(s);
}

void stream_abort(struct stream **sp, bool reset)
{
	struct stream *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	if (s->state == STREAM_DEAD)
		return;		/* from within on_close */
	must(s->state <= STREAM_OPEN);
	s->ev = (struct stream_events){ 0 };
	if (reset)
		close_with_reset(s);
	end(s);
}

const char *stream_peer(const struct stream *s)
{
	return s->peer;
}

const char *stream_detail(const struct stream *s)
{
	return s->detail ? s->detail : "";
}

bool stream_tls_resumed(const struct stream *s)
{
	return s->tls && tls_stream_resumed(s->tls);
}

static void flush_first(struct loop *l)
{
	struct stream *s = LIST_ITEM(l->dirty.next, struct stream, dirty);

	s->flush_turn = l->turns;
	wire_clean(s);
	wire_flush(s);
	loop_touched(l, LOOP_STEP_WRITE);
}

void stream_flush_early(struct loop *l)
{
	while (l->dirty_n > LOOP_DIRTY && LIST_ITEM(l->dirty.next, struct stream, dirty)->flush_turn != l->turns)
		flush_first(l);
}

void stream_flush_all(struct loop *l)
{
	/* Only those there now: what a flush itself makes dirty again (a close_notify) waits for the next turn. */
	for (size_t n = l->dirty_n; n > 0; n--)
		flush_first(l);
}

void stream_end_all(struct loop *l)
{
	LIST_EACH(node, next, &l->streams) {
		struct stream *s = LIST_ITEM(node, struct stream, node);
		must(s->state == STREAM_LINGER || s->state == STREAM_FIN);
		end(s);
	}
}
