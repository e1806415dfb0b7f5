/* Tool calls in answers of the dialect openai-chat: which fragment belongs to which call, for servers that
 * leave out, repeat or mix up indexes and ids (protocols.md 1.5 "Tolerances"). */
#ifndef DIALECT_OPENAI_CALLS_H
#define DIALECT_OPENAI_CALLS_H

#include "dialect/openai_frame.h"

/* The `tool_calls` array of a delta, or of a message (`whole`), where each element is a call. */
void openai_calls_read(struct openai_frame *f, uint16_t choice, yyjson_val *calls, bool whole);
/* The legacy `function_call` object: one call without id. */
void openai_calls_read_legacy(struct openai_frame *f, uint16_t choice, yyjson_val *call);

#endif
