/* Tools and their choice -> Gemini's tools and toolConfig (protocols.md 5.2, 7.1). */
#ifndef DIALECT_GEMINI_TOOLS_H
#define DIALECT_GEMINI_TOOLS_H

#include "dialect/gemini_draft.h"

/* "tools" and "toolConfig", as far as there is something to say; sets d->has_functions. */
void gemini_tools_put(struct gemini_draft *d);

#endif
