/* OpenAI Chat Completions, as OpenAI and the many servers that copy it speak it (protocols.md 1 and 6).  Its
 * const struct is declared in dialect.h beside those of the others; this room only puts these together:
 *
 *   openai_parse    client's body -> request          openai_decode  provider's stream or answer -> events
 *   openai_build    request -> provider's body        openai_frame   the events of one frame, the tally
 *   openai_encode   events -> client's stream         openai_calls   which fragment belongs to which call
 *   openai_collect  events -> client's whole answer   openai_beside  state, sources, images, probabilities
 *   openai_answer   what both of these remember       openai_usage   token counts, both ways
 *   openai_detail   pieces that both of these write   openai_error   errors, both ways
 *
 *   openai_read     client's body -> typed view: _parts its messages, _state reasoning in them, _tools
 *   openai_field    one member, checked
 *   openai_write    typed view -> provider's body: _parts its messages, _content and _state in them, _tools
 *   openai_rest     members inside messages that no reader knows, for a body of the same dialect
 *   openai_state    the forms in which opaque state of reasoning travels */
#ifndef DIALECT_OPENAI_CHAT_H
#define DIALECT_OPENAI_CHAT_H

#include "dialect/dialect.h"

#endif
