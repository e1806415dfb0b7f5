/* Token counts of the dialect openai-chat, in every variant that servers send (protocols.md 6.2, 7.6). */
#ifndef DIALECT_OPENAI_USAGE_H
#define DIALECT_OPENAI_USAGE_H

#include "base/buf.h"
#include "chat/event.h"
#include "codec/json.h"

/* Reads a usage object over *u: what it does not say stays as it was.  False when it says nothing. */
bool openai_usage_read(yyjson_val *usage, struct usage *u);
/* The same for a provider that leaves reasoning out of completion_tokens (xAI), unless its own total says
 * otherwise. */
bool openai_usage_read_outside(yyjson_val *usage, struct usage *u);
/* The object in OpenAI's own form.  SDKs want the three totals as numbers, so an unknown one is 0. */
void openai_usage_write(const struct usage *u, struct buf *out);

#endif
