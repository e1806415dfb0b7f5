/* The typed view of the waist -> a provider's body of embedContent or batchEmbedContents.  See struct
 * dialect.
 *
 * ERR_UNSUPPORTED for tokens, which only the model that they were made for understands. */
#ifndef DIALECT_GEMINI_EMBED_WRITE_H
#define DIALECT_GEMINI_EMBED_WRITE_H

#include "dialect/dialect.h"

/* ERR_UNSUPPORTED for more than one input, too. */
enum err gemini_embed_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);
enum err gemini_embed_write_batch(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

#endif
