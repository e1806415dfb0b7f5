/* The typed view -> the provider's body of the dialect openai-responses.  See struct dialect. */
#ifndef DIALECT_RESPONSES_WRITE_H
#define DIALECT_RESPONSES_WRITE_H

#include "dialect/dialect.h"

/* Nothing is stored at the provider unless the client asked for it.  ERR_UNSUPPORTED with ask->fault: several
 * answers (n), spoken answers, text to insert into (suffix), files that another provider keeps; ERR_TOO_BIG. */
enum err responses_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out) MUST_CHECK;

#endif
