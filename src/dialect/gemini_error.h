/* Errors of Gemini's dialects, both ways (protocols.md 5.6, 7.7).  See struct dialect. */
#ifndef DIALECT_GEMINI_ERROR_H
#define DIALECT_GEMINI_ERROR_H

#include "dialect/dialect.h"

/* The error object in a parsed body or chunk: {"error":{...}}, also alone in a list.  NULL: it reports none. */
yyjson_val *gemini_error_find(yyjson_val *root);
/* The meaning of such an object inside an answer that began well.  Slices in `a`. */
struct fault gemini_error_read(struct arena *a, yyjson_val *error);
/* HTTP status and body -> fault; slices in `a`. */
struct fault gemini_error_fault(struct arena *a, int status, struct slice body);

/* {"error":{"code","message","status","details"}} */
void gemini_error_body(const struct fault *f, struct buf *out);
/* The same as an event: google-genai raises on data that starts with {"error": */
void gemini_error_event(const struct fault *f, struct buf *out);

#endif
