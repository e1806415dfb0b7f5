#include "unit.h"

#include <zlib.h>

#include "base/buf.h"
#include "codec/inflate.h"

#define GZIP (16 + MAX_WBITS)
#define ZLIB MAX_WBITS
#define BARE (-MAX_WBITS)

static void pack(struct buf *out, int wrap, struct slice in)
{
	z_stream s = { 0 };
	assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, wrap, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&s, in.n);
	s.next_in = (unsigned char *)(uintptr_t)in.p;
	s.avail_in = (unsigned)in.n;
	s.next_out = (unsigned char *)buf_room(out, room);
	s.avail_out = (unsigned)room;
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	buf_grew(out, room - s.avail_out);
	deflateEnd(&s);
}

static enum err collect(void *arg, struct slice piece)
{
	assert_true(piece.n > 0);
	return buf_put(arg, piece) ? ERR_OK : ERR_TOO_BUSY;
}

/* Decodes in steps of `step` bytes into *out. */
static enum err unpack(const char *encoding, struct slice in, size_t step, uint64_t max_bytes, unsigned max_ratio,
	struct buf *out)
{
	struct inflate *z = inflate_new(slice_str(encoding), max_bytes, max_ratio);
	enum err e = ERR_OK;
	assert_non_null(z);
	for (size_t at = 0; at < in.n && e == ERR_OK; at += step) {
		size_t n = MIN_OF(step, in.n - at);
		char *piece = malloc(n);
		memcpy(piece, in.p + at, n);
		e = inflate_feed(z, slice_of(piece, n), collect, out);
		free(piece);
	}
	if (e == ERR_OK)
		e = inflate_eof(z);
	if (e != ERR_OK) {
		assert_int_equal(inflate_feed(z, SLICE("x"), collect, out), e);
		assert_int_equal(inflate_eof(z), e);
	}
	inflate_free(&z);
	assert_null(z);
	return e;
}

static const size_t steps[] = { 1, 2, 3, 1000, 1 << 24 };
static const char text[] = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";

static void test_codings(void **state)
{
	static const struct {
		const char *encoding;
		int wrap;
	} cases[] = { { "gzip", GZIP }, { "x-gzip", GZIP }, { "GZIP", GZIP }, { "deflate", ZLIB }, { "Deflate",
		BARE } };
	struct buf in, out;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		buf_clear(&in);
		pack(&in, cases[i].wrap, slice_str(text));
		for (size_t k = 0; k < COUNT_OF(steps); k++) {
			buf_clear(&out);
			assert_int_equal(unpack(cases[i].encoding, buf_slice(&in), steps[k], 1 << 20, 100, &out),
				ERR_OK);
			assert_slice(buf_slice(&out), text);
		}
	}
	buf_done(&in);
	buf_done(&out);
}

