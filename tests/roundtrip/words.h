/* Random texts with what writers and readers stumble over: quotes, escapes, line ends, wide characters, markup of
 * protocols. */
#ifndef TESTS_ROUNDTRIP_WORDS_H
#define TESTS_ROUNDTRIP_WORDS_H

#include "base/arena.h"
#include "base/dice.h"

/* 1 to `most` pieces; never empty. */
struct slice words_text(struct arena *a, struct dice *d, unsigned most);
/* A name of letters, digits and underscores: fit for tools and members. */
struct slice words_name(struct arena *a, struct dice *d);
/* A JSON object without white space, whose values are of every kind. */
struct slice words_object(struct arena *a, struct dice *d);
/* Something like a signature: base64. */
struct slice words_opaque(struct arena *a, struct dice *d);
/* The next piece of *rest, cut anywhere but inside a character.  False at its end. */
bool words_cut(struct dice *d, struct slice *rest, struct slice *out);

/* True in one of `n` cases. */
static inline bool words_one_in(struct dice *d, unsigned n)
{
	return dice_below(d, n) == 0;
}

#endif
