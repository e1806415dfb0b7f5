#include "base/slice.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool slice_case_eq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	/* Most letters are the same as they stand. */
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool slice_is_token(struct slice s, const char *others)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!is_alnum && (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return s.n > 0;
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_blank(s.p[0]))
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t slice_find(struct slice s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

bool slice_next(struct slice *s, char sep, struct slice *out_piece)
{
	if (s->p == NULL || s->n == 0)
		return false;
	size_t at = slice_find(*s, sep);
	*out_piece = slice_trim(slice_of(s->p, at));
	*s = slice_skip(*s, at + 1);
	return true;
}

bool slice_u64(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

char *slice_copy(struct slice s, char *out, size_t cap)
{
	size_t n = s.n < cap ? s.n : cap - 1;
	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
	return out;
}
