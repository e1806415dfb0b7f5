/* What guards know about words: guard_words.def as one hash table.  The same word can mean different things in
 * different languages (die, war, man), so that its class is asked for with the language of the text. */
#ifndef CACHE_GUARD_WORDS_H
#define CACHE_GUARD_WORDS_H

#include <stdint.h>

#include "base/slice.h"

enum guard_words_lang { GUARD_WORDS_EN, GUARD_WORDS_DE, GUARD_WORDS_FR, GUARD_WORDS_ES, GUARD_WORDS_IT, GUARD_WORDS_PT,
	GUARD_WORDS_NL, GUARD_WORDS_PL, GUARD_WORDS_RU, GUARD_WORDS_LANGS };

enum guard_words_class {
	GUARD_WORDS_CONTENT,	/* says something: must stand in both texts */
	GUARD_WORDS_FREE,	/* articles, polite words: may come and go */
	GUARD_WORDS_PREP,	/* may come and go; but what it leads in does not */
	GUARD_WORDS_STRONG,	/* small words that turn the meaning: from, before, only, or, she */
	GUARD_WORDS_NEG,
	GUARD_WORDS_ASK,	/* question words */
	GUARD_WORDS_AUX,	/* begins a question of yes and no; else may come and go */
};

struct guard_words_entry {
	uint64_t hash;			/* 0: a free place of the table */
	uint64_t same;			/* hash of the word that this one is another spelling of; 0: none */
	uint8_t class[GUARD_WORDS_LANGS];	/* enum guard_words_class */
	uint16_t langs;			/* one bit a language that knows it */
	bool clock;			/* speaks of now, in whatever language */
	bool unit;			/* may stand right behind a number */
	bool proper;			/* means another thing when written large: Apple, Turkey */
	/* content where nothing that it could help stands behind it: what to do in Paris */
	bool verb;
	bool leads;			/* a phrase begins with it */
	bool is_number;
	uint64_t number;		/* two: 2; hundred: 100 */
};

/* Of a word in lower case.  Never 0. */
uint64_t guard_words_hash(struct slice word);
/* What is known about a word, as a number for guard_words_at; 0: nothing. */
uint16_t guard_words_place(uint64_t hash);
/* NULL for 0. */
const struct guard_words_entry *guard_words_at(uint16_t place);

#define GUARD_WORDS_PHRASE_MAX 5u
enum guard_words_phrase { GUARD_WORDS_NO_PHRASE,
	GUARD_WORDS_POLITE,	/* says nothing where a text begins or ends: "could you tell me" */
	GUARD_WORDS_GREETING,	/* the same, but only parted by punctuation, or before a question: Hello Kitty */
	GUARD_WORDS_HOW,	/* one of the ways to ask how: "how can i", "how to" */
	GUARD_WORDS_NOW,	/* "this week" */
	GUARD_WORDS_MINE };	/* "my name is" */
/* The longest phrase that the words at `hashes` begin with.  *out_n: its words. */
enum guard_words_phrase guard_words_phrase(const uint64_t *hashes, uint32_t n, uint32_t *out_n);

#endif
