/* Writes one response on a client connection: head, body framed as the client understands it, end. */
#ifndef FRONT_WRITER_H
#define FRONT_WRITER_H

#include "base/buf.h"
#include "loop/stream.h"

struct writer {
	struct stream *stream;
	struct buf *scratch;		/* shared; empty between calls */
	uint64_t date_s;		/* Unix seconds for Date */
	bool http10;			/* the client knows no chunks: a stream ends with the connection */
	bool head_only;			/* HEAD: no body */
	bool close;			/* the connection ends with this response */
	bool chunked;			/* set by writer_head */
	bool bare;			/* the same: this status has no body */
	uint64_t body_n;		/* body bytes written */
};

/* `length` -1: unknown.  A stream of unknown length to an HTTP/1.0 client sets `close`. */
void writer_head(struct writer *w, int status, struct slice content_type, struct slice fields, int64_t length);
void writer_put(struct writer *w, struct slice bytes);
/* The end of a whole body. */
void writer_end(struct writer *w);

#endif
