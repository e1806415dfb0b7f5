/* A client's body of the dialect openai-completions -> the typed view of the waist.  See struct dialect.
 *
 * The prompt becomes the one message of a user.  ERR_UNSUPPORTED for what no dialogue is: several prompts,
 * tokens, no prompt, and a `suffix` before which the text is to be filled in; a provider that speaks
 * completions gets all of these untouched.
 *
 * max_tokens is not made up: the API's own default of 16 comes from models of another time, and cuts the
 * answers of today's (or their reasoning) before they have begun; who wants it writes it.
 *
 * echo and best_of are extras, so that writers name them among what they drop, unless they ask for
 * nothing. */
#ifndef DIALECT_COMPLETIONS_READ_H
#define DIALECT_COMPLETIONS_READ_H

#include "dialect/dialect.h"

enum err completions_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);

#endif
