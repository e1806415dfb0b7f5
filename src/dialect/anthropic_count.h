/* Anthropic's count of a prompt's tokens (protocols.md 4.7): the body of Messages without max_tokens, and
 * {"input_tokens":N} for an answer.  Its const struct is declared in dialect.h beside those of the others;
 * the rooms are those of anthropic_messages.h. */
#ifndef DIALECT_ANTHROPIC_COUNT_H
#define DIALECT_ANTHROPIC_COUNT_H

#include "dialect/dialect.h"

#endif
