/* Token counts of the dialect openai-responses (protocols.md 2.3). */
#ifndef DIALECT_RESPONSES_USAGE_H
#define DIALECT_RESPONSES_USAGE_H

#include "chat/event.h"
#include "codec/json_out.h"

/* Reads a usage object over *u: what it does not say stays as it was.  False when it says nothing.
 * `reasoning_outside`: see struct quirks; it counts only where the object's own total agrees. */
bool responses_usage_read(yyjson_val *usage, bool reasoning_outside, struct usage *u);
/* The object; SDKs want every count as a number, so an unknown one is 0.  NULL writes null. */
void responses_usage_write(struct json_out *w, const struct usage *u);

#endif
