#include "dialect/gemini_seal.h"

#define MARK '\x01'

struct slice gemini_seal_wrap(struct arena *a, char origin, bool redacted, struct slice id, struct slice bytes)
{
	bool is_plain = !redacted && id.n == 0;

	if (bytes.n == 0 || (is_plain && bytes.p[0] != MARK))
		return seal_wrap(a, origin, bytes);
	char *p = arena_try(a, id.n + bytes.n + 3);
	if (p == NULL)
		return SLICE_EMPTY;
	p[0] = MARK;
	p[1] = redacted ? 'r' : 's';
	if (id.n)
		memcpy(p + 2, id.p, id.n);
	p[2 + id.n] = MARK;
	memcpy(p + 3 + id.n, bytes.p, bytes.n);
	return seal_wrap(a, origin, slice_of(p, id.n + bytes.n + 3));
}

void gemini_seal_unwrap(struct arena *a, struct slice text, struct prompt_part *part)
{
	part->seal = seal_unwrap(a, 'g', text);
	struct slice bytes = part->seal.bytes;
	if (bytes.n < 3 || bytes.p[0] != MARK)
		return;
	struct slice rest = slice_skip(bytes, 2);
	size_t n = slice_find(rest, MARK);
	if (n == rest.n)
		return;
	if (part->kind == PROMPT_PART_REASONING) {
		part->redacted = bytes.p[1] == 'r';
		part->id = slice_of(rest.p, n);
	}
	part->seal.bytes = slice_skip(rest, n + 1);
}
