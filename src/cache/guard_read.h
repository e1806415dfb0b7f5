/* A question as guards read it: its words in order, in lower case, each with what it is.  No allocation; what does not
 * fit makes the text too long. */
#ifndef CACHE_GUARD_READ_H
#define CACHE_GUARD_READ_H

#include "cache/guard.h"
#include "cache/guard_words.h"

enum guard_read_mark {
	GUARD_READ_LARGE = 1,	/* a capital that no beginning of a sentence explains */
	GUARD_READ_QUOTED = 2,
	GUARD_READ_CODE = 4,	/* letters and digits mixed, dots or underscores inside */
	GUARD_READ_NUMBER = 8,
	GUARD_READ_LED_IN = 16,	/* follows a preposition */
	GUARD_READ_HARD = 32,	/* must stand in both: strong words, negations, signs, Han and Kana */
	GUARD_READ_SIGN = 64,	/* + $ and the like */
	GUARD_READ_FIRST = 128,	/* a sentence begins with it */
	GUARD_READ_CAPS = 256,	/* all capitals, or one capital letter alone */
	GUARD_READ_PARTED = 512,	/* punctuation before it */
	/* plural or -ing was taken off: between names that is a difference (Adam, Adams) */
	GUARD_READ_SHORTENED = 1024,
};

struct guard_read_word {
	uint64_t hash;
	uint16_t marks;
	uint8_t class;		/* enum guard_words_class */
	int8_t exp;		/* while it is read: of a number whose digits are in `hash` */
	/* While it is read: guard_words_place() of the hash; 0: nothing is known.  Then: names the prepositions that
	 * lead it in; 0: none. */
	uint16_t known;
};

struct guard_read {
	struct guard_read_word words[GUARD_TOKENS_MAX];	/* only those that must stand in both texts, in order */
	uint32_t n;
	uint32_t n_tokens;	/* all words */
	uint32_t n_content;	/* of `words`: neither strong nor negation */
	uint32_t n_neg;
	uint64_t numbers;	/* sum of the hashes of all numbers and units behind them: a multiset's name */
	uint64_t ask;		/* names the question words */
	uint16_t scripts;	/* one bit a script */
	uint16_t langs;		/* languages that know most of its words */
	bool too_long;
	bool clock, mine;	/* speaks of now; of who asks */
};

void guard_read(struct slice text, struct guard_read *out);

#endif
