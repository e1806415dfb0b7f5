/* The client's body of embedContent and batchEmbedContents -> request.  The model comes from the path
 * (request.door).  See struct dialect. */
#ifndef DIALECT_GEMINI_EMBED_PARSE_H
#define DIALECT_GEMINI_EMBED_PARSE_H

#include "dialect/dialect.h"

/* Google itself takes 100 in a batch; the providers of other dialects take this many. */
#define GEMINI_EMBED_PARSE_INPUTS 2048u

enum err gemini_embed_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);
/* r->choices is the number of requests in the batch. */
enum err gemini_embed_parse_batch(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);

#endif
