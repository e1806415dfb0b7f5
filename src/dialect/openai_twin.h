/* Twin chunks: in a stream nearly every chunk equals the one before but for its piece of text.  Once such a
 * chunk has been parsed, the bytes before and after its text are kept; a chunk with the same bytes around a
 * plain string needs no parser.
 *
 * Why this is the same as parsing:
 *  1. The model chunk was parsed whole, holds no backslash, and gave exactly one event, a text; its text stands
 *     in quotes in exactly one place.  With no escapes the value is written as it reads, so that place is the
 *     value.
 *  2. The next chunk has the same bytes up to and from there, and between them only bytes that need no escape
 *     and are valid UTF-8: it is the same JSON but for this one string.
 * tests/unit/dialect/openai_twin_test.c decodes each chunk both ways. */
#ifndef DIALECT_OPENAI_TWIN_H
#define DIALECT_OPENAI_TWIN_H

#include "dialect/openai_frame.h"

struct openai_twin;

/* True when `data` is a twin: its text event is out.  False: parse it. */
bool openai_twin_take(struct openai_frame *f, struct slice data);
/* After `data` was parsed into the events of `f`: keeps it when it can be a model. */
void openai_twin_learn(struct openai_frame *f, struct slice data);

#endif
