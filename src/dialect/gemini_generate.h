/* Gemini's generateContent and streamGenerateContent (protocols.md 5).  The const struct is declared in dialect.h
 * beside those of the others; this room only puts these together:
 *
 *   gemini_parse    client's body -> request           gemini_decode   provider's stream or answer -> events
 *   gemini_build    request -> provider's body, path   gemini_frame    one chunk's events, the tally
 *   gemini_read     request -> typed view              gemini_sources  citations and log probabilities
 *   gemini_options    its tools and settings           gemini_answer   what both encoders remember
 *   gemini_write    typed view -> provider's body      gemini_encode   events -> client's stream
 *   gemini_turns      its contents                     gemini_collect  events -> client's whole answer
 *   gemini_tools      its tools                        gemini_usage    token counts, both ways
 *   gemini_config     its settings                     gemini_error    errors, both ways
 *   gemini_schema   JSON Schema <-> OpenAPI's subset   gemini_models   what a model can
 *   gemini_media    images, sounds and files           gemini_field    members in both spellings
 *
 * gemini_count, the other dialect, counts tokens with the same rooms. */
#ifndef DIALECT_GEMINI_GENERATE_H
#define DIALECT_GEMINI_GENERATE_H

#include "dialect/dialect.h"

#endif
