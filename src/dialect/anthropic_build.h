/* A request -> the provider's body of the dialects anthropic-messages and anthropic-count: the client's bytes
 * with members spliced; and the header fields of a request.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_BUILD_H
#define DIALECT_ANTHROPIC_BUILD_H

#include "base/buf.h"
#include "dialect/dialect.h"

/* ERR_TOO_BIG when `out` has no room; what was appended until then is to be dropped. */
enum err anthropic_build(const struct request *r, const struct dialect_ask *ask, struct buf *out);
enum err anthropic_build_count(const struct request *r, const struct dialect_ask *ask, struct buf *out);
/* anthropic-beta as the client sent it, when the client speaks this family: its names mean nothing elsewhere
 * (protocols.md 4.1). */
void anthropic_build_fields(const struct request *r, const struct dialect_ask *ask, struct buf *out);

#endif
