/* Opaque state of reasoning (signatures, encrypted thoughts) in the forms that travel in this dialect:
 *
 *   reasoning_details[]    OpenRouter's: {type, text | summary | data, signature, format, id, index};
 *                          `format` names who made it
 *   thinking_blocks[]      LiteLLM's: Anthropic's own blocks
 *   extra_content          Google's, on a tool call: {"google":{"thought_signature":"..."}}
 *   id__thought__STATE     on a tool call's id (LiteLLM's way): plain clients send back nothing else
 *
 * State of another dialect goes out sealed (chat/seal.h), so that a body that holds some never passes
 * untouched to a provider that did not make it.  State of this dialect's own providers is the JSON text of
 * the reasoning_details item without its text: what `format` they use is theirs to know. */
#ifndef DIALECT_OPENAI_STATE_H
#define DIALECT_OPENAI_STATE_H

#include "dialect/dialect.h"

/* Between a tool call's id and the state that hides behind it. */
#define OPENAI_STATE_MARK "__thought__"

/* The `format` of a dialect's state; "" when it has none.  And the dialect's tag; 0 for an unknown format. */
const char *openai_state_format(char tag);
char openai_state_tag(struct slice format);

/* The id without what hides behind it; *out_state is that, or empty. */
struct slice openai_state_cut_id(struct slice id, struct slice *out_state);

/* {"google":{"thought_signature":...}} of `extra_content`, or empty. */
struct slice openai_state_of_extra(yyjson_val *call);

/* A reasoning_details item without its text, as JSON appended to `out`.  False when it does not fit. */
bool openai_state_put_item(yyjson_val *item, struct buf *out);
/* The text of an item, or its summary. */
struct slice openai_state_text(yyjson_val *item);

#endif
