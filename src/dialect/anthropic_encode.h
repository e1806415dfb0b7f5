/* Events -> a client's stream of the dialect anthropic-messages.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_ENCODE_H
#define DIALECT_ANTHROPIC_ENCODE_H

#include "dialect/dialect.h"

void anthropic_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
void anthropic_encode_end(struct dialect_encode *e, struct buf *out);

#endif
