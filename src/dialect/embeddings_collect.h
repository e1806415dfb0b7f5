/* Events -> a client's answer of the dialect openai-embeddings.  See struct dialect. */
#ifndef DIALECT_EMBEDDINGS_COLLECT_H
#define DIALECT_EMBEDDINGS_COLLECT_H

#include "dialect/dialect.h"

/* Vectors by index, as numbers or as base64, as the client asked; the counts are mandatory there, so unknown
 * ones are 0.  Writes no whole answer when e->err is set: ERR_TOO_BIG, or ERR_UP_BAD_JSON when vectors are
 * missing. */
void embeddings_collect_write(struct dialect_encode *e, struct buf *out);

#endif