static void test_unknown(void **state)
{
	static const char *const names[] = { "", "identity", "br", "zstd", "compress", "gzip, gzip", "gzipp", "gzi" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_null(inflate_new(slice_str(names[i]), 1000, 10));
	struct inflate *none = NULL;
	inflate_free(&none);
}

/* Text that does not shrink much, 200 KB: more than one piece. */
static void test_long(void **state)
{
	struct buf in, out;
	size_t n = 200000;
	char *noise = malloc(n);
	uint32_t dice = 7;
	for (size_t i = 0; i < n; i++) {
		dice = dice * 1664525 + 1013904223;
		noise[i] = (char)(dice >> 24);
	}
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	pack(&in, GZIP, slice_of(noise, n));
	for (size_t k = 0; k < COUNT_OF(steps); k++) {
		buf_clear(&out);
		assert_int_equal(unpack("gzip", buf_slice(&in), steps[k], n, 2, &out), ERR_OK);
		assert_true(slice_eq(buf_slice(&out), slice_of(noise, n)));
		/* One byte less of room. */
		buf_clear(&out);
		assert_int_equal(unpack("gzip", buf_slice(&in), steps[k], n - 1, 2, &out), ERR_UP_TOO_BIG);
		assert_int_equal(buf_len(&out), n - 1);
	}
	free(noise);
	buf_done(&in);
	buf_done(&out);
}

static void test_members(void **state)
{
	struct buf in, out;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	pack(&in, GZIP, SLICE("one "));
	pack(&in, GZIP, SLICE(""));
	pack(&in, GZIP, SLICE("two"));
	for (size_t k = 0; k < COUNT_OF(steps); k++) {
		buf_clear(&out);
		assert_int_equal(unpack("gzip", buf_slice(&in), steps[k], 1000, 100, &out), ERR_OK);
		assert_slice(buf_slice(&out), "one two");
	}
	buf_done(&in);
	buf_done(&out);
}

static void test_broken(void **state)
{
	struct buf in, out;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (size_t k = 0; k < COUNT_OF(steps); k++) {
		assert_int_equal(unpack("gzip", SLICE("{\"not\":\"gzip\"}"), steps[k], 1000, 100, &out),
			ERR_UP_BAD_ENCODING);
		assert_int_equal(unpack("deflate", SLICE("\xff\xff\xff\xff"), steps[k], 1000, 100, &out),
			ERR_UP_BAD_ENCODING);
		/* bytes after the end */
		for (int wrap = 0; wrap < 3; wrap++) {
			buf_clear(&in);
			pack(&in, wrap == 0 ? GZIP : wrap == 1 ? ZLIB : BARE, slice_str(text));
			buf_add(&in, SLICE("zz"));
			assert_int_equal(unpack(wrap ? "deflate" : "gzip", buf_slice(&in), steps[k], 1000, 100,
				&out), ERR_UP_BAD_ENCODING);
		}
		/* a wrong checksum */
		buf_clear(&in);
		pack(&in, GZIP, slice_str(text));
		in.p[in.n - 5] ^= 1;
		assert_int_equal(unpack("gzip", buf_slice(&in), steps[k], 1000, 100, &out), ERR_UP_BAD_ENCODING);
	}
	buf_done(&in);
	buf_done(&out);
}

/* Cut anywhere: never complete. */
static void test_truncated(void **state)
{
	for (int wrap = 0; wrap < 3; wrap++) {
		struct buf in, out;
		buf_init(&in, 1 << 20);
		buf_init(&out, 1 << 20);
		pack(&in, wrap == 0 ? GZIP : wrap == 1 ? ZLIB : BARE, slice_str(text));
		for (size_t n = 0; n < buf_len(&in); n++)
			assert_int_equal(unpack(wrap ? "deflate" : "gzip", slice_of(in.p, n), 1000, 1000, 100,
				&out), ERR_UP_TRUNCATED);
		buf_done(&in);
		buf_done(&out);
	}
}

/* 16 MB of zeros in 16 KB. */
static void test_bomb(void **state)
{
	size_t n = 16 << 20;
	char *zeros = calloc(1, n);
	struct buf in, out;
	buf_init(&in, 32 << 20);
	buf_init(&out, 32 << 20);
	pack(&in, GZIP, slice_of(zeros, n));
	free(zeros);
	for (size_t k = 3; k < COUNT_OF(steps); k++) {
		buf_clear(&out);
		assert_int_equal(unpack("gzip", buf_slice(&in), steps[k], UINT64_MAX, 100, &out), ERR_UP_TOO_BIG);
		assert_true(buf_len(&out) < 200000);
	}
	buf_clear(&out);
	assert_int_equal(unpack("gzip", buf_slice(&in), 1 << 20, 100000, 10000, &out), ERR_UP_TOO_BIG);
	assert_int_equal(buf_len(&out), 100000);
	buf_done(&in);
	buf_done(&out);
}

static void test_callback_stops(void **state)
{
	struct buf in, out;
	buf_init(&in, 1 << 20);
	buf_init(&out, 10);
	pack(&in, GZIP, slice_str(text));
	assert_int_equal(unpack("gzip", buf_slice(&in), 1000, 1000, 100, &out), ERR_TOO_BUSY);
	buf_done(&in);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_callback_stops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
