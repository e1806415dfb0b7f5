/* The typed view -> the provider's body of Gemini's dialects.  See struct dialect. */
#ifndef DIALECT_GEMINI_WRITE_H
#define DIALECT_GEMINI_WRITE_H

#include "dialect/dialect.h"

/* ERR_UNSUPPORTED with ask->fault, ERR_TOO_BIG. */
enum err gemini_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);
/* countTokens: everything that has tokens, in a generateContentRequest, where alone Google counts instructions and
 * tools. */
enum err gemini_write_count(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

#endif
