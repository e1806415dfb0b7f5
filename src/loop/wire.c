/* It owns no state of its own: see struct stream.  A turn costs a stream one recv() for what came in and one send() for
 * what goes out.  Interest in events changes lazily, since each change is a system call or two: a pause takes effect
 * when bytes come in all the same, so a pause and a resume within one turn cost nothing. */
#include "loop/wire.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/must.h"
#include "loop/loop_priv.h"
#include "loop/tls_stream.h"

/* At most so much to one peer before others get their turn. */
#define FLUSH_BYTES (1u << 20)
/* Reads of a dead connection's rest in one go. */
#define REST_READS 16
/* Nobody who watches stream_full() gets near this; a body limit is far below. */
#define OUT_MAX ((size_t)1 << 30)

void wire_want(struct stream *s)
{
	unsigned want = (stream_reads(s) ? WATCH_READ : 0u) | (s->blocked ? WATCH_WRITE : 0u);

	if (s->watch)
		watch_set(s->watch, want);
}

void wire_dirty(struct stream *s)
{
	if (s->state == STREAM_DIALING || s->state == STREAM_DEAD || s->blocked || list_linked(&s->dirty))
		return;
	list_push_back(&s->loop->dirty, &s->dirty);
	s->loop->dirty_n++;
}

void wire_clean(struct stream *s)
{
	s->loop->dirty_n -= list_linked(&s->dirty);
	list_remove(&s->dirty);
}

/* --- in --- */

static void got(struct stream *s, struct slice bytes)
{
	if (s->state == STREAM_LINGER || s->state == STREAM_FIN)
		return;		/* nobody is there to read it */
	if (s->tls)
		tls_stream_feed(s, bytes);
	else
		stream_data(s, bytes);
}

/* False when there is nothing more to read now, or nobody to read it for. */
static bool read_once(struct stream *s, bool gone)
{
	struct loop *l = s->loop;
	ssize_t n;

	if (s->tls && tls_stream_held(s->tls) > 0) {
		tls_stream_feed(s, SLICE_EMPTY);
		return s->state != STREAM_DEAD && stream_reads(s);
	}
	l->recvs++;
	do {
		n = recv(watch_fd(s->watch), l->read, sizeof(l->read), 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		got(s, slice_of(l->read, (size_t)n));
		return s->state != STREAM_DEAD && stream_reads(s);
	}
	if (n < 0 && errno == EAGAIN && !gone)
		return false;
	/* TLS ends with close_notify: a bare FIN may be somebody else's doing (RFC 8446 section 6.1). */
	bool cut = s->broken || (s->tls && s->state == STREAM_OPEN);
	if (n == 0 && !cut) {
		stream_ended(s);
		return false;
	}
	stream_say(s, "read: %s", n == 0 ? "cut off" : strerror(errno));
	stream_failed(s, ERR_UP_RESET);
	return false;
}

void wire_read_rest(struct stream *s)
{
	int reads = 0;

	if (!stream_reads(s)) {
		stream_say(s, "the connection was reset");
		stream_failed(s, ERR_UP_RESET);
		return;
	}
	while (reads++ < REST_READS && read_once(s, true))
		;
	if (s->state != STREAM_DEAD)
		wire_want(s);	/* the system tells again */
}

static void on_ready(void *arg, unsigned ready)
{
	struct stream *s = arg;

	if (ready & WATCH_GONE) {
		wire_read_rest(s);
		return;
	}
	if (ready & WATCH_READ) {
		if (stream_reads(s))
			read_once(s, false);
		else
			wire_want(s);
	}
	if ((ready & WATCH_WRITE) && s->state != STREAM_DEAD) {
		s->blocked = false;
		wire_flush(s);
	}
}

void wire_start(struct stream *s)
{
	watch_own(s->watch, on_ready, s);
	wire_want(s);
}

/* --- out --- */

void wire_lend(struct loop *l, struct buf *b, size_t n)
{
	if (b->p)
		return;
	buf_init(b, OUT_MAX);
	if (l->spare_n > 0 && n <= LOOP_SPARE_BYTES) {
		b->p = l->spares[--l->spare_n];
		b->cap = LOOP_SPARE_BYTES;
	} else {
		must(buf_room(b, MAX_OF(n, (size_t)LOOP_SPARE_BYTES)) != NULL);
	}
}

void wire_take_back(struct loop *l, struct buf *b)
{
	if (b->p && b->cap == LOOP_SPARE_BYTES && l->spare_n < LOOP_SPARES) {
		l->spares[l->spare_n++] = b->p;
		b->p = NULL;
	}
	buf_done(b);
}

bool wire_put(struct stream *s, const struct slice *parts, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += parts[i].n;
	if (bytes == 0)
		return false;
	must(bytes <= OUT_MAX);
	wire_lend(s->loop, &s->out, bytes);
	for (size_t i = 0; i < n; i++)
		buf_add(&s->out, parts[i]);
	s->was_full |= stream_full(s);
	return true;
}

static void broke(struct stream *s, const char *why)
{
	stream_say(s, "write: %s", why);
	s->broken = true;
	s->blocked = false;
	wire_take_back(s->loop, &s->out);
	loop_post(s->loop, &s->news);
}

/* What goes on the wire next; NULL when there is nothing. */
static struct buf *next_out(struct stream *s)
{
	struct buf *b = &s->out;

	if (s->tls) {
		if (s->state != STREAM_SHAKING && !tls_stream_seal(s)) {
			broke(s, "the cipher failed");
			return NULL;
		}
		if (s->state == STREAM_LINGER && buf_len(&s->out) == 0)
			tls_stream_bye(s);
		b = tls_stream_cipher(s->tls);
	}
	return buf_len(b) ? b : NULL;
}

static void took(struct stream *s, struct buf *b, size_t n)
{
	s->sent += s->tls ? tls_stream_took(s->tls, n) : n;
	buf_eat(b, n);
	if (s->tls && buf_len(b) == 0)
		wire_take_back(s->loop, b);
}

static void write_out(struct stream *s)
{
	size_t total = 0;
	struct buf *b;

	while ((b = next_out(s)) != NULL) {
		struct slice bytes = buf_slice(b);
		s->loop->sends++;
		ssize_t n = send(watch_fd(s->watch), bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			broke(s, strerror(errno));
			return;
		}
		if (n > 0)
			took(s, b, (size_t)n);
		total += n > 0 ? (size_t)n : 0;
		s->blocked = n < (ssize_t)bytes.n || total > FLUSH_BYTES;
		if (s->blocked)
			return;
	}
}

void wire_flush(struct stream *s)
{
	if (s->state == STREAM_DIALING || s->state == STREAM_DEAD || s->blocked || s->broken)
		return;
	write_out(s);
	if (s->broken)
		return;
	if (s->was_full && stream_queued(s) <= STREAM_LOW_WATER) {
		s->was_full = false;
		s->room = true;
		loop_post(s->loop, &s->news);
	}
	if (buf_len(&s->out) == 0)
		wire_take_back(s->loop, &s->out);
	if (s->state == STREAM_LINGER && !s->blocked)
		stream_drained(s);
	if (s->state != STREAM_DEAD)
		wire_want(s);
}
