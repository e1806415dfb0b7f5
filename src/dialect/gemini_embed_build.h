/* A request -> the provider's path and body of Gemini's embeddings: the client's bytes with members spliced.
 * See struct dialect. */
#ifndef DIALECT_GEMINI_EMBED_BUILD_H
#define DIALECT_GEMINI_EMBED_BUILD_H

#include "dialect/dialect.h"

/* /models/NAME:embedContent */
void gemini_embed_build_path(const struct request *r, const struct dialect_ask *ask, struct buf *out);
/* /models/NAME:batchEmbedContents */
void gemini_embed_build_batch_path(const struct request *r, const struct dialect_ask *ask, struct buf *out);

/* A `model` beside what the path says goes; in a batch each request needs one, which becomes the target's. */
enum err gemini_embed_build(const struct request *r, const struct dialect_ask *ask, struct buf *out);
enum err gemini_embed_build_batch(const struct request *r, const struct dialect_ask *ask, struct buf *out);

#endif
