#include "flight/abroad.h"

struct slice abroad_key(char out[ABROAD_KEY_MAX], const struct digest *d, struct slice rest)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	must(rest.n <= ABROAD_TOKEN);
	out[n++] = '{';
	for (size_t i = 0; i < sizeof(d->bytes); i++) {
		out[n++] = digits[d->bytes[i] >> 4];
		out[n++] = digits[d->bytes[i] & 15];
	}
	out[n++] = '}';
	out[n++] = ':';
	memcpy(out + n, rest.p, rest.n);
	return slice_of(out, n + rest.n);
}

struct slice abroad_lease_key(char out[ABROAD_KEY_MAX], const struct digest *d)
{
	return abroad_key(out, d, SLICE("own"));
}
