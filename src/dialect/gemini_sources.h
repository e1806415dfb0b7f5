/* Where an answer comes from: Gemini's groundingMetadata and citationMetadata, and the waist's citations. */
#ifndef DIALECT_GEMINI_SOURCES_H
#define DIALECT_GEMINI_SOURCES_H

#include "codec/json_out.h"
#include "dialect/gemini_frame.h"

/* Gives out an EVENT_CITATION for each source of a candidate that was not given out before. */
void gemini_sources_read(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *candidate);

/* A citation kept for a client's groundingMetadata. */
struct gemini_sources_kept {
	struct gemini_sources_kept *next;
	struct slice url, title, text;
	int64_t start, end;		/* bytes of the text; -1: not known */
};

/* From an EVENT_CITATION, in `a`; NULL when it names no URL, or without room. */
struct gemini_sources_kept *gemini_sources_keep(struct arena *a, const struct event *ev,
	const struct gemini_offsets *o);
/* A groundingMetadata object. */
void gemini_sources_put(struct json_out *w, const struct gemini_sources_kept *list);

#endif
