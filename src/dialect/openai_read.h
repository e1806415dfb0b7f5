/* A client's body of the dialect openai-chat -> the typed view of the waist.  See struct dialect. */
#ifndef DIALECT_OPENAI_READ_H
#define DIALECT_OPENAI_READ_H

#include "dialect/dialect.h"

/* Typed members of a wrong type are refused with ERR_BAD_FIELD and their place; members that nobody knows
 * become extras. ERR_TOO_BIG when the arena's limit is passed. */
enum err openai_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);

#endif
