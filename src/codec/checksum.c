#include "codec/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t sum_of(struct slice bytes, struct slice name)
{
	return XXH3_64bits_withSeed(bytes.p, bytes.n, XXH3_64bits(name.p, name.n));
}

bool checksum_put(struct buf *b, struct slice name)
{
	uint64_t sum = sum_of(buf_slice(b), name);

	return buf_put(b, slice_of(&sum, sizeof(sum)));
}

bool checksum_cut(struct slice *value, struct slice name)
{
	uint64_t said;

	if (value->n < CHECKSUM_BYTES)
		return false;
	struct slice bytes = slice_of(value->p, value->n - CHECKSUM_BYTES);
	memcpy(&said, bytes.p + bytes.n, sizeof(said));
	if (said != sum_of(bytes, name))
		return false;
	*value = bytes;
	return true;
}
