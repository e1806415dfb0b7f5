/* A client's body of the dialect openai-embeddings -> request.  See struct dialect. */
#ifndef DIALECT_EMBEDDINGS_PARSE_H
#define DIALECT_EMBEDDINGS_PARSE_H

#include "dialect/dialect.h"

#define EMBEDDINGS_PARSE_INPUTS 2048u	/* OpenAI's limit (protocols.md 3.1) */

/* r->choices is the number of inputs.  Refuses what has no answer anywhere: no input, an empty one, something
 * that is neither text nor tokens. */
enum err embeddings_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);

#endif
