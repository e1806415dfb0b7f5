/* Tools of a prompt -> tools, tool_choice and what hangs on them, of a body of the dialect openai-chat. */
#ifndef DIALECT_OPENAI_WRITE_TOOLS_H
#define DIALECT_OPENAI_WRITE_TOOLS_H

#include "dialect/openai_write.h"

void openai_write_tools(struct openai_write *o);

#endif
