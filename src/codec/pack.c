#include "codec/pack.h"

#include <lz4.h>

#define COMPRESSED 0x80000000u
#define RAW_MAX 0x3fffffffu
#define HEAD 4u
/* Bytes.  Below this a copy is as good: prose of a KiB gets a fifth smaller at best, and a hit would unpack it each time. */
#define WORTH_IT 1024u

bool pack_put(struct buf *out, struct slice raw)
{
	uint32_t head = (uint32_t)raw.n;
	int n = 0;

	if (raw.n > RAW_MAX)
		return false;
	char *p = buf_room(out, HEAD + raw.n);
	if (p == NULL)
		return false;
	if (raw.n >= WORTH_IT)
		n = LZ4_compress_default(raw.p, p + HEAD, (int)raw.n, (int)raw.n - 1);
	if (n > 0)
		head |= COMPRESSED;
	else if (raw.n)
		memcpy(p + HEAD, raw.p, raw.n);
	memcpy(p, &head, HEAD);
	buf_grew(out, HEAD + (n > 0 ? (size_t)n : raw.n));
	return true;
}

bool pack_get(struct slice packed, size_t max, struct buf *out)
{
	uint32_t head;

	if (packed.n < HEAD || packed.n > RAW_MAX)
		return false;
	memcpy(&head, packed.p, HEAD);
	packed = slice_skip(packed, HEAD);
	size_t n = head & ~COMPRESSED;
	if (n > MIN_OF(max, (size_t)RAW_MAX))
		return false;
	if ((head & COMPRESSED) == 0)
		return packed.n == n && buf_put(out, packed);
	char *p = buf_room(out, n);
	if (p == NULL || LZ4_decompress_safe(packed.p, p, (int)packed.n, (int)n) != (int)n)
		return false;
	buf_grew(out, n);
	return true;
}
