/* Base64 (RFC 4648): section 4 with padding to write; both alphabets, with or without padding, to read. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/arena.h"
#include "base/slice.h"

/* Bytes of text for `n` bytes. */
static inline size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}
/* Writes base64_size(bytes.n) bytes to `out`. */
void base64_encode(struct slice bytes, char *out);
/* The text in `a`; p NULL when the arena has no room. */
struct slice base64_text(struct arena *a, struct slice bytes);
/* False for anything that is not base64, or when the arena has no room.  Line ends are not taken. */
bool base64_decode(struct arena *a, struct slice text, struct slice *out);

#endif
