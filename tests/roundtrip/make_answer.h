/* Makes up answers: legal sequences of events, with everything that chat/event.h knows. */
#ifndef TESTS_ROUNDTRIP_MAKE_ANSWER_H
#define TESTS_ROUNDTRIP_MAKE_ANSWER_H

#include "base/dice.h"
#include "chat/event.h"
#include "base/arena.h"

struct make_answer {
	struct event *events;
	size_t n;
};

/* As if decoded from the dialect with this tag: opaque state is in its form.  The same dice give the same answer.
 * All in `a`. */
struct make_answer make_answer(struct arena *a, struct dice *d, char origin);

#endif
