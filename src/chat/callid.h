/* Tool-call ids that a provider accepts (protocols.md 7.3).  An id that already fits stays; another is replaced by
 * one made from its hash, so that a call and its result, rewritten apart, still pair. */
#ifndef CHAT_CALLID_H
#define CHAT_CALLID_H

#include "base/arena.h"
#include "base/slice.h"

enum callid_rule {
	CALLID_ANY,		/* not empty */
	CALLID_OPENAI,		/* at most 40 bytes */
	CALLID_RESPONSES,	/* at most 64 bytes */
	CALLID_ANTHROPIC,	/* [A-Za-z0-9_-]+; longer than 64 bytes is not sent either */
	CALLID_MISTRAL,		/* exactly 9 of [A-Za-z0-9] */
};

struct slice callid_fit(struct arena *a, enum callid_rule rule, struct slice id);

#endif
