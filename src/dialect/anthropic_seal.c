#include "dialect/anthropic_seal.h"

#include "dialect/dialect.h"

#define CALL SLICE("@call:")
#define ID SLICE("@id:")

static struct slice join(struct arena *a, const struct slice *pieces, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += pieces[i].n;
	char *p = arena_try(a, size + 1), *at = p;
	for (size_t i = 0; p && i < n; i++) {
		if (pieces[i].n)
			memcpy(at, pieces[i].p, pieces[i].n);
		at += pieces[i].n;
	}
	return p ? slice_of(p, size) : SLICE_EMPTY;
}

struct slice anthropic_seal_write(struct arena *a, enum anthropic_seal_of of, char origin, struct slice id,
	struct slice text)
{
	struct prompt_seal seal = seal_unwrap(a, origin, text);
	const struct slice call[] = { CALL, seal.bytes }, with_id[] = { ID, id, SLICE("\n"), seal.bytes };

	if (seal.bytes.n == 0)
		return SLICE_EMPTY;
	if (of == ANTHROPIC_SEAL_CALL)
		return seal_wrap(a, seal.origin, join(a, call, COUNT_OF(call)));
	if (seal.origin == anthropic_messages.tag && seal.bytes.p == text.p)
		return text;		/* its own, as it is */
	return seal_wrap(a, seal.origin, id.n ? join(a, with_id, COUNT_OF(with_id)) : seal.bytes);
}

struct anthropic_seal anthropic_seal_read(struct arena *a, struct slice field)
{
	struct prompt_seal seal = seal_unwrap(a, anthropic_messages.tag, field);
	struct anthropic_seal out = { .seal = seal, .is_sealed = seal.bytes.p != field.p };
	size_t end;

	if (!out.is_sealed)
		return out;
	if (slice_starts(seal.bytes, CALL)) {
		out.seal.bytes = slice_skip(seal.bytes, CALL.n);
		out.is_call = true;
	} else if (slice_starts(seal.bytes, ID) && (end = slice_find(seal.bytes, '\n')) < seal.bytes.n) {
		out.id = slice_of(seal.bytes.p + ID.n, end - ID.n);
		out.seal.bytes = slice_skip(seal.bytes, end + 1);
	}
	return out;
}
