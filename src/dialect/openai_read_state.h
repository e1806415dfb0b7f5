/* What an assistant message says of the reasoning behind it -> reasoning parts with their seals. */
#ifndef DIALECT_OPENAI_READ_STATE_H
#define DIALECT_OPENAI_READ_STATE_H

#include "dialect/openai_field.h"

/* reasoning_details, else thinking_blocks, else reasoning_content or reasoning: they all say the same.
 * Nothing is refused: a client sends these back as it got them. */
void openai_read_state(struct openai_field *f, yyjson_val *message, struct prompt_message *m);
/* Google's signature of this call among reasoning_details, where OpenRouter puts it under the call's id;
 * or empty. */
struct slice openai_read_state_of_call(yyjson_val *message, struct slice id);

#endif
