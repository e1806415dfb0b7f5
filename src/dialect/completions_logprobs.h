/* Log probabilities, between the form of the dialect openai-completions and that of the waist
 * (EVENT_LOGPROBS):
 *
 *   {"tokens":["a"],"token_logprobs":[-0.1],"top_logprobs":[{"a":-0.1,"b":-2}],"text_offset":[0]}
 *   [{"token":"a","logprob":-0.1,"bytes":null,"top_logprobs":[{"token":"a","logprob":-0.1,"bytes":null},
 * ...]}] */
#ifndef DIALECT_COMPLETIONS_LOGPROBS_H
#define DIALECT_COMPLETIONS_LOGPROBS_H

#include "codec/json_out.h"

/* The first as the second, appended to `out`.  False when there is nothing in it that can be read, or no
 * room. */
bool completions_logprobs_read(yyjson_val *logprobs, struct buf *out);
/* The second as the first.  The first token stands *offset characters behind the start of the text; moved to
 * behind the last.  Writes null for what is no such list. */
void completions_logprobs_write(struct slice list, uint64_t *offset, struct json_out *w);

#endif
