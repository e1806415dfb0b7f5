/* A request -> the provider's path and body of Gemini's dialects: the client's bytes with members spliced.  See struct
 * dialect. */
#ifndef DIALECT_GEMINI_BUILD_H
#define DIALECT_GEMINI_BUILD_H

#include "dialect/dialect.h"

/* "/models/NAME", NAME escaped; a name that says models/ or tunedModels/ itself keeps that. */
void gemini_build_model(struct slice model, struct buf *out);
/* The same as a resource name stands in a body: "models/NAME", in `a`. */
struct slice gemini_build_resource(struct arena *a, struct slice model);

/* /models/NAME:generateContent, or :streamGenerateContent?alt=sse */
void gemini_build_path(const struct request *r, const struct dialect_ask *ask, struct buf *out);
/* /models/NAME:countTokens */
void gemini_build_count_path(const struct request *r, const struct dialect_ask *ask, struct buf *out);

/* ERR_TOO_BIG when `out` has no room; what was appended until then is to be dropped. */
enum err gemini_build(const struct request *r, const struct dialect_ask *ask, struct buf *out);
/* The same; in a generateContentRequest the model, which Google wants there, is the target's. */
enum err gemini_build_count(const struct request *r, const struct dialect_ask *ask, struct buf *out);

#endif
