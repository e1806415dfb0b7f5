/* Whether two answers say the same: the labels that the semantic cache learns from.  Certain or silent: of two long
 * texts in different words it says nothing. */
#ifndef CACHE_LIKENESS_H
#define CACHE_LIKENESS_H

#include "base/buf.h"

enum likeness {
	LIKENESS_UNKNOWN,
	LIKENESS_SAME,
	LIKENESS_DIFFERENT,
};

#define LIKENESS_TEXT_MAX 65536u	/* bytes of an answer; a longer one is not kept for similar questions */

/* Appends the text of a tape.  False when it is not fit to answer others: more than text in it, too long, empty, a
 * refusal. */
bool likeness_read(struct slice tape, struct buf *out);
/* Both from likeness_read.  Equal but for case, white space and marks at the end; JSON: equal values; short answers: as
 * guards compare questions (guard.h). */
enum likeness likeness_of(struct slice a, struct slice b);

#endif
