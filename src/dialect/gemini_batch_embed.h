/* Gemini's batchEmbedContents: gemini_embed.h is the map of both. */
#ifndef DIALECT_GEMINI_BATCH_EMBED_H
#define DIALECT_GEMINI_BATCH_EMBED_H

#include "dialect/dialect.h"

#endif
