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
/* Room that base64_decode_to needs for `n` bytes of text. */
static inline size_t base64_room(size_t n)
{
	return n / 4 * 3 + 3;
}
/* False for anything that is not base64; what was written until then is to be dropped. */
bool base64_decode_to(struct slice text, char *out, size_t *out_n);
/* The same into memory of the arena; false, too, when it has no room. */
bool base64_decode(struct arena *a, struct slice text, struct slice *out);

#endif
