#include "dialect/responses_seal.h"

#include "chat/seal.h"
#include "dialect/dialect.h"

#define SEAL_PREFIX 8u	/* bytes that tell a seal (chat/seal.h) */

static const char *const words[] = {
	[RESPONSES_SEAL_REASONING] = "", [RESPONSES_SEAL_REDACTED] = "redacted.", [RESPONSES_SEAL_CALL] = "call.",
};

static bool is_sealed(struct slice text)
{
	return text.n > SEAL_PREFIX && seal_in(slice_of(text.p, SEAL_PREFIX));
}

struct slice responses_seal_back(struct arena *a, enum responses_seal_of of, struct slice bytes)
{
	struct slice word = slice_str(words[of]);

	/* Only a seal is told from a provider's own text: that must come back as it was. */
	if (word.n == 0 || !is_sealed(bytes))
		return bytes;
	char *p = arena_try(a, word.n + bytes.n);
	if (p == NULL)
		return SLICE_EMPTY;
	memcpy(p, word.p, word.n);
	memcpy(p + word.n, bytes.p, bytes.n);
	return slice_of(p, word.n + bytes.n);
}

struct slice responses_seal_write(struct arena *a, enum responses_seal_of of, const struct dialect *source,
	struct slice bytes)
{
	if (source && source != &openai_responses)
		bytes = seal_wrap(a, source->tag, bytes);
	return responses_seal_back(a, of, bytes);
}

enum responses_seal_of responses_seal_cut(struct slice *text)
{
	for (size_t i = RESPONSES_SEAL_REDACTED; i < COUNT_OF(words); i++) {
		struct slice rest = slice_skip(*text, strlen(words[i]));
		if (!is_sealed(rest) || !slice_starts(*text, slice_str(words[i])))
			continue;
		*text = rest;
		return (enum responses_seal_of)i;
	}
	return RESPONSES_SEAL_REASONING;
}
