#include "dialect/responses_seal.h"

#include "chat/seal.h"
#include "dialect/dialect.h"

#define SEAL_PREFIX 8u	/* bytes that tell a seal (chat/seal.h) */

static const char *const words[] = {
	[RESPONSES_SEAL_REASONING] = "", [RESPONSES_SEAL_REDACTED] = "redacted.", [RESPONSES_SEAL_CALL] = "call.",
};

struct slice responses_seal_write(struct arena *a, enum responses_seal_of of, const struct dialect *source,
	struct slice bytes)
{
	bool is_own = source == NULL || source == &openai_responses;
	struct slice seal = is_own ? bytes : seal_wrap(a, source->tag, bytes), word = slice_str(words[of]);

	if (seal.n == 0 || word.n == 0)
		return seal;
	char *p = arena_try(a, word.n + seal.n);
	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, word.p, word.n);
	memcpy(p + word.n, seal.p, seal.n);
	return slice_of(p, word.n + seal.n);
}

enum responses_seal_of responses_seal_cut(struct slice *text)
{
	for (size_t i = RESPONSES_SEAL_REDACTED; i < COUNT_OF(words); i++) {
		struct slice rest = slice_skip(*text, strlen(words[i]));
		bool is_sealed = rest.n > SEAL_PREFIX && seal_in(slice_of(rest.p, SEAL_PREFIX));
		if (!is_sealed || !slice_starts(*text, slice_str(words[i])))
			continue;
		*text = rest;
		return (enum responses_seal_of)i;
	}
	return RESPONSES_SEAL_REASONING;
}
