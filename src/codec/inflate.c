/* zlib behind two limits.  Knows nothing of HTTP beyond the names of the codings.
 *
 * "deflate" means a zlib stream (RFC 9110 8.4.1.2), but some servers send the bare one: the first two bytes tell. */
#include "codec/inflate.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/must.h"

/* Short answers may have any ratio: 64 KiB of one letter shrink to 80 bytes and harm nobody. */
#define RATIO_FREE_BYTES 65536u
#define PIECE_BYTES 16384u

/* zlib's windowBits (zlib.h, inflateInit2): the window and what wraps the stream. */
#define WRAP_GZIP (16 + MAX_WBITS)
#define WRAP_ZLIB MAX_WBITS
#define WRAP_NONE (-MAX_WBITS)

struct inflate {
	z_stream stream;
	bool gzip;
	bool started;		/* zlib is set up */
	bool ended;		/* the last byte of a stream has been decoded */
	unsigned char first;	/* the first byte of a deflate body while the second is not there */
	bool has_first;
	uint64_t in_n, out_n, max_bytes;
	unsigned max_ratio;
	enum err failed;
	enum err (*on_bytes)(void *arg, struct slice piece);
	void *arg;
};

struct inflate *inflate_new(struct slice encoding, uint64_t max_bytes, unsigned max_ratio)
{
	bool gzip = slice_case_eq(encoding, SLICE("gzip")) || slice_case_eq(encoding, SLICE("x-gzip"));
	must(max_bytes > 0 && max_ratio > 0);
	if (!gzip && !slice_case_eq(encoding, SLICE("deflate")))
		return NULL;
	struct inflate *z = calloc(1, sizeof(*z));
	must(z != NULL);
	z->gzip = gzip;
	z->max_bytes = max_bytes;
	z->max_ratio = max_ratio;
	return z;
}

void inflate_free(struct inflate **z)
{
	if (*z == NULL)
		return;
	if ((*z)->started)
		inflateEnd(&(*z)->stream);
	free(*z);
	*z = NULL;
}

static void start(struct inflate *z, int wrap)
{
	must(inflateInit2(&z->stream, wrap) == Z_OK);
	z->started = true;
}

/* RFC 1950 2.2: method 8, and the two bytes are a multiple of 31. */
static bool is_zlib(unsigned char a, unsigned char b)
{
	return (a & 0x0f) == 8 && (a * 256u + b) % 31 == 0;
}

static enum err give(struct inflate *z, struct slice piece)
{
	uint64_t room = z->max_bytes - z->out_n;
	bool over = piece.n > room;

	if (over)
		piece.n = (size_t)room;
	z->out_n += piece.n;
	if (z->out_n > RATIO_FREE_BYTES && z->out_n / z->max_ratio > z->in_n)
		return ERR_UP_TOO_BIG;
	enum err e = piece.n ? z->on_bytes(z->arg, piece) : ERR_OK;
	return e == ERR_OK && over ? ERR_UP_TOO_BIG : e;
}

/* Decodes as much as fits into one piece. */
static enum err step(struct inflate *z)
{
	unsigned char piece[PIECE_BYTES];
	unsigned before = z->stream.avail_in;

	z->stream.next_out = piece;
	z->stream.avail_out = sizeof(piece);
	int r = inflate(&z->stream, Z_NO_FLUSH);
	must(r != Z_MEM_ERROR && r != Z_STREAM_ERROR);
	z->in_n += before - z->stream.avail_in;
	z->ended = r == Z_STREAM_END;
	/* What came out before corrupt data is good. */
	enum err e = give(z, slice_of(piece, sizeof(piece) - z->stream.avail_out));
	if (e == ERR_OK && r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return ERR_UP_BAD_ENCODING;
	return e;
}

static enum err decode(struct inflate *z, struct slice in)
{
	enum err e = ERR_OK;

	/* zlib wants a pointer to bytes it may not change. */
	z->stream.next_in = (unsigned char *)(uintptr_t)in.p;
	must(in.n <= UINT32_MAX);
	z->stream.avail_in = (unsigned)in.n;
	do {
		if (z->ended && z->stream.avail_in) {
			/* RFC 1952 2.2: gzip members may follow one another.  Nothing may follow a deflate stream. */
			if (!z->gzip)
				return ERR_UP_BAD_ENCODING;
			must(inflateReset(&z->stream) == Z_OK);
		}
		e = step(z);
	} while (e == ERR_OK && (z->stream.avail_in || z->stream.avail_out == 0));
	return e;
}

enum err inflate_feed(struct inflate *z, struct slice in, enum err (*on_bytes)(void *arg, struct slice piece),
	void *arg)
{
	if (z->failed != ERR_OK || in.n == 0)
		return z->failed;
	z->on_bytes = on_bytes;
	z->arg = arg;
	if (!z->started && z->gzip)
		start(z, WRAP_GZIP);
	if (!z->started && !z->has_first) {
		z->first = (unsigned char)in.p[0];
		z->has_first = true;
		in = slice_skip(in, 1);
		if (in.n == 0)
			return ERR_OK;
	}
	if (!z->started) {
		start(z, is_zlib(z->first, (unsigned char)in.p[0]) ? WRAP_ZLIB : WRAP_NONE);
		z->failed = decode(z, slice_of(&z->first, 1));
	}
	if (z->failed == ERR_OK)
		z->failed = decode(z, in);
	return z->failed;
}

enum err inflate_eof(struct inflate *z)
{
	if (z->failed == ERR_OK && !z->ended)
		z->failed = ERR_UP_TRUNCATED;
	return z->failed;
}
