/* The typed view of the waist -> a provider's body of the dialect openai-completions: a dialogue as text.
 * See struct dialect.
 *
 *   Be brief.                     system and developer texts, wherever they stood
 *
 *   User: Hi
 *   Assistant: Hello
 *   User: Who are you?
 *   Assistant:                    the model goes on from here; "\nUser:" stops it
 *
 * A lone message of a user without a system text is the prompt as it is, and an assistant's text at the end
 * is begun by the client and continued.
 *
 * ERR_UNSUPPORTED for what changes the meaning: tools, images and other media, JSON formats.  Reasoning of
 * earlier turns is not part of the dialogue. */
#ifndef DIALECT_COMPLETIONS_WRITE_H
#define DIALECT_COMPLETIONS_WRITE_H

#include "dialect/dialect.h"

/* max_tokens of a request that sets none: the API's default of 16 would cut every answer.  Base models'
 * contexts begin at 2,048 tokens, which the prompt needs too. */
#define COMPLETIONS_WRITE_TOK 1024

enum err completions_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

#endif
