/* The built-in embedder, "grams": hashed words, neighbours and pieces of words, weighed and projected.  It needs no
 * model: without one each shingle is a fixed pattern of signs (Achlioptas 2003; Li, Hastie, Church 2006: sparse random
 * projections keep angles), and what a word weighs is guessed from its length.  `weir train` writes a file with a row a
 * shingle, learnt from questions of one's own.
 *
 * The file: struct grams_head, gains u16[rows], int8[rows][dim]; little-endian.  A shingle's row is its hash modulo
 * `rows`, a power of two; its share of the sum is its weight * gain / 256 * row. */
#ifndef CACHE_GRAMS_H
#define CACHE_GRAMS_H

#include "cache/embed.h"
#include "codec/sha256.h"

#define GRAMS_DIM 256u		/* of the built-in one */
#define GRAMS_ROWS_MAX (1u << 20)
#define GRAMS_GAIN_ONE 256u
#define GRAMS_GAIN_MAX 2047u	/* so that the sums of any text of EMBED_TEXT_MAX bytes fit 32 bits */

struct grams_head {
	char magic[8];			/* "weirgram" */
	uint32_t format;
	uint32_t rules;			/* GRAMS_RULES of the shingles it was trained on */
	uint32_t rows, dim;
	uint64_t size;			/* of the whole file */
	uint8_t sha256[SHA256_BYTES];	/* of all behind the head: the version */
};
_Static_assert(sizeof(struct grams_head) == 64, "rows are aligned");

#define GRAMS_FORMAT 1u
#define GRAMS_RULES 1u		/* goes up with every change of what a text's shingles are */

/* The one that needs no file; never fails. */
const struct embedder *grams_builtin(void);
/* Maps a file that `weir train` wrote.  NULL with a sentence in *out_why. */
struct embedder *grams_open(const char *path, const char **out_why);
/* The head of a file with these gains and rows, for who writes one. */
struct grams_head grams_head(const uint16_t *gains, const int8_t *rows, uint32_t n_rows, uint32_t dim);
/* The built-in pattern of a shingle, `scale` times as large, added to `row` of `dim` (a power of two, at most 256)
 * places: where training starts. */
void grams_pattern(uint64_t hash, float scale, float *row, uint32_t dim);

#endif
