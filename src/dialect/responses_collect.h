/* Events -> a client's whole answer of the dialect openai-responses.  See struct dialect. */
#ifndef DIALECT_RESPONSES_COLLECT_H
#define DIALECT_RESPONSES_COLLECT_H

#include "dialect/dialect.h"

/* What does not fit the arena's limit makes e->err ERR_TOO_BIG; the answer is then not to be used. */
void responses_collect(struct dialect_encode *e, const struct event *ev);
/* The whole answer, after the last event. */
void responses_collect_write(struct dialect_encode *e, struct buf *out);

#endif
