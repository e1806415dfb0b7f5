/* What fuzz targets share.  must() of base/must.h is their assert. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A number that depends on the input and on nothing else: chooses splits and limits, so that seeds stay plain
 * files. */
static inline uint32_t fuzz_number(const uint8_t *data, size_t n)
{
	uint32_t h = 2166136261u;	/* FNV-1a */
	for (size_t i = 0; i < n; i++)
		h = (h ^ data[i]) * 16777619u;
	return h ^ h >> 15;
}

/* How an input is cut into pieces. */
struct fuzz_cut {
	size_t first, step;
};

static inline struct fuzz_cut fuzz_whole(size_t n)
{
	return (struct fuzz_cut){ n, 1 };
}

/* The next piece, in memory of its own so that ASan sees a slice that is kept too long; fuzz_drop() it.  False at
 * the end. */
static inline bool fuzz_next(struct fuzz_cut cut, const uint8_t *data, size_t n, size_t *at, struct slice *out)
{
	if (*at >= n)
		return false;
	size_t size = *at < cut.first ? cut.first - *at : MIN_OF(cut.step, n - *at);
	char *p = malloc(size);
	must(p != NULL);
	memcpy(p, data + *at, size);
	*out = slice_of(p, size);
	*at += size;
	return true;
}

static inline void fuzz_drop(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

#endif
