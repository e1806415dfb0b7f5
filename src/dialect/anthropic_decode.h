/* Answers of the dialects anthropic-messages and anthropic-count -> events.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_DECODE_H
#define DIALECT_ANTHROPIC_DECODE_H

#include "dialect/dialect.h"

/* A frame that is only a sign of life (ping, empty data) gives no event.  Every other frame gives at least one.
 *
 *   message_start        start, usage
 *   content_block_start  tool_start; redacted; text, reasoning and signature when the block has some already
 *   content_block_delta  text, reasoning, tool_args, signature, citation
 *   content_block_stop   tool_args "{}" when a call had none; part_end
 *   message_delta        finish, usage
 *   message_stop         end
 *   error                error; nothing else of the frame
 *   anything else        other */
enum err anthropic_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);
enum err anthropic_decode_whole(struct dialect_decode *d, struct slice body);

/* {"input_tokens":N}: usage, and a finish that says that this is all. */
enum err anthropic_decode_count(struct dialect_decode *d, struct slice body);
/* Counts are not streamed; the same object as the data of an event is understood. */
enum err anthropic_decode_count_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw);

#endif
