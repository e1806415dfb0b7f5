#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Lowest and highest second byte for a lead byte: table 3-7 of the Unicode standard. */
static bool second_ok(unsigned char lead, unsigned char c)
{
	switch (lead) {
	case 0xe0: return c >= 0xa0 && c <= 0xbf;
	case 0xed: return c >= 0x80 && c <= 0x9f;
	case 0xf0: return c >= 0x90 && c <= 0xbf;
	case 0xf4: return c >= 0x80 && c <= 0x8f;
	default: return is_tail(c);
	}
}

size_t utf8_len(struct slice s)
{
	if (s.n == 0)
		return 0;
	unsigned char lead = (unsigned char)s.p[0];
	size_t len = lead < 0x80 ? 1 : lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3
		: lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;

	if (len == 0 || s.n < len)
		return 0;
	if (len > 1 && !second_ok(lead, (unsigned char)s.p[1]))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!is_tail((unsigned char)s.p[i]))
			return 0;
	return len;
}

bool utf8_valid(struct slice s)
{
	while (s.n) {
		size_t len = utf8_len(s);
		if (len == 0)
			return false;
		s = slice_skip(s, len);
	}
	return true;
}

struct slice utf8_cut(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && is_tail((unsigned char)s.p[max]))
		max--;
	return slice_of(s.p, max);
}
