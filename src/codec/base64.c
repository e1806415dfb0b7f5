#include "codec/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct slice bytes, char *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t n = bytes.n;

	for (; n >= 3; p += 3, n -= 3, out += 4) {
		out[0] = digits[p[0] >> 2];
		out[1] = digits[(p[0] & 3) << 4 | p[1] >> 4];
		out[2] = digits[(p[1] & 15) << 2 | p[2] >> 6];
		out[3] = digits[p[2] & 63];
	}
	if (n == 0)
		return;
	out[0] = digits[p[0] >> 2];
	out[1] = digits[(p[0] & 3) << 4 | (n == 2 ? p[1] >> 4 : 0)];
	out[2] = n == 2 ? digits[(p[1] & 15) << 2] : '=';
	out[3] = '=';
}

struct slice base64_text(struct arena *a, struct slice bytes)
{
	size_t n = base64_size(bytes.n);
	char *p = arena_try(a, n + 1);

	if (p == NULL)
		return SLICE_EMPTY;
	base64_encode(bytes, p);
	p[n] = '\0';
	return slice_of(p, n);
}

/* Value of a digit of either alphabet, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static struct slice without_padding(struct slice s)
{
	for (int i = 0; i < 2 && s.n && s.p[s.n - 1] == '='; i++)
		s.n--;
	return s;
}

bool base64_decode(struct arena *a, struct slice text, struct slice *out)
{
	text = without_padding(text);
	char *p = arena_try(a, text.n / 4 * 3 + 3);
	uint32_t bits = 0;
	size_t n = 0;

	if (p == NULL || text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int v = value_of(text.p[i]);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 == 0)
			continue;
		p[n++] = (char)(bits >> (4 - 2 * (i % 4 - 1)));
	}
	*out = slice_of(p, n);
	return true;
}
