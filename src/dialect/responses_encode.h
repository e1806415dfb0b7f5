/* Events -> a client's stream of the dialect openai-responses.  See struct dialect.
 *
 *   event                   open before       what is written (and what is closed first)
 *   START                   -                 created, in_progress
 *   TEXT, REFUSAL           message           delta; a new part when the kind changes or the last has ended
 *                           else              (reasoning) output_item.added, content_part.added, delta
 *   REASONING               reasoning         summary delta; a new item behind a signature
 *                           else              (message) output_item.added, summary part added, delta
 *   TOOL_START              any               (message, reasoning) nothing yet: its signature comes first
 *   TOOL_ARGS               a call            output_item.added once, arguments delta
 *   SIGNATURE of reasoning  reasoning         nothing yet: the finished item has it
 *                           else              (message) an item with nothing else
 *   SIGNATURE of a call     pending call      a reasoning item with nothing else, then the call
 *   REDACTED                any               (message, reasoning) an item with nothing else
 *   CITATION, LOGPROBS      text part         annotation.added; an empty delta with logprobs
 *   MEDIA                   any               (message, reasoning) an image_generation_call item, whole
 *   PART_END                part, call, ...   its .done events; a message stays open for further parts
 *   FINISH                  any               the .done events of all that is open
 *   the end                 -                 completed or incomplete, with all items and the token counts
 *
 * Calls stay open beside each other until they end, so that interleaved arguments reach their own item. */
#ifndef DIALECT_RESPONSES_ENCODE_H
#define DIALECT_RESPONSES_ENCODE_H

#include "dialect/dialect.h"

/* Only choice 0 is written: this dialect has no others.  Nothing for EVENT_OTHER, EVENT_ERROR (the caller
 * sends the error event), EVENT_END and EVENT_VECTOR. */
void responses_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
/* Nothing when no EVENT_FINISH came. */
void responses_encode_end(struct dialect_encode *e, struct buf *out);
/* The same as responses_encode_event without writing: see struct dialect, collect. */
void responses_encode_collect(struct dialect_encode *e, const struct event *ev);

#endif
