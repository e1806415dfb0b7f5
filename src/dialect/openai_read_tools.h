/* Tools and the choice among them, of a body of the dialect openai-chat -> a prompt (protocols.md 1.1,
 * 1.3). */
#ifndef DIALECT_OPENAI_READ_TOOLS_H
#define DIALECT_OPENAI_READ_TOOLS_H

#include "dialect/openai_field.h"

/* `name`: tools, or the legacy functions. */
bool openai_read_tools(struct openai_field *f, yyjson_val *list, const char *name) MUST_CHECK;
/* `name`: tool_choice, or the legacy function_call. */
bool openai_read_tools_choice(struct openai_field *f, yyjson_val *v, const char *name) MUST_CHECK;

#endif
