/* HTTP/1.1, writing side.  All append to a buffer whose maximum weir itself sees to: passing it is a must()
 * failure. */
#ifndef CODEC_HTTP1_WRITE_H
#define CODEC_HTTP1_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

/* "name: value\r\n".  A value with CR, LF or NUL is written with those bytes as spaces. */
void http1_write_field(struct buf *b, struct slice name, struct slice value);
/* "HTTP/1.1 200 OK\r\n" */
void http1_write_status(struct buf *b, int status);
/* Chunk framing for `piece` (not empty): size line, bytes, CRLF. */
void http1_write_chunk(struct buf *b, struct slice piece);
#define HTTP1_LAST_CHUNK SLICE("0\r\n\r\n")

#endif
