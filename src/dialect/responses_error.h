/* Errors inside answers of the dialect openai-responses, and their event for clients.  Error bodies are those
 * of OpenAI's other dialects (openai_error.h). */
#ifndef DIALECT_RESPONSES_ERROR_H
#define DIALECT_RESPONSES_ERROR_H

#include "base/buf.h"
#include "chat/fault.h"
#include "codec/json.h"

/* The fault of an error object {code, message, param}, of a response or of an event; texts in `a`. */
struct fault responses_error_read(struct arena *a, yyjson_val *error);
/* See struct dialect. */
void responses_error_event(const struct fault *f, struct buf *out);

#endif
