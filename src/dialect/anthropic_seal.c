#include "dialect/anthropic_seal.h"

#define MARK SLICE("@call:")

struct slice anthropic_seal_call(struct arena *a, char origin, struct slice text)
{
	struct prompt_seal seal = seal_unwrap(a, origin, text);
	char *p = seal.bytes.n ? arena_try(a, MARK.n + seal.bytes.n) : NULL;

	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, MARK.p, MARK.n);
	memcpy(p + MARK.n, seal.bytes.p, seal.bytes.n);
	return seal_wrap(a, seal.origin, slice_of(p, MARK.n + seal.bytes.n));
}

bool anthropic_seal_is_call(struct arena *a, struct slice signature, struct prompt_seal *out)
{
	struct prompt_seal seal = { .origin = 0 };

	if (seal_in(signature))
		seal = seal_unwrap(a, 0, signature);
	if (seal.origin == 0 || seal.bytes.n <= MARK.n || !slice_starts(seal.bytes, MARK))
		return false;
	*out = (struct prompt_seal){ seal.origin, slice_skip(seal.bytes, MARK.n) };
	return true;
}
