/* A stream: one byte connection, plain TCP or TLS, made by us (stream_open) or accepted (listen.h).
 *
 * Facts that hold:
 *  1. No callback runs inside stream_open, stream_write, stream_resume, stream_close or stream_abort.
 *  2. on_open comes first and once (an accepted stream is open already and gets none; with TLS it comes after the
 *     handshake; an accepted TLS stream is handed over after its handshake).
 *  3. on_close comes at most once and is the last call; the struct is freed at the end of that turn, so the owner
 *     drops its pointer there.  After stream_close() there is no call at all.
 *  4. Output of one turn leaves in one write: stream_write appends, the end of the turn writes (and encrypts) it.
 *     Where many streams have some, those that have waited longest are written between two tasks; never within one.
 *  5. Reading goes on even while nobody expects bytes, so that a peer that leaves is noticed: idle pooled connections
 *     too.  stream_pause() is for back-pressure only; a paused stream still notices a reset, but not an orderly end. */
#ifndef LOOP_STREAM_H
#define LOOP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct loop;
struct stream;
struct tls_client;

struct stream_events {
	/* Connected; bytes may flow.  Bytes written before on_open are sent then. */
	void (*on_open)(void *arg);
	/* `bytes` are borrowed until return.  Never empty. */
	void (*on_data)(void *arg, struct slice bytes);
	/* The peer ended its side in order (FIN, or TLS close_notify); what we write can still reach it.  May be NULL:
	 * then an orderly end is reported as on_close(ERR_OK).  A TLS stream cut by FIN without close_notify is not
	 * an orderly end: on_close(ERR_UP_RESET). */
	void (*on_eof)(void *arg);
	/* Output that had made stream_full() true has drained.  May be NULL. */
	void (*on_room)(void *arg);
	/* The stream is dead: ERR_OK (see on_eof), ERR_UP_DNS, ERR_UP_REFUSED, ERR_UP_NO_SOCKET,
	 * ERR_UP_CONNECT_TIMEOUT, ERR_UP_TLS or ERR_UP_RESET (reset, broken pipe, any other failure).
	 * ERR_UP_REFUSED also stands for an address that cannot be reached: nothing was connected, nothing
	 * was sent.  ERR_UP_DNS and ERR_UP_REFUSED come before on_open only.  Accepted streams use
	 * ERR_UP_RESET too.  stream_close() here is harmless. */
	void (*on_close)(void *arg, enum err why);
};

/* Where and how to connect.  Slices are copied. */
struct stream_dest {
	struct slice host;		/* name or IP literal (v6 without brackets), or the path of a Unix socket */
	uint16_t port;
	struct tls_client *tls;		/* NULL: plain TCP; the stream takes a reference */
	struct slice tls_name;		/* SNI and certificate name; empty: host */
	uint64_t connect_ms;		/* for DNS, TCP and TLS together; 0: no limit */
};

/* Resolves (cached), connects (several addresses: the next is tried beside after 250 ms, RFC 8305), shakes hands.
 * Never NULL: every failure comes through on_close, never inside this call.  `ev` is copied. */
struct stream *stream_open(struct loop *l, const struct stream_dest *dest, const struct stream_events *ev, void *arg);
/* Hands the stream to a new owner.  `ev` is copied. */
void stream_own(struct stream *s, const struct stream_events *ev, void *arg);
/* Appends a copy of the `n` parts to the output.  Never fails and never blocks; the writer watches stream_full(). */
void stream_write_parts(struct stream *s, const struct slice *parts, size_t n);
static inline void stream_write(struct stream *s, struct slice bytes)
{
	stream_write_parts(s, &bytes, 1);
}
/* True while more output waits than the high-water mark (64 KiB, stream.c); on_room says when it has drained. */
bool stream_full(const struct stream *s);
/* Output bytes (plain text) that the kernel has not taken yet. */
size_t stream_queued(const struct stream *s);
/* Output bytes (plain text) the kernel has taken since the start: progress of a slow reader.  With TLS, sealed text
 * counts in proportion to the cipher that has left. */
uint64_t stream_sent(const struct stream *s);
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
/* Sends what is queued (for `linger_ms` at most; 0: only what the kernel takes at once), then closes: FIN, with TLS
 * close_notify first.  What the peer still sends is then read and thrown away for up to 2 s of that time, since closing
 * on unread bytes would send a reset that can overtake our last words.  A stream that is not open yet is dropped with
 * its output.  Sets *s to NULL; NULL is fine.  No callback after this. */
void stream_close(struct stream **s, uint64_t linger_ms);
/* Closes now: output that has not left yet is dropped, also that of this turn.  `reset`: with RST, so that
 * the peer cannot take what it got for a whole answer.  TLS sessions stay reusable.  Sets *s to NULL; NULL is
 * fine. */
void stream_abort(struct stream **s, bool reset);
/* What went wrong, one line for the log ("10.0.0.1:443: Connection refused"); valid in on_close, "" when nothing
 * did. */
const char *stream_detail(const struct stream *s);
/* "127.0.0.1:40312" or "[::1]:40312" of the other side; valid as long as the stream; "" before on_open. */
const char *stream_peer(const struct stream *s);
bool stream_tls_resumed(const struct stream *s);

#endif
