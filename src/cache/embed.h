/* Embedders: a text -> a point on a sphere, near for texts that ask the same.  Points of different embedders, or of
 * different versions of one, never meet: the version is part of every partition's name. */
#ifndef CACHE_EMBED_H
#define CACHE_EMBED_H

#include <stdint.h>

#include "base/slice.h"

#define EMBED_DIM_MAX 512	/* a multiple of 32: the SIMD scan takes whole lanes */

/* A direction: the length of `v` is 1 / scale, so that cosine(a, b) = dot(a.v, b.v) * a.scale * b.scale, and a point's
 * with itself is 1. */
struct embed_vec {
	_Alignas(64) int8_t v[EMBED_DIM_MAX];	/* -127..127; 0 beyond the embedder's dimension */
	float scale;				/* 0: the text has nothing to go by; never kept, never near */
};

#define EMBED_TEXT_MAX 2048u	/* bytes; longer questions are not answered from similar ones (algorithms.md A6) */

struct embedder {
	const char *id;			/* "grams", "model2vec" */
	char version[17];		/* hex: of the model file, or of the built-in rules */
	uint32_t dim;			/* a multiple of 32 */
	/* Allocates nothing; microseconds for a question.  Text beyond `text_max` bytes counts as nothing to go by.
	 * NULL: the points come from elsewhere (remote_embed.h). */
	void (*embed)(const struct embedder *e, struct slice text, struct embed_vec *out);
	size_t text_max;
	void (*close)(struct embedder *e);	/* NULL: it was never opened */
};

/* The hex digits of the first 8 bytes: enough to tell files apart. */
void embed_version(struct embedder *e, const uint8_t sha256[32]);

/* For embedders: the direction of `x`.  Scale 0 when it has none, or a component is NaN or infinite. */
void embed_pack(const float *x, uint32_t dim, struct embed_vec *out);
/* A point as bytes, for where it is kept or sent: its numbers without the zeros at the end; borrowed from `v`. */
struct slice embed_bytes(const struct embed_vec *v, uint32_t dim);
/* The opposite.  False: none, more than `dim`, or not made by embed_pack; then *out has scale 0. */
bool embed_from(struct slice bytes, uint32_t dim, struct embed_vec *out);
float embed_cosine(const struct embed_vec *a, const struct embed_vec *b, uint32_t dim);

#endif
