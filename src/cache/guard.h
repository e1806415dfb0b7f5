/* Guards: two questions that a cosine calls near and that ask for different things.  Guards can only deny: numbers,
 * units, dates, negation, names, quoted words, order, question word, language, length (algorithms.md A6).
 *
 * They do not list what may differ in meaning; they list what may differ without any: articles, polite phrases, common
 * auxiliaries, plural and -ing, a few spellings (guard_words.def).  Every other word must stand in both texts, in the
 * same order.  So antonyms, languages, names written small and slots of a template need no lists of their own, and a
 * word or script that weir does not know makes a miss, never a hit. */
#ifndef CACHE_GUARD_H
#define CACHE_GUARD_H

#include <stdint.h>

#include "base/slice.h"

#define GUARD_TOKENS_MAX 256u	/* words of a question (algorithms.md A6) */
#define GUARD_TOKENS_MIN 3u

struct guard_read;

/* Why two questions are not the same, or why one may not be answered from similar ones at all. */
enum guard {
	GUARD_OK,
#define GUARD(name, soft, help) GUARD_##name,
#include "cache/guards.def"
#undef GUARD
	GUARD_COUNT
};

/* "ok", "number", ...: metric label and log value. */
const char *guard_name(enum guard g);
const char *guard_help(enum guard g);
/* The pair may still be served where evidence speaks for it. */
bool guard_is_soft(enum guard g);
/* Whether a question may be answered from a similar one: long and short enough, no clock words, no personal data.  `g`:
 * the text as guard_read reads it (guard_read.h). */
enum guard guard_fit(const struct guard_read *g, struct slice text);
/* Equal for every pair that guard_same lets pass or calls soft: numbers, negation, script, question word.  Kept beside
 * the vector, compared first.  The same on all nodes. */
uint64_t guard_sign(struct slice text);
/* Symmetric.  Texts that are not eligible are told apart by length alone. */
enum guard guard_same(struct slice a, struct slice b);

/* The same two for a text that was read: a question meets several others. */
uint64_t guard_sign_of(const struct guard_read *g);
enum guard guard_same_as(const struct guard_read *a, struct slice b);

#endif
