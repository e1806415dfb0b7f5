/* Events -> the stream of a client of Gemini's: server-sent events, or the elements of a JSON array that arrive over
 * time (request.door.framing).  See struct dialect. */
#ifndef DIALECT_GEMINI_ENCODE_H
#define DIALECT_GEMINI_ENCODE_H

#include "dialect/dialect.h"

void gemini_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
void gemini_encode_end(struct dialect_encode *e, struct buf *out);
/* The error as what comes next in this stream: an event, or the array's last element. */
void gemini_encode_error(struct dialect_encode *e, const struct fault *f, struct buf *out);

#endif
