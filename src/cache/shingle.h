/* What a text is made of, for the n-gram embedder: words, neighbouring words, and pieces of words, each hashed, with
 * what it weighs.  Case and accents do not count; Han and Kana characters are words of their own. */
#ifndef CACHE_SHINGLE_H
#define CACHE_SHINGLE_H

#include <stdint.h>

#include "base/slice.h"

#define SHINGLE_BATCH 64u
#define SHINGLE_ONE 64		/* the weight of a plain word */

struct shingle {
	uint64_t hash;
	int32_t weight;		/* in 1 / SHINGLE_ONE */
};

/* Calls on_batch with at most SHINGLE_BATCH shingles at a time, all before it returns.  Returns how many words the text
 * has. */
uint32_t shingle_walk(struct slice text, void (*on_batch)(void *arg, const struct shingle *s, uint32_t n), void *arg);

#endif
