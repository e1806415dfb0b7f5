/* The client's body of Gemini's dialects -> request.  Model and stream come from the path (request.door); a body that
 * names them all the same is understood when the path does not.  See struct dialect. */
#ifndef DIALECT_GEMINI_PARSE_H
#define DIALECT_GEMINI_PARSE_H

#include "dialect/dialect.h"

/* ERR_BAD_JSON, ERR_TOO_DEEP, ERR_BODY_TOO_BIG or ERR_BAD_FIELD with *out_fault. */
enum err gemini_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);
/* countTokens: the contents may stand in a generateContentRequest. */
enum err gemini_parse_count(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);

#endif
