/* One frame of an answer while it is decoded: gives out its events so that the first carries the raw
 * bytes, and keeps the tally.  Shared by the rooms that read the parts of an answer of the dialect
 * openai-chat. */
#ifndef DIALECT_OPENAI_FRAME_H
#define DIALECT_OPENAI_FRAME_H

#include "dialect/dialect.h"

/* OpenAI's limit of n (protocols.md 1.1). */
#define OPENAI_FRAME_CHOICES 128u

struct openai_calls_call;
struct openai_twin;

/* What a decoder remembers between frames: dialect_decode.state. */
struct openai_frame_state {
	uint64_t seen[2], done[2];		/* one bit a choice */
	struct openai_calls_call *calls;	/* tool calls so far, newest first; in the decoder's arena */
	uint16_t n_calls;
	uint16_t n_sources;			/* of a list beside the choices, that are out */
	bool started;				/* EVENT_START is out */
	bool has_text;				/* EVENT_TEXT of any choice */
	struct openai_twin *twin;		/* in the decoder's arena; NULL: none yet */
	/* One bit a choice: reasoning since the last signature.  In the decoder's arena; NULL: never any. */
	uint64_t *reasoned;
};

struct openai_frame {
	struct dialect_decode *d;
	struct openai_frame_state *state;
	struct slice raw;
	bool raw_given;
	bool hidden;
	uint16_t other;		/* choice that has content without a typed meaning; EVENT_NO_CHOICE */
	enum err err;		/* first error of on_event: nothing is given out after it */
	uint32_t n_events;
	yyjson_val *sources, *results;	/* lists beside the choices; NULL: none, or not this provider's habit */
	uint8_t last_kind;	/* of the last event; its text is as short-lived as the parsed chunk */
	uint16_t last_choice;
	struct slice last_text;
};

struct openai_frame openai_frame_of(struct dialect_decode *d, struct slice raw);
/* Gives out an event; fills in its raw and hidden fields. */
void openai_frame_emit(struct openai_frame *f, struct event *ev);
/* A text, reasoning or refusal; an empty one is no event. */
void openai_frame_text(struct openai_frame *f, uint16_t choice, enum event_kind kind, struct slice text);
/* True when the choice has reasoned since its last signature; and that one came. */
bool openai_frame_has_reasoned(const struct openai_frame *f, uint16_t choice);
void openai_frame_signed(struct openai_frame *f, uint16_t choice);
/* The fault becomes the tally's (the first one stays) and an EVENT_ERROR. */
void openai_frame_fail(struct openai_frame *f, const struct fault *fault);
/* False when the choice is out of range. */
bool openai_frame_see(struct openai_frame *f, uint64_t choice);
/* True the first time. */
bool openai_frame_done(struct openai_frame *f, uint16_t choice);
/* An event for a frame that gave none, so that its bytes are not lost. */
void openai_frame_end(struct openai_frame *f);

#endif
