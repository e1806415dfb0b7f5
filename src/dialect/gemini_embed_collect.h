/* Events -> a client's answer of embedContent or batchEmbedContents.  See struct dialect. */
#ifndef DIALECT_GEMINI_EMBED_COLLECT_H
#define DIALECT_GEMINI_EMBED_COLLECT_H

#include "dialect/dialect.h"

/* Writes no whole answer when e->err is set: ERR_TOO_BIG, or ERR_UP_BAD_JSON when vectors are missing. */
void gemini_embed_collect_write(struct dialect_encode *e, struct buf *out);
void gemini_embed_collect_write_batch(struct dialect_encode *e, struct buf *out);

#endif
