/* Messages -> `messages` and `system` (protocols.md 4.2, "Order rules"): neighbours of one role are one
 * message, results of tools come first in theirs, the first message is the user's, and nothing is empty. */
#ifndef DIALECT_ANTHROPIC_TURNS_H
#define DIALECT_ANTHROPIC_TURNS_H

#include "dialect/anthropic_draft.h"

/* Fills d->turns; names what is lost. */
void anthropic_turns_plan(struct anthropic_draft *d);
/* The last message is the assistant's: the model is to go on with it. */
bool anthropic_turns_is_prefill(const struct anthropic_draft *d);
/* The last message answers tool calls whose message does not begin with a thinking block: refused where the
 * request switches thinking on with a budget (protocols.md 7.5). */
bool anthropic_turns_lacks_thinking(const struct anthropic_draft *d);

/* The member `system`; `more` is a text behind the client's own; empty: none. */
void anthropic_turns_write_system(struct anthropic_draft *d, struct slice more);
/* The member `messages`. */
void anthropic_turns_write(struct anthropic_draft *d);

#endif
