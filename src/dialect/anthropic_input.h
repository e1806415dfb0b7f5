/* Arguments of a tool call, a text in the waist, and `input` in this dialect, which is always an object.
 * What a model wrote can be no JSON, or no object: it is kept as the text that it is, and found again when it
 * comes back.
 *
 *   {"a":1}    <->  {"a":1}
 *   (nothing)   ->  {}
 *   [1, or 7   <->  {"_raw":"[1, or 7"} */
#ifndef DIALECT_ANTHROPIC_INPUT_H
#define DIALECT_ANTHROPIC_INPUT_H

#include "codec/json_out.h"

/* Writes the value.  False: no room in `a` to look at it. */
bool anthropic_input_write(struct arena *a, struct json_out *w, struct slice args) MUST_CHECK;
/* The text, in `a`; empty when there is no input, or no room. */
struct slice anthropic_input_text(struct arena *a, yyjson_val *input);

#endif
