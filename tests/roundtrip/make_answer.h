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

/* The same dice give the same answer.  All in `a`. */
struct make_answer make_answer(struct arena *a, struct dice *d);

#endif
