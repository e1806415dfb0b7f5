/* Answers of embedContent and batchEmbedContents -> events (embeddings_frame.h).  Either form is understood
 * of both.  See struct dialect. */
#ifndef DIALECT_GEMINI_EMBED_DECODE_H
#define DIALECT_GEMINI_EMBED_DECODE_H

#include "dialect/dialect.h"

/* There are no streams: an event can only report a failure.  Any other is ERR_UP_BAD_TYPE. */
enum err gemini_embed_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
/* Counts only where the provider gives them: older models do not. */
enum err gemini_embed_decode_whole(struct dialect_decode *d, struct slice body);

#endif
