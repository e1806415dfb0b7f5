/* Gemini's contents -> messages (protocols.md 5.2). */
#ifndef DIALECT_GEMINI_CONTENTS_H
#define DIALECT_GEMINI_CONTENTS_H

#include "chat/fault.h"
#include "chat/prompt.h"

/* systemInstruction: its texts as one system message. */
void gemini_contents_system(struct prompt *p, yyjson_val *content);
/* All turns, tidied.  False with *fault (ERR_BAD_FIELD, ERR_TOO_BIG). */
bool gemini_contents_read(struct prompt *p, yyjson_val *contents, struct fault *fault);

#endif
