/* Events -> the whole answer of a client of Gemini's.  See struct dialect. */
#ifndef DIALECT_GEMINI_COLLECT_H
#define DIALECT_GEMINI_COLLECT_H

#include "dialect/dialect.h"

void gemini_collect(struct dialect_encode *e, const struct event *ev);
void gemini_collect_write(struct dialect_encode *e, struct buf *out);

#endif
