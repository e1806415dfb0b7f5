/* How candidates end: rows of gemini_finish.def, both ways. */
#ifndef DIALECT_GEMINI_FINISH_H
#define DIALECT_GEMINI_FINISH_H

#include "chat/event.h"

struct gemini_finish {
	const char *word;
	enum event_finish finish;	/* EVENT_FINISH_NONE: it is a failure */
	enum err err;			/* of the failure */
};

/* UNKNOWN for a word without a row. */
struct gemini_finish gemini_finish_find(struct slice word);
/* The word for a client: the provider's own where it is one of Gemini's for this finish. */
const char *gemini_finish_word(enum event_finish finish, struct slice own);

#endif
