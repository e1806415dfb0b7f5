/* A client's body of embedContent and batchEmbedContents -> the typed view of the waist.  See struct dialect.
 *
 * The parts of a content are one text.  ERR_UNSUPPORTED for what only Google can embed: images and the like,
 * and a batch whose requests want vectors of different sizes. */
#ifndef DIALECT_GEMINI_EMBED_READ_H
#define DIALECT_GEMINI_EMBED_READ_H

#include "dialect/dialect.h"

enum err gemini_embed_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);
enum err gemini_embed_read_batch(struct arena *a, const struct request *r, struct prompt *out,
	struct fault *out_fault);

#endif
