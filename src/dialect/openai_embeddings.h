/* OpenAI embeddings, as OpenAI and the many servers that copy it speak it (protocols.md 3.1).  Its const
 * struct is declared in dialect.h beside those of the others; this room only puts these together:
 *
 *   embeddings_parse   client's body -> request           embeddings_decode   provider's answer -> events
 *   embeddings_read    request -> typed view              embeddings_collect  events -> client's answer
 *   embeddings_write   typed view -> provider's body      embeddings_number   a float32 as its shortest text
 *
 * and shares with Gemini's embedContent:
 *
 *   embeddings_frame   the events of one answer           embeddings_answer   what an encoder of vectors
 * remembers */
#ifndef DIALECT_OPENAI_EMBEDDINGS_H
#define DIALECT_OPENAI_EMBEDDINGS_H

#include "dialect/dialect.h"

#endif
