/* Gemini's embeddings (protocols.md 5.7): embedContent for one text, batchEmbedContents for several.  The
 * const structs are declared in dialect.h beside those of the others; this room only puts these together:
 *
 *   gemini_embed_parse   client's body -> request        gemini_embed_decode   provider's answer -> events
 *   gemini_embed_build   request -> path, own body       gemini_embed_collect  events -> client's answer
 *   gemini_embed_read    request -> typed view           gemini_error          errors, both ways
 *   gemini_embed_write   typed view -> provider's body
 *
 * A client of either gets answers of the same form whoever makes them; a request of another family always
 * goes to batchEmbedContents. */
#ifndef DIALECT_GEMINI_EMBED_H
#define DIALECT_GEMINI_EMBED_H

#include "dialect/embeddings_answer.h"
#include "dialect/gemini_embed_decode.h"
#include "dialect/gemini_error.h"

/* What both have. */
#define GEMINI_EMBED_SHARED .op = REQUEST_EMBED, .family = DIALECT_GEMINI, .id_field = "x-request-id", \
	.path = "/models", .fault = gemini_error_fault, .error_body = gemini_error_body, \
	.decode_event = gemini_embed_decode_event, .decode_whole = gemini_embed_decode_whole, \
	.encode_event = embeddings_answer_no_event, .encode_end = embeddings_answer_no_end, \
	.error_event = gemini_error_event

#endif
