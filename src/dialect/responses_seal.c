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
	if (source == NULL || source == &openai_responses)
		return bytes;
	struct slice seal = seal_wrap(a, source->tag, bytes), word = slice_str(words[of]);
	char *p = seal.n && word.n ? arena_try(a, word.n + seal.n) : NULL;
	if (word.n == 0)
		return seal;
	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, word.p, word.n);
	memcpy(p + word.n, seal.p, seal.n);
	return slice_of(p, word.n + seal.n);
}

struct prompt_seal responses_seal_read(struct arena *a, struct slice text, enum responses_seal_of *out_of)
{
	*out_of = RESPONSES_SEAL_REASONING;
	for (size_t i = RESPONSES_SEAL_REDACTED; i < COUNT_OF(words); i++) {
		struct slice rest = slice_skip(text, strlen(words[i]));
		bool is_sealed = rest.n > SEAL_PREFIX && seal_in(slice_of(rest.p, SEAL_PREFIX));
		if (!is_sealed || !slice_starts(text, slice_str(words[i])))
			continue;
		*out_of = (enum responses_seal_of)i;
		text = rest;
		break;
	}
	return seal_unwrap(a, openai_responses.tag, text);
}
