/* A client's body of the dialect openai-responses -> request.  See struct dialect. */
#ifndef DIALECT_RESPONSES_PARSE_H
#define DIALECT_RESPONSES_PARSE_H

#include "chat/fault.h"
#include "chat/request.h"

/* Reads only what routing needs; what it does not know is never refused.  On error *out_fault has a sentence
 * and `param`. */
enum err responses_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault) MUST_CHECK;

#endif
