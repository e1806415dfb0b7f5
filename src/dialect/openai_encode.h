/* Events -> a client's stream of the dialect openai-chat.  See struct dialect. */
#ifndef DIALECT_OPENAI_ENCODE_H
#define DIALECT_OPENAI_ENCODE_H

#include "dialect/dialect.h"

/* Writes nothing for EVENT_PART_END, EVENT_USAGE (the counts come with the end), EVENT_OTHER, EVENT_ERROR
 * (the caller sends the error event) and EVENT_END.  The first chunk of a tool call may come with the
 * event after its start. */
void openai_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
void openai_encode_end(struct dialect_encode *e, struct buf *out);

#endif
