/* Pieces of an answer of the dialect openai-chat beside its texts and calls, as JSON: items of
 * reasoning_details, annotations and images.  The stream writer and the whole-answer writer put them into
 * a delta or a message. */
#ifndef DIALECT_OPENAI_DETAIL_H
#define DIALECT_OPENAI_DETAIL_H

#include "dialect/dialect.h"

/* Each in the encoder's arena; empty when there is nothing to say, and also when there is no room: then
 * e->err is set. */

/* EVENT_SIGNATURE and EVENT_REDACTED of reasoning; `text` is what was signed. */
struct slice openai_detail_reasoning(struct dialect_encode *e, const struct event *ev, struct slice text,
	unsigned index);
/* The same as an element of thinking_blocks, which clients of LiteLLM send back; for what other dialects made. */
struct slice openai_detail_block(struct dialect_encode *e, const struct event *ev, struct slice text);
/* True when the item of a signature holds the text that was signed; encrypted reasoning (Responses) is not
 * told twice. */
bool openai_detail_has_text(const struct dialect_encode *e);
/* EVENT_SIGNATURE of a tool call: what stands in thought_signature, and hides in the call's id when it is
 * sealed. */
struct slice openai_detail_call_state(struct dialect_encode *e, const struct event *ev);
/* EVENT_CITATION. */
struct slice openai_detail_citation(struct dialect_encode *e, const struct event *ev);
/* EVENT_MEDIA that is no sound. */
struct slice openai_detail_image(struct dialect_encode *e, const struct event *ev, unsigned index);

/* True when another dialect made the events: its state goes out sealed. */
bool openai_detail_is_foreign(const struct dialect_encode *e);
/* The elements of a JSON array, without its brackets. */
struct slice openai_detail_elements(struct slice array);

#endif
