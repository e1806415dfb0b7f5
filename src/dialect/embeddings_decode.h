/* Answers of the dialect openai-embeddings -> events (embeddings_frame.h).  See struct dialect. */
#ifndef DIALECT_EMBEDDINGS_DECODE_H
#define DIALECT_EMBEDDINGS_DECODE_H

#include "dialect/dialect.h"

/* There are no streams: an event can only report a failure.  Any other is ERR_UP_BAD_TYPE. */
enum err embeddings_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
enum err embeddings_decode_whole(struct dialect_decode *d, struct slice body);

#endif
