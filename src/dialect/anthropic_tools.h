/* Tools and their choice -> `tools` and `tool_choice` (protocols.md 4.2, 7.1). */
#ifndef DIALECT_ANTHROPIC_TOOLS_H
#define DIALECT_ANTHROPIC_TOOLS_H

#include "dialect/anthropic_draft.h"

/* Fills d->choice: what the model takes of the client's choice; what it does not is named. */
void anthropic_tools_plan(struct anthropic_draft *d);
/* The model must call a tool. */
static inline bool anthropic_tools_is_forced(const struct anthropic_draft *d)
{
	return d->choice == PROMPT_CHOICE_REQUIRED || d->choice == PROMPT_CHOICE_NAMED;
}
/* Both members.  A tool that runs at another provider is refused. */
void anthropic_tools_write(struct anthropic_draft *d);

#endif
