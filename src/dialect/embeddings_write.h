/* The typed view of the waist -> a provider's body of the dialect openai-embeddings.  See struct dialect.
 *
 * encoding_format is left to the provider's default unless the client asked for base64: not all take it, and
 * either form of answer is understood. */
#ifndef DIALECT_EMBEDDINGS_WRITE_H
#define DIALECT_EMBEDDINGS_WRITE_H

#include "dialect/dialect.h"

enum err embeddings_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

#endif
