/* SHA-256 over many small pieces (libcrypto).  One per loop, used again and again. */
#ifndef CODEC_SHA256_H
#define CODEC_SHA256_H

#include <stdint.h>

#include "base/slice.h"

#define SHA256_BYTES 32u

struct sha256 {
	void *context;		/* of libcrypto; made on first use */
	uint32_t n;		/* bytes in `held` */
	char held[2048];	/* pieces wait here: libcrypto's call costs more than a short piece */
};

void sha256_done(struct sha256 *s);
void sha256_begin(struct sha256 *s);
void sha256_add_slow(struct sha256 *s, struct slice piece);
/* Inline: most pieces are a few bytes. */
static inline void sha256_add(struct sha256 *s, struct slice piece)
{
	if (piece.n > sizeof(s->held) || s->n > sizeof(s->held) - piece.n) {
		sha256_add_slow(s, piece);
		return;
	}
	if (piece.n)
		memcpy(s->held + s->n, piece.p, piece.n);
	s->n += (uint32_t)piece.n;
}
void sha256_end(struct sha256 *s, uint8_t out[SHA256_BYTES]);

#endif
