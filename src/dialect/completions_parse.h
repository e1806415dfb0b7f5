/* A client's body of the dialect openai-completions -> request.  See struct dialect. */
#ifndef DIALECT_COMPLETIONS_PARSE_H
#define DIALECT_COMPLETIONS_PARSE_H

#include "dialect/dialect.h"

/* `prompt` is a text, texts, tokens or lists of tokens (protocols.md 3.3); null is one prompt too: the model
 * begins a document of its own.  r->choices is the number of prompts times n. */
enum err completions_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);

#endif
