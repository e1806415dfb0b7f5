/* Errors of the dialects anthropic-messages and anthropic-count: what a provider said -> fault, and fault ->
 * the client's bytes (protocols.md 4.6, 7.7). */
#ifndef DIALECT_ANTHROPIC_ERROR_H
#define DIALECT_ANTHROPIC_ERROR_H

#include "base/buf.h"
#include "chat/fault.h"
#include "codec/json.h"

/* See struct dialect. */
struct fault anthropic_error_fault(struct arena *a, int status, struct slice body);
/* The err row's, but 529 for every 503: the status of Anthropic's overload. */
int anthropic_error_status(const struct fault *f);
void anthropic_error_body(const struct fault *f, struct buf *out);
void anthropic_error_event(const struct fault *f, struct buf *out);

/* The value that reports a failure inside an answer (an event or a whole one); NULL: none. */
yyjson_val *anthropic_error_find(yyjson_val *root);
/* Its fault; texts in `a`. */
struct fault anthropic_error_read(struct arena *a, yyjson_val *error);

#endif
