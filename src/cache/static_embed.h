/* Static embeddings of tokens, as model2vec distils them from sentence transformers (MinishLab/model2vec): a folder
 * with `model.safetensors` (table `embeddings` or `embedding.weight`, F32, F16 or I8; perhaps `weights` and `mapping`),
 * `tokenizer.json` (wordpiece.h) and `config.json` (perhaps absent).  A text's point is the mean of its tokens' rows.
 *
 * Rows are read as they stand in the mapped file: nothing is converted at the start, and every process that uses the
 * same model shares its memory. */
#ifndef CACHE_STATIC_EMBED_H
#define CACHE_STATIC_EMBED_H

#include "cache/embed.h"

/* NULL with a sentence in *out_why, static: which file is wrong, and how. */
struct embedder *static_embed_open(const char *folder, const char **out_why);
/* For tests: the sums before they are made integers, `dim` floats.  Returns how many tokens went in. */
uint32_t static_embed_sum(const struct embedder *e, struct slice text, float *out);

#endif
