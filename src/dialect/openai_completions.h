/* OpenAI's legacy completions (protocols.md 3.3), which base models and local servers still speak.  Its const
 * struct is declared in dialect.h beside those of the others; this room only puts these together:
 *
 *   completions_parse   client's body -> request        completions_decode    provider's stream or answer -> events
 *   completions_read    request -> typed view           completions_encode    events -> client's stream or answer
 *   completions_write   typed view -> provider's body   completions_logprobs  log probabilities, both ways
 *
 * and the rooms of openai-chat: openai_build, openai_error, openai_frame, openai_twin, openai_usage,
 * openai_answer. */
#ifndef DIALECT_OPENAI_COMPLETIONS_H
#define DIALECT_OPENAI_COMPLETIONS_H

#include "dialect/dialect.h"

#endif
