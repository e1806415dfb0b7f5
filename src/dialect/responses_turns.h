/* The messages of the typed view -> `input` items of the provider's body. */
#ifndef DIALECT_RESPONSES_TURNS_H
#define DIALECT_RESPONSES_TURNS_H

#include "dialect/responses_body.h"

/* The system text when it is the only one, a single text and the first of several messages; empty otherwise:
 * then it is an item. */
struct slice responses_turns_instructions(const struct responses_body *b);
/* The list of items, after its key.  Refused when there are none. */
void responses_turns_write(struct responses_body *b);

#endif
