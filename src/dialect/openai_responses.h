/* OpenAI Responses (protocols.md 2).  Its const struct is declared in dialect.h beside those of the others; this room only
 * puts these together:
 *
 *   responses_parse    client's body -> request            responses_decode   provider's stream or answer -> events
 *   responses_build    request -> provider's body          responses_frame    the events of one frame, items so far
 *   responses_read     request -> typed view               responses_usage    token counts, both ways
 *   responses_items      its input items                   responses_output   what both encoders remember
 *   responses_write    typed view -> provider's body       responses_encode   events -> client's stream
 *   responses_turns      its input items                   responses_object   the response object, output items
 *   responses_seal     opaque state inside this dialect    responses_collect  events -> client's whole answer
 *   responses_error    errors, both ways
 *
 * Answers of providers that store responses pass untouched; weir itself stores none. */
#ifndef DIALECT_OPENAI_RESPONSES_H
#define DIALECT_OPENAI_RESPONSES_H

#include "dialect/dialect.h"

#endif
