/* What stands in an answer of the dialect openai-chat beside its texts and calls: state of reasoning,
 * sources, images, log probabilities. */
#ifndef DIALECT_OPENAI_BESIDE_H
#define DIALECT_OPENAI_BESIDE_H

#include "dialect/openai_frame.h"

/* True when an item of `reasoning_details` has text of its own. */
bool openai_beside_has_text(yyjson_val *details);
/* Text, EVENT_SIGNATURE, EVENT_REDACTED.  The state in the event is the item without its text
 * (openai_state.h): its `format` is its maker's own, so only providers of this dialect get it back. */
void openai_beside_details(struct openai_frame *f, uint16_t choice, yyjson_val *details, bool whole);
/* EVENT_CITATION of each url_citation. */
void openai_beside_annotations(struct openai_frame *f, uint16_t choice, yyjson_val *annotations);
/* EVENT_CITATION of each source beside the choices that was not told yet (Perplexity: citations, a list of
 * addresses that grows from chunk to chunk, and search_results with their titles). */
void openai_beside_sources(struct openai_frame *f, uint16_t choice);
/* EVENT_MEDIA of each image (OpenRouter). */
void openai_beside_images(struct openai_frame *f, uint16_t choice, yyjson_val *images);
/* EVENT_LOGPROBS of the choice's member. */
void openai_beside_logprobs(struct openai_frame *f, uint16_t choice, yyjson_val *logprobs);

#endif
