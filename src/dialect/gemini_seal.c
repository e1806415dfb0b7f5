#include "dialect/gemini_seal.h"

#define MARK '\x01'

struct slice gemini_seal_wrap(struct arena *a, char origin, enum gemini_seal_kind kind, struct slice id,
	struct slice bytes)
{
	bool is_plain = kind == GEMINI_SEAL_PART && id.n == 0;

	if (bytes.n == 0 || (is_plain && bytes.p[0] != MARK))
		return seal_wrap(a, origin, bytes);
	char *p = arena_try(a, id.n + bytes.n + 3);
	if (p == NULL)
		return SLICE_EMPTY;
	p[0] = MARK;
	p[1] = (char)kind;
	if (id.n)
		memcpy(p + 2, id.p, id.n);
	p[2 + id.n] = MARK;
	memcpy(p + 3 + id.n, bytes.p, bytes.n);
	return seal_wrap(a, origin, slice_of(p, id.n + bytes.n + 3));
}

static enum gemini_seal_kind kind_of(char c)
{
	return c == GEMINI_SEAL_THOUGHTS || c == GEMINI_SEAL_REDACTED ? (enum gemini_seal_kind)c : GEMINI_SEAL_PART;
}

enum gemini_seal_kind gemini_seal_unwrap(struct arena *a, struct slice text, struct prompt_part *part)
{
	part->seal = seal_unwrap(a, 'g', text);
	struct slice bytes = part->seal.bytes;
	if (bytes.n < 3 || bytes.p[0] != MARK)
		return GEMINI_SEAL_PART;
	enum gemini_seal_kind kind = kind_of(bytes.p[1]);
	struct slice rest = slice_skip(bytes, 2);
	size_t n = slice_find(rest, MARK);
	if (n == rest.n)
		return GEMINI_SEAL_PART;
	if (part->kind == PROMPT_PART_REASONING) {
		part->redacted = kind == GEMINI_SEAL_REDACTED;
		part->id = slice_of(rest.p, n);
	}
	part->seal.bytes = slice_skip(rest, n + 1);
	return kind;
}
