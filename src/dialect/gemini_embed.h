/* Gemini's embeddings (protocols.md 5.7): embedContent for one text, batchEmbedContents for several.  The const structs are
 * declared in dialect.h beside those of the others; this room only puts these together:
 *
 *   gemini_embed_parse   client's body -> request        gemini_embed_decode   provider's answer -> events
 *   gemini_embed_build   request -> path, own body       gemini_embed_collect  events -> client's answer
 *   gemini_embed_read    request -> typed view           gemini_error          errors, both ways
 *   gemini_embed_write   typed view -> provider's body
 *
 * A client of either gets answers of the same form whoever makes them; a request of another family always goes to
 * batchEmbedContents. */
#ifndef DIALECT_GEMINI_EMBED_H
#define DIALECT_GEMINI_EMBED_H

#include "dialect/dialect.h"

#endif
