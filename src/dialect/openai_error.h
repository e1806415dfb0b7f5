/* Errors of the dialect openai-chat: what a provider said -> fault, and fault -> the client's bytes. */
#ifndef DIALECT_OPENAI_ERROR_H
#define DIALECT_OPENAI_ERROR_H

#include "base/buf.h"
#include "chat/fault.h"
#include "codec/json.h"

/* See struct dialect. */
struct fault openai_error_fault(struct arena *a, int status, struct slice body);
void openai_error_body(const struct fault *f, struct buf *out);
void openai_error_event(const struct fault *f, struct buf *out);

/* The value that reports a failure inside an answer (a chunk or a whole one), in any of its known places;
 * NULL: none. */
yyjson_val *openai_error_find(yyjson_val *root);
/* Its fault; texts in `a`. */
struct fault openai_error_read(struct arena *a, yyjson_val *error);

#endif
