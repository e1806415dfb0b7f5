/* Characters of Unicode: decoding, case, categories, canonical decomposition.  The one seam to utf8proc. */
#ifndef CODEC_UNICODE_H
#define CODEC_UNICODE_H

#include <stdint.h>

#include "base/slice.h"

#define UNICODE_REPLACEMENT 0xfffdu
#define UNICODE_PARTS_MAX 8	/* U+1F82 and its like have 4; room for what later versions add */
#define UNICODE_UTF8_MAX 4

/* Takes the first character off *s, which is not empty.  A byte that is no UTF-8 counts as U+FFFD. */
uint32_t unicode_next(struct slice *s);
/* Writes `c` as UTF-8; returns the number of bytes. */
size_t unicode_put(uint32_t c, char out[UNICODE_UTF8_MAX]);

enum unicode_class {
	UNICODE_WORD,		/* letters, spacing and enclosing marks, numbers (L*, Mc, Me, N*) */
	UNICODE_NONSPACING,	/* Mn: accents, vowel signs */
	UNICODE_PUNCTUATION,	/* P* */
	UNICODE_SYMBOL,		/* S* */
	UNICODE_SPACE,		/* Z* */
	UNICODE_CONTROL,	/* Cc, Cf, Cs, Co: also tab and line ends */
	UNICODE_UNASSIGNED	/* Cn */
};
enum unicode_class unicode_class(uint32_t c);
/* Property White_Space. */
bool unicode_is_space(uint32_t c);
/* Simple lower-case mapping: one character for one. */
uint32_t unicode_lower(uint32_t c);
/* Canonical decomposition (NFD of one character); returns how many, at least 1. */
size_t unicode_decompose(uint32_t c, uint32_t out[UNICODE_PARTS_MAX]);
/* Writing without spaces whose characters are words or parts of words: Han, Hiragana, Katakana. */
bool unicode_is_han_or_kana(uint32_t c);

#endif
