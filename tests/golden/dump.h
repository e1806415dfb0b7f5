/* The typed view of a request (chat/prompt.h) as text: every field that is set, one line each, parts indented.
 * What two prompts show alike means the same, so this is also how they are compared. */
#ifndef TESTS_GOLDEN_DUMP_H
#define TESTS_GOLDEN_DUMP_H

#include "chat/prompt.h"

/* Appended to `out`. */
void dump_prompt(const struct prompt *p, struct buf *out);

#endif
