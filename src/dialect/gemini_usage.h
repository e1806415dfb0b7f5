/* Token counts of Gemini's dialects, both ways (protocols.md 5.3, 7.6). */
#ifndef DIALECT_GEMINI_USAGE_H
#define DIALECT_GEMINI_USAGE_H

#include "chat/event.h"
#include "codec/json_out.h"

/* A usageMetadata object.  Google leaves out counts that are 0; the counts are cumulative, so these replace those
 * before. False when it holds none. */
bool gemini_usage_read(yyjson_val *usage, struct usage *out);
/* The opposite: one object.  Unknown counts are left out. */
void gemini_usage_put(struct json_out *w, const struct usage *u);

#endif
