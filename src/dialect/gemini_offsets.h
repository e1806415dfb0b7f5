/* Places in a text: Gemini counts bytes of UTF-8, the waist counts characters.  The text itself has gone on to its
 * reader, so only how many bytes each character had is kept, as runs of equal ones: two bytes for each run, a few per
 * cent of the text in most scripts. */
#ifndef DIALECT_GEMINI_OFFSETS_H
#define DIALECT_GEMINI_OFFSETS_H

#include "base/arena.h"

struct gemini_offsets {
	uint16_t *runs;		/* two bits: bytes of a character less one; the others: how many */
	size_t n, cap;
	uint64_t bytes, chars;	/* so far */
	bool lost;		/* there was no room: nothing is known any more */
};

/* More text; `a` is always the same arena. */
void gemini_offsets_add(struct gemini_offsets *o, struct arena *a, struct slice text);
/* Characters before this byte; -1: behind the end, or not known. */
int64_t gemini_offsets_chars(const struct gemini_offsets *o, int64_t byte);
/* Bytes before this character. */
int64_t gemini_offsets_bytes(const struct gemini_offsets *o, int64_t at);

#endif
