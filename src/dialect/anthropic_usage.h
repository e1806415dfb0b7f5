/* Token counts of the dialect anthropic-messages (protocols.md 7.6).  Its three counts of the prompt are
 * disjoint: waist's prompt_tok is their sum. */
#ifndef DIALECT_ANTHROPIC_USAGE_H
#define DIALECT_ANTHROPIC_USAGE_H

#include "chat/event.h"
#include "codec/json_out.h"

/* Reads a usage object over *u: what it does not say stays as it was.  False when it says nothing. */
bool anthropic_usage_read(yyjson_val *usage, struct usage *u);
/* The object in Anthropic's form: input_tokens and output_tokens always, 0 for an unknown one. */
void anthropic_usage_write(struct json_out *w, const struct usage *u);

#endif
