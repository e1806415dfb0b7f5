/* Answers of the dialect openai-completions -> events.  See struct dialect. */
#ifndef DIALECT_COMPLETIONS_DECODE_H
#define DIALECT_COMPLETIONS_DECODE_H

#include "dialect/dialect.h"

/* Signs of life give no event; every other frame gives at least one. */
enum err completions_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
enum err completions_decode_whole(struct dialect_decode *d, struct slice body);

#endif
