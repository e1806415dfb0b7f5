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

/* Value of a digit of either alphabet plus one, by its byte; 0: none. */
static const unsigned char ranks[256] = {
#define RUN(c, v) [c] = v + 1, [c + 1] = v + 2, [c + 2] = v + 3, [c + 3] = v + 4, [c + 4] = v + 5
	RUN('A', 0), RUN('F', 5), RUN('K', 10), RUN('P', 15), RUN('U', 20), ['Z'] = 26,
	RUN('a', 26), RUN('f', 31), RUN('k', 36), RUN('p', 41), RUN('u', 46), ['z'] = 52,
	RUN('0', 52), RUN('5', 57),
#undef RUN
	['+'] = 63, ['-'] = 63, ['/'] = 64, ['_'] = 64,
};

static struct slice without_padding(struct slice s)
{
	for (int i = 0; i < 2 && s.n && s.p[s.n - 1] == '='; i++)
		s.n--;
	return s;
}

/* Four digits, three bytes. */
static bool decode_quad(const unsigned char *p, char *out)
{
	unsigned a = ranks[p[0]] - 1u, b = ranks[p[1]] - 1u, c = ranks[p[2]] - 1u, d = ranks[p[3]] - 1u;

	if ((a | b | c | d) > 63)
		return false;
	out[0] = (char)(a << 2 | b >> 4);
	out[1] = (char)(b << 4 | c >> 2);
	out[2] = (char)(c << 6 | d);
	return true;
}

bool base64_decode_to(struct slice text, char *out, size_t *out_n)
{
	struct slice s = without_padding(text);
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char last[4] = { 'A', 'A', 'A', 'A' };
	size_t quads = s.n / 4, rest = s.n % 4;
	char tail[3];

	/* Padding fills what is left of four digits. */
	if (rest == 1 || (rest == 0 && s.n < text.n))
		return false;
	for (size_t i = 0; i < quads; i++)
		if (!decode_quad(p + i * 4, out + i * 3))
			return false;
	*out_n = quads * 3;
	if (rest == 0)
		return true;
	memcpy(last, p + quads * 4, rest);
	if (!decode_quad(last, tail))
		return false;
	memcpy(out + quads * 3, tail, rest - 1);
	*out_n += rest - 1;
	return true;
}

bool base64_decode(struct arena *a, struct slice text, struct slice *out)
{
	char *p = arena_try(a, base64_room(text.n));
	size_t n;

	if (p == NULL || !base64_decode_to(text, p, &n))
		return false;
	*out = slice_of(p, n);
	return true;
}
