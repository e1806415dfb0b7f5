/* Opaque state of reasoning -> the members in which a provider of the dialect openai-chat takes it back
 * (openai_state.h).  Who takes none gets none: it only means something to its maker. */
#ifndef DIALECT_OPENAI_WRITE_STATE_H
#define DIALECT_OPENAI_WRITE_STATE_H

#include "dialect/openai_write.h"

/* reasoning_details and reasoning_content of an assistant message with these parts. */
void openai_write_state(struct openai_write *o, const struct prompt_part *parts, bool has_calls);
/* extra_content of a tool call. */
void openai_write_state_of_call(struct openai_write *o, const struct prompt_part *call);

#endif
