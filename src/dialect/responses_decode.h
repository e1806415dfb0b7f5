/* Answers of the dialect openai-responses -> events.  See struct dialect.
 *
 *   event                                      state of its item      gives
 *   response.created                           -                      START
 *   output_item.added (call)                   new -> started         TOOL_START
 *   output_text.delta, refusal.delta           any -> part open       TEXT, REFUSAL, LOGPROBS
 *   reasoning_text.delta, ..._summary_...      any -> part given      REASONING, a blank line between parts
 *   function_call_arguments.delta, custom_...  started -> args given  TOOL_ARGS
 *   annotation.added                           cited                  CITATION
 *   output_text.done, ...                      part given             what no delta brought
 *   content_part.done                          part closed            the same, LOGPROBS, CITATION, PART_END
 *   output_item.done                           done                   the same, SIGNATURE, MEDIA, PART_END
 *   response.completed, response.incomplete    all done               the same, USAGE, FINISH, END
 *   response.failed, error                     -                      ERROR
 *
 * An event for an item in a state that it does not fit gives nothing: deltas of a call that did not start come
 * again with the whole item.  Items of hosted tools are content without a typed meaning. */
#ifndef DIALECT_RESPONSES_DECODE_H
#define DIALECT_RESPONSES_DECODE_H

#include "dialect/dialect.h"

enum err responses_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
/* An answer without a status ended for an unknown reason; one that is not over (queued, in_progress) failed. */
enum err responses_decode_whole(struct dialect_decode *d, struct slice body);

#endif
