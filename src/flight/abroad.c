#include "flight/abroad.h"

struct slice abroad_key(char out[ABROAD_KEY_MAX], const struct digest *d, struct slice rest)
{
	size_t n = 0;

	must(rest.n <= ABROAD_TOKEN);
	out[n++] = '{';
	digest_hex(d, out + n);
	n += DIGEST_HEX_BYTES;
	out[n++] = '}';
	out[n++] = ':';
	memcpy(out + n, rest.p, rest.n);
	return slice_of(out, n + rest.n);
}

struct slice abroad_lease_key(char out[ABROAD_KEY_MAX], const struct digest *d)
{
	return abroad_key(out, d, SLICE("own"));
}
