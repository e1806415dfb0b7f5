/* Answers of Gemini's dialects -> events.  See struct dialect. */
#ifndef DIALECT_GEMINI_DECODE_H
#define DIALECT_GEMINI_DECODE_H

#include "dialect/dialect.h"

/* Data that is no chunk of Gemini's but known from servers that copy it ([DONE], nothing at all) gives no event: passed
 * on, it would make google-genai raise.  Every other chunk gives at least one. */
enum err gemini_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
/* One answer, or the list of chunks that a stream without alt=sse is. */
enum err gemini_decode_whole(struct dialect_decode *d, struct slice body);

#endif
