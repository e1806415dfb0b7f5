/* A client's body of the dialect openai-embeddings -> the typed view of the waist.  See struct dialect.
 *
 * Beside OpenAI's members: output_dimension (Mistral's name of dimensions) and task_type, which is what
 * LiteLLM calls Gemini's taskType: it holds for every input. */
#ifndef DIALECT_EMBEDDINGS_READ_H
#define DIALECT_EMBEDDINGS_READ_H

#include "dialect/dialect.h"

enum err embeddings_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);

#endif
