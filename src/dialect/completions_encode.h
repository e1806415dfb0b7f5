/* Events -> a client's stream or whole answer of the dialect openai-completions.  See struct dialect.
 *
 * There is text and nothing else: a refusal is text; reasoning, tool calls, sources and media are left out (a
 * client of this dialect defines no tools, so that calls come only of a hosted one).  The word for the end
 * stays what it is in openai-chat. */
#ifndef DIALECT_COMPLETIONS_ENCODE_H
#define DIALECT_COMPLETIONS_ENCODE_H

#include "dialect/dialect.h"

void completions_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
void completions_encode_end(struct dialect_encode *e, struct buf *out);
void completions_encode_collect(struct dialect_encode *e, const struct event *ev);
/* Writes nothing when e->err is set, and sets it when `out` has no room. */
void completions_encode_collected(struct dialect_encode *e, struct buf *out);

#endif
