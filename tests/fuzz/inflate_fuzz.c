/* The first byte chooses the coding ('g' gzip, else deflate), the rest is the body: whole and cut up must decode
 * the same. */
#include "base/buf.h"
#include "codec/inflate.h"
#include "fuzz.h"

#define MOST 200000u

static enum err collect(void *arg, struct slice piece)
{
	must(piece.n > 0);
	return buf_put(arg, piece) ? ERR_OK : ERR_INTERNAL;
}

static enum err play(struct slice coding, unsigned max_ratio, struct fuzz_cut cut, const uint8_t *data, size_t n,
	struct buf *out)
{
	struct inflate *z = inflate_new(coding, MOST, max_ratio);
	struct slice piece;
	enum err e = ERR_OK;

	buf_init(out, MOST);
	for (size_t at = 0; e == ERR_OK && fuzz_next(cut, data, n, &at, &piece); fuzz_drop(piece))
		e = inflate_feed(z, piece, collect, out);
	if (e == ERR_OK)
		e = inflate_eof(z);
	must(e == ERR_OK || e == ERR_UP_TRUNCATED || e == ERR_UP_TOO_BIG || e == ERR_UP_BAD_ENCODING);
	inflate_free(&z);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	uint32_t dice = fuzz_number(data, n);
	struct slice coding = *data == 'g' ? SLICE("gzip") : SLICE("deflate");
	data++;
	n--;
	struct fuzz_cut cuts[] = { { 0, 1 }, { n ? dice / 8 % n : 0, n }, { 0, 1 + dice / 64 % 16 } };
	struct buf whole, again;
	/* zlib cannot reach 2000, and under an error in the data it can look ahead: where a ratio is passed depends
	 * on the pieces. */
	enum err e = play(coding, 2000, fuzz_whole(n), data, n, &whole);

	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		must(play(coding, 2000, cuts[i], data, n, &again) == e);
		must(slice_eq(buf_slice(&whole), buf_slice(&again)));
		buf_done(&again);
	}
	e = play(coding, 20, fuzz_whole(n), data, n, &again);
	must(slice_starts(buf_slice(&whole), buf_slice(&again)));
	must(buf_len(&again) <= 65536 + 16384 + 20 * n);
	buf_done(&again);
	buf_done(&whole);
	return 0;
}
