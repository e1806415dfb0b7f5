/* Messages -> Gemini's systemInstruction and contents (protocols.md 5.2, 7.2). */
#ifndef DIALECT_GEMINI_TURNS_H
#define DIALECT_GEMINI_TURNS_H

#include "dialect/gemini_draft.h"

/* "systemInstruction" with all system and developer texts in order; nothing when there are none, or the model takes
 * none: then gemini_turns_put says them in the first turn. */
void gemini_turns_put_system(struct gemini_draft *d);
/* "contents" */
void gemini_turns_put(struct gemini_draft *d);

#endif
