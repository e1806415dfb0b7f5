/* Inside of struct stream, for stream.c (its life), wire.c (its bytes), tls_stream.c (its cipher) and listen.c. */
#ifndef LOOP_STREAM_PRIV_H
#define LOOP_STREAM_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "loop/alarm.h"
#include "loop/dial.h"
#include "loop/ip.h"
#include "loop/loop.h"
#include "loop/stream.h"
#include "loop/watch.h"

struct tls_server;
struct tls_stream;

/* stream_full() above, on_room at or below: room for a good write before the next wait. */
#define STREAM_HIGH_WATER 65536u
#define STREAM_LOW_WATER 16384u

/*  DIALING -> SHAKING  [stream.c connected(), with TLS]
 *  DIALING -> OPEN     [connected(), plain]
 *  SHAKING -> OPEN     [stream_shaken()]
 *  OPEN -> LINGER      [stream_close()]      the owner is gone, its output leaves
 *  LINGER -> FIN       [stream_drained()]    our side has ended, what the peer still sends is thrown away
 *  any -> DEAD         [end()]               the memory waits in its grave */
enum stream_state {
	STREAM_DIALING,
	STREAM_SHAKING,
	STREAM_OPEN,
	STREAM_LINGER,
	STREAM_FIN,
	STREAM_DEAD,
};

struct stream {
	/* What output touches stands together: of a thousand streams nothing is in the processor's cache any more when
	 * the next event comes. */
	struct loop *loop;
	struct list dirty;		/* in loop->dirty while new output waits for the end of the turn */
	struct watch *watch;		/* from SHAKING on */
	struct tls_stream *tls;		/* NULL: plain */
	struct buf out;			/* plain text not yet sent, or not yet sealed; no memory when empty */
	uint64_t sent;
	uint64_t flush_turn;		/* turn of the last flush */
	enum stream_state state;
	bool paused;
	bool eof;			/* the peer has ended its side */
	bool blocked;			/* the kernel is full: wait for WATCH_WRITE */
	bool was_full;			/* stream_full() was true: on_room is owed */
	bool room;			/* on_room is due */
	bool broken;			/* writing failed: no more output, and the end of input is a reset */

	struct list node;		/* in loop->streams until dead */
	struct task news;		/* tells the owner what the flush found */
	struct grave grave;
	struct alarm clock;		/* connect_ms, later linger_ms */
	struct stream_events ev;
	void *arg;
	struct dial *dial;		/* while DIALING */
	char *detail;			/* what went wrong, for people; NULL: nothing */
	char peer[IP_TEXT];
};

/* loop.c: writes the output of those streams that have had some for longest, once a turn each: a fast reader of a large
 * answer would else be given it all in one turn; writes that of all; and, at the end of the loop, ends streams that
 * nobody owns any more. */
void stream_flush_early(struct loop *l);
void stream_flush_all(struct loop *l);
void stream_end_all(struct loop *l);

/* listen.c: an accepted socket.  Plain: open already; with `tls`: on_open comes after the handshake, within
 * `shake_ms`. */
struct stream *stream_accepted(struct loop *l, struct watch *w, const char *peer, struct tls_server *tls,
	uint64_t shake_ms, const struct stream_events *ev, void *arg);

/* wire.c and tls_stream.c report; each may call the owner, so look at s->state after it. */
void stream_shaken(struct stream *s);
void stream_data(struct stream *s, struct slice plain);
void stream_ended(struct stream *s);
void stream_failed(struct stream *s, enum err why);
void stream_drained(struct stream *s);
/* Keeps the first one. */
void stream_say(struct stream *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline bool stream_reads(const struct stream *s)
{
	return !s->paused && !s->eof;
}

#endif
