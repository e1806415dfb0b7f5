/* Log probabilities: Gemini's logprobsResult and OpenAI's choices[].logprobs.content, which the waist uses. */
#ifndef DIALECT_GEMINI_LOGPROBS_H
#define DIALECT_GEMINI_LOGPROBS_H

#include "codec/json_out.h"

/* A logprobsResult -> a JSON array in OpenAI's form; nothing is written when it has no token. */
bool gemini_logprobs_read(yyjson_val *result, struct json_out *w);
/* The members of such an array, put where Gemini has them: `chosen` into chosenCandidates, else into topCandidates.
 * Into an open array. */
void gemini_logprobs_put(struct json_out *w, yyjson_val *content, bool chosen);

#endif
