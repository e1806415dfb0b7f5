/* The typed view -> a provider's body of the dialects anthropic-messages and anthropic-count.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_WRITE_H
#define DIALECT_ANTHROPIC_WRITE_H

#include "dialect/dialect.h"

enum err anthropic_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);
/* Only what a count takes: what says nothing about the prompt is left out without a word. */
enum err anthropic_write_count(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

#endif
