/* Settings -> members of the body (protocols.md 4.2, 4.5, 7.1, 7.5).  What a model refuses is left out and
 * named; where that changes the meaning the request is refused. */
#ifndef DIALECT_ANTHROPIC_CONFIG_H
#define DIALECT_ANTHROPIC_CONFIG_H

#include "dialect/anthropic_draft.h"

/* Decides on thinking and max_tokens; after anthropic_tools_plan() and anthropic_turns_plan(). */
void anthropic_config_plan(struct anthropic_draft *d);
/* What the model is to be told of the answer's form where no member can: a text for its system prompt; may be empty. */
struct slice anthropic_config_instruction(struct anthropic_draft *d);
/* `thinking` and `output_config`: they change what a prompt counts. */
void anthropic_config_write_thinking(struct anthropic_draft *d);
/* All other members; names what has none. */
void anthropic_config_write(struct anthropic_draft *d);

#endif
