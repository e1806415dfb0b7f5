/* OpenAI Responses (protocols.md 2).  Its const struct is declared in dialect.h beside those of the others; this
 * room only puts these together:
 *
 *   responses_parse    client's body -> request          responses_decode   provider's answer -> events
 *   responses_build    request -> provider's body        responses_gather     parts and items, once each
 *   responses_read     request -> typed view             responses_frame      the events of a frame, the items
 *   responses_items      its input items                 responses_output   what both encoders remember
 *   responses_write    typed view -> provider's body     responses_encode   events -> client's stream
 *   responses_turns      its input items                 responses_stream     the events of a stream
 *   responses_tools      its tools                       responses_object     items, the response
 *   responses_body       what these three share          responses_collect  events -> client's whole answer
 *   responses_seal     opaque state, both ways           responses_usage    token counts, both ways
 *   responses_error    errors, both ways
 *
 * Answers of providers that store responses pass untouched; weir itself stores none. */
#ifndef DIALECT_OPENAI_RESPONSES_H
#define DIALECT_OPENAI_RESPONSES_H

#include "dialect/dialect.h"

#endif
