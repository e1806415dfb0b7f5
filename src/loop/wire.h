/* The bytes of a stream: one read a readiness, one write a turn. */
#ifndef LOOP_WIRE_H
#define LOOP_WIRE_H

#include "loop/stream_priv.h"

/* Puts the stream's socket under wire's care. */
void wire_start(struct stream *s);
/* Asks the system for what the stream needs now; cheap when nothing changed. */
void wire_want(struct stream *s);
/* New output waits: it leaves at the end of this turn, or sooner when that of many does. */
void wire_dirty(struct stream *s);
/* It does not wait any more. */
void wire_clean(struct stream *s);
/* Appends to the output.  False when there was nothing in the parts. */
bool wire_put(struct stream *s, const struct slice *parts, size_t n);
/* Writes now what the kernel takes.  Never calls the owner: news goes through s->news. */
void wire_flush(struct stream *s);
/* Memory for `n` bytes to an output buffer that has none, and back: a few warm ones are kept in the loop. */
void wire_lend(struct loop *l, struct buf *b, size_t n);
void wire_take_back(struct loop *l, struct buf *b);
/* Reads what the kernel still holds of a connection that is gone, then reports the reset. */
void wire_read_rest(struct stream *s);

#endif
