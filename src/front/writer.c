#include "front/writer.h"

#include <time.h>

#include "codec/http1.h"

/* IMF-fixdate, made once a second (RFC 9110 6.6.1 asks for Date). */
static struct slice date_field(uint64_t now_s)
{
	static uint64_t made_for;
	static char text[64];
	static size_t n;

	if (made_for != now_s) {
		time_t t = (time_t)now_s;
		struct tm tm;
		must(gmtime_r(&t, &tm) != NULL);
		n = strftime(text, sizeof(text), "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
		made_for = now_s;
	}
	return slice_of(text, n);
}

#define NO_CONTENT 204		/* has no body, nor fields that frame one (RFC 9110 8.6, RFC 9112 6.1) */

static void add_framing(struct writer *w, struct buf *b, int64_t length)
{
	if (length >= 0) {
		buf_add(b, SLICE("content-length: "));
		buf_add_u64(b, (uint64_t)length);
		buf_add(b, SLICE("\r\n"));
	} else if (w->http10) {
		w->close = true;
	} else {
		w->chunked = true;
		buf_add(b, SLICE("transfer-encoding: chunked\r\n"));
	}
}

static void add_connection(const struct writer *w, struct buf *b)
{
	if (w->close)
		buf_add(b, SLICE("connection: close\r\n"));
	else if (w->http10)
		buf_add(b, SLICE("connection: keep-alive\r\n"));
}

void writer_head(struct writer *w, int status, struct slice content_type, struct slice fields, int64_t length)
{
	struct buf *b = w->scratch;

	w->bare = status == NO_CONTENT;
	buf_clear(b);
	http1_write_status(b, status);
	buf_add(b, date_field(w->date_s));
	if (!w->bare)
		http1_write_field(b, SLICE("content-type"), content_type);
	buf_add(b, fields);
	if (!w->bare)
		add_framing(w, b, length);
	add_connection(w, b);
	buf_add(b, SLICE("\r\n"));
	stream_write(w->stream, buf_slice(b));
	buf_clear(b);
}

/* Chunk size in hex and CRLF, at the end of `out`: printf would cost as much as the rest of an event's way. */
static struct slice chunk_size(size_t n, char out[18])
{
	size_t at = 16;

	memcpy(out + at, "\r\n", 2);
	do {
		out[--at] = "0123456789abcdef"[n & 15];
		n >>= 4;
	} while (n);
	return slice_of(out + at, 18 - at);
}

void writer_put(struct writer *w, struct slice bytes)
{
	char size[18];

	w->body_n += bytes.n;
	if (w->head_only || w->bare || bytes.n == 0)
		return;
	if (!w->chunked) {
		stream_write(w->stream, bytes);
		return;
	}
	const struct slice chunk[] = { chunk_size(bytes.n, size), bytes, SLICE("\r\n") };
	stream_write_parts(w->stream, chunk, COUNT_OF(chunk));
}

void writer_end(struct writer *w)
{
	if (w->chunked && !w->head_only)
		stream_write(w->stream, HTTP1_LAST_CHUNK);
}
