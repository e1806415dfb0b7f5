/* Tools of the typed view and the choice among them -> members of the provider's body. */
#ifndef DIALECT_RESPONSES_TOOLS_H
#define DIALECT_RESPONSES_TOOLS_H

#include "dialect/responses_body.h"

/* tools, tool_choice and parallel_tool_calls; none of them without a tool that the provider can be told of. */
void responses_tools_write(struct responses_body *b);

#endif
