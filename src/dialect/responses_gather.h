/* Finished parts and items -> what they hold and their deltas did not bring; also the deltas themselves,
 * since both keep the same books. */
#ifndef DIALECT_RESPONSES_GATHER_H
#define DIALECT_RESPONSES_GATHER_H

#include "dialect/responses_frame.h"

/* The kind of an output item. */
enum responses_item_kind responses_gather_kind(yyjson_val *item);

/* Text of part `part` of a message (EVENT_TEXT, EVENT_REFUSAL). */
void responses_gather_text(struct responses_frame *f, struct responses_item *it, uint32_t part, enum event_kind kind,
	struct slice text);
/* The array `logprobs` of an event or a part of a message. */
void responses_gather_logprobs(struct responses_frame *f, struct responses_item *it, uint32_t part,
	yyjson_val *logprobs);
/* An annotation. */
void responses_gather_citation(struct responses_frame *f, struct responses_item *it, yyjson_val *annotation);
/* Text of part `part` of a reasoning item, or of its summary. */
void responses_gather_reasoning(struct responses_frame *f, struct responses_item *it, uint32_t part, bool is_summary,
	struct slice text);
/* A call whose name and id are known. */
void responses_gather_call(struct responses_frame *f, struct responses_item *it, yyjson_val *item);
void responses_gather_args(struct responses_frame *f, struct responses_item *it, struct slice text);

/* The same for whole texts: nothing when some of it was given out before. */
void responses_gather_whole_text(struct responses_frame *f, struct responses_item *it, uint32_t part,
	enum event_kind kind, struct slice text);
void responses_gather_whole_reasoning(struct responses_frame *f, struct responses_item *it, uint32_t part,
	bool is_summary, struct slice text);
void responses_gather_whole_args(struct responses_frame *f, struct responses_item *it, struct slice text);

/* A finished part of a message. */
void responses_gather_part(struct responses_frame *f, struct responses_item *it, uint32_t part, yyjson_val *value);
/* A finished item, once. */
void responses_gather_item(struct responses_frame *f, struct responses_item *it, yyjson_val *item);

#endif
