/* A request of Gemini's dialects -> the typed view.  See struct dialect. */
#ifndef DIALECT_GEMINI_READ_H
#define DIALECT_GEMINI_READ_H

#include "dialect/dialect.h"

/* Also of countTokens, where all of it may stand in a generateContentRequest.  What means something to Gemini only
 * (safetySettings, cachedContent, ...) becomes extras.  ERR_BAD_FIELD, ERR_TOO_BIG. */
enum err gemini_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);

#endif
