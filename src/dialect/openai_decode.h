/* Answers of the dialect openai-chat -> events.  See struct dialect. */
#ifndef DIALECT_OPENAI_DECODE_H
#define DIALECT_OPENAI_DECODE_H

#include "dialect/dialect.h"

/* A frame that is only a sign of life (empty data, data that is itself a comment, {"type":"ping"}) gives
 * no event: passed on, it would make SDKs raise.  Every other frame gives at least one. */
enum err openai_decode_event(struct dialect_decode *d, struct slice type, struct slice data,
	struct slice raw);
enum err openai_decode_whole(struct dialect_decode *d, struct slice body);

#endif
