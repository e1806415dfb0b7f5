/* Anthropic Messages (protocols.md 4).  Its const struct is declared in dialect.h beside those of the others; this room
 * only puts these together:
 *
 *   anthropic_parse    client's body -> request            anthropic_decode   provider's stream or answer -> events
 *   anthropic_build    request -> provider's body, fields  anthropic_frame    the events of one frame, open blocks
 *   anthropic_read     request -> typed view               anthropic_usage    token counts, both ways
 *   anthropic_blocks     its content blocks                anthropic_answer   what both encoders remember
 *   anthropic_write    typed view -> provider's body       anthropic_encode   events -> client's stream
 *   anthropic_draft      what its writers share            anthropic_collect  events -> client's whole answer
 *   anthropic_turns      its messages                      anthropic_error    errors, both ways
 *   anthropic_parts      its content blocks                anthropic_models   what a model takes and refuses
 *   anthropic_tools      its tools and their choice        anthropic_schema   JSON Schema as models take it
 *   anthropic_config     its settings                      anthropic_seal     other providers' state in its fields
 *                                                          anthropic_input    arguments of calls
 *
 * anthropic_count, the other dialect, counts tokens with the same rooms. */
#ifndef DIALECT_ANTHROPIC_MESSAGES_H
#define DIALECT_ANTHROPIC_MESSAGES_H

#include "dialect/dialect.h"

#endif
