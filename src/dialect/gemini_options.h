/* What a Gemini request says beside its contents: tools and settings -> the typed view (protocols.md 5.2).  All of
 * these return false with *fault (ERR_BAD_FIELD, ERR_TOO_BIG). */
#ifndef DIALECT_GEMINI_OPTIONS_H
#define DIALECT_GEMINI_OPTIONS_H

#include "chat/fault.h"
#include "chat/prompt.h"

bool gemini_options_tools(struct prompt *p, yyjson_val *tools, struct fault *fault);
bool gemini_options_choice(struct prompt *p, yyjson_val *config, struct fault *fault);
/* generationConfig.  Members that mean something to Gemini only become extras named "generationConfig.x". */
bool gemini_options_config(struct prompt *p, yyjson_val *config, struct fault *fault);
/* serviceTier in OpenAI's words. */
void gemini_options_tier(struct prompt *p, yyjson_val *tier);

#endif
