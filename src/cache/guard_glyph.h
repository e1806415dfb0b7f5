/* Characters as guards see them: what kind each is, its script, its small letter. */
#ifndef CACHE_GUARD_GLYPH_H
#define CACHE_GUARD_GLYPH_H

#include <stdint.h>

#include "base/slice.h"

enum guard_glyph_kind {
	GUARD_GLYPH_BREAK,	/* white space, most punctuation, what cannot be seen */
	GUARD_GLYPH_LETTER,
	GUARD_GLYPH_DIGIT,	/* of ASCII */
	GUARD_GLYPH_SINGLE,	/* Han, Kana: a word of its own */
	GUARD_GLYPH_SIGN,	/* means something by itself: + $ % */
	GUARD_GLYPH_QUOTE,
	GUARD_GLYPH_APOSTROPHE,
};

struct guard_glyph {
	uint32_t code;
	uint8_t n;		/* bytes */
	uint8_t kind;		/* enum guard_glyph_kind */
	uint16_t script;	/* one bit; 0: of none */
	bool is_large;
	uint32_t small;		/* the small letter; itself where there is none */
};

#define GUARD_GLYPH_LATIN 1u		/* script */
extern const uint8_t guard_glyph_kinds[128];	/* of ASCII */
/* Beyond ASCII. */
struct guard_glyph guard_glyph_wide(struct slice s);
/* The character at the start of `s`, which is not empty.  A byte that is no UTF-8 is a sign. */
static inline struct guard_glyph guard_glyph_at(struct slice s)
{
	unsigned char c = (unsigned char)s.p[0];

	if (c >= 0x80)
		return guard_glyph_wide(s);
	bool letter = guard_glyph_kinds[c] == GUARD_GLYPH_LETTER, large = letter && c < 'a';
	return (struct guard_glyph){ .code = c, .n = 1, .kind = guard_glyph_kinds[c],
		.script = letter ? GUARD_GLYPH_LATIN : 0, .is_large = large, .small = large ? c | 0x20u : c };
}
/* Writes the code point as UTF-8; returns its bytes (1-4). */
uint32_t guard_glyph_put(uint32_t code, char out[4]);

#endif
