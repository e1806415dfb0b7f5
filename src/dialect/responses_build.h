/* A request -> the provider's body of the dialect openai-responses: the client's bytes with members spliced.
 * See struct dialect. */
#ifndef DIALECT_RESPONSES_BUILD_H
#define DIALECT_RESPONSES_BUILD_H

#include "base/buf.h"
#include "dialect/dialect.h"

/* ERR_TOO_BIG when `out` has no room; what was appended until then is to be dropped. */
enum err responses_build(const struct request *r, const struct dialect_ask *ask, struct buf *out) MUST_CHECK;

#endif
