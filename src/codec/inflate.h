/* Decodes gzip and deflate bodies of providers that compress although they were asked for identity (zlib), within
 * limits: an answer may grow at most to `max_bytes` and to `max_ratio` times its compressed size (bombs: faults.md
 * 56). */
#ifndef CODEC_INFLATE_H
#define CODEC_INFLATE_H

#include "base/err.h"
#include "base/slice.h"

struct inflate;

/* The limits are at least 1.  `encoding`: value of Content-Encoding.  NULL when it is not gzip, x-gzip or deflate. */
struct inflate *inflate_new(struct slice encoding, uint64_t max_bytes, unsigned max_ratio);
void inflate_free(struct inflate **z);
/* Calls on_bytes for each decoded piece (borrowed, 16 KiB at most) before it returns.  ERR_UP_BAD_ENCODING on
 * corrupt data or data after the end, ERR_UP_TOO_BIG past a limit (the ratio counts from 64 KiB of output), or what
 * on_bytes returned; an error stays.  `in`: less than 4 GiB. */
enum err inflate_feed(struct inflate *z, struct slice in, enum err (*on_bytes)(void *arg, struct slice piece),
	void *arg);
/* ERR_UP_TRUNCATED when the compressed stream had not ended. */
enum err inflate_eof(struct inflate *z);

#endif
