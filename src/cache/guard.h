/* Guards: two questions that a cosine calls near and that ask for different things.  Guards can only deny: numbers,
 * units, dates, negation, names, quoted words, order, question word, language, length (algorithms.md A6). */
#ifndef CACHE_GUARD_H
#define CACHE_GUARD_H

#include <stdint.h>

#include "base/slice.h"

/* Why two questions are not the same, or why one may not be answered from similar ones at all. */
enum guard {
	GUARD_OK,
#define GUARD(name, help) GUARD_##name,
#include "cache/guards.def"
#undef GUARD
	GUARD_COUNT
};

const char *guard_name(enum guard g);
/* Whether a question may be answered from a similar one: long and short enough, no clock words, no personal data. */
enum guard guard_eligible(struct slice text);
/* Equal for every pair that guard_same lets pass: numbers, negation, script.  Kept beside the vector, compared first. */
uint64_t guard_sign(struct slice text);
enum guard guard_same(struct slice a, struct slice b);

#endif
