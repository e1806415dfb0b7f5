/* The embedder that a configuration names. */
#ifndef CACHE_EMBEDDERS_H
#define CACHE_EMBEDDERS_H

#include "cache/embed.h"

/* "": the built-in one; a folder: model2vec's (static_embed.h); a file: of `weir train` (grams.h).  NULL with a
 * sentence in *out_why, valid until the next call. */
const struct embedder *embedders_open(const char *path, const char **out_why);
/* Sets NULL; accepts NULL. */
void embedders_close(const struct embedder **e);

#endif
