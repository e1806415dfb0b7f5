/* Events -> a client's answer of embedContent or batchEmbedContents.  See struct dialect. */
#ifndef DIALECT_GEMINI_EMBED_COLLECT_H
#define DIALECT_GEMINI_EMBED_COLLECT_H

#include "dialect/dialect.h"

/* embeddings_answer_take for embedContent, whose answer has room for one vector: ERR_UP_BAD_JSON in e->err
 * for more. */
void gemini_embed_collect(struct dialect_encode *e, const struct event *ev);
/* Writes no whole answer when e->err is set: ERR_TOO_BIG, or ERR_UP_BAD_JSON when vectors are missing. */
void gemini_embed_collect_write(struct dialect_encode *e, struct buf *out);
void gemini_embed_collect_write_batch(struct dialect_encode *e, struct buf *out);

#endif
