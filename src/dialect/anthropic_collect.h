/* Events -> a client's whole answer of the dialects anthropic-messages and anthropic-count.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_COLLECT_H
#define DIALECT_ANTHROPIC_COLLECT_H

#include "dialect/dialect.h"

/* What does not fit the arena's limit makes e->err ERR_TOO_BIG; the answer is then not to be used. */
void anthropic_collect(struct dialect_encode *e, const struct event *ev);
/* Writes nothing when e->err is set, and sets it when `out` has no room. */
void anthropic_collect_write(struct dialect_encode *e, struct buf *out);
/* {"input_tokens":N}. */
void anthropic_collect_write_count(struct dialect_encode *e, struct buf *out);

#endif
