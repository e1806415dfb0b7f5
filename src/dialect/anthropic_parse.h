/* A client's body of the dialects anthropic-messages and anthropic-count -> request.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_PARSE_H
#define DIALECT_ANTHROPIC_PARSE_H

#include "chat/fault.h"
#include "chat/request.h"

/* Reads only what routing needs; what it does not know is never refused.  On error *out_fault has a sentence and
 * `param`. */
enum err anthropic_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);
/* The same without max_tokens and stream, which a count has no use for. */
enum err anthropic_parse_count(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);

#endif
