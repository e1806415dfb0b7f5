#include "chat/seal.h"

#include "codec/base64.h"

#define MARK SLICE("weir1:")
#define MARK_TEXT SLICE("d2VpcjE6")

struct slice seal_wrap(struct arena *a, char origin, struct slice bytes)
{
	size_t n = MARK.n + 1 + bytes.n;
	char *p = bytes.n && origin ? arena_try(a, n) : NULL;

	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, MARK.p, MARK.n);
	p[MARK.n] = origin;
	memcpy(p + MARK.n + 1, bytes.p, bytes.n);
	return base64_text(a, slice_of(p, n));
}

struct prompt_seal seal_unwrap(struct arena *a, char own, struct slice text)
{
	struct slice in;

	if (text.n == 0)
		return (struct prompt_seal){ 0, SLICE_EMPTY };
	if (!slice_starts(text, MARK_TEXT))
		return (struct prompt_seal){ own, text };
	if (!base64_decode(a, text, &in) || in.n < MARK.n + 2)
		return (struct prompt_seal){ 0, SLICE_EMPTY };
	return (struct prompt_seal){ in.p[MARK.n], slice_skip(in, MARK.n + 1) };
}

/* Every body passes here, so a letter that is rare in text is sought at memchr's speed, and then the rest around it. */
bool seal_in(struct slice text)
{
	enum { RARE_AT = 5 };		/* of the j */
	const struct slice mark = MARK_TEXT;
	const char *p = text.p, *end = text.n ? text.p + text.n : text.p;	/* NULL + 0 is undefined */

	while (p < end && (p = memchr(p, mark.p[RARE_AT], (size_t)(end - p))) != NULL) {
		if (p - text.p >= RARE_AT && (size_t)(end - p) >= mark.n - RARE_AT
				&& memcmp(p - RARE_AT, mark.p, mark.n) == 0)
			return true;
		p++;
	}
	return false;
}
