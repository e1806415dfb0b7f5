/* One chunk of an answer while it is decoded: gives out its events so that the first carries the raw bytes, and keeps
 * the tally and what is known of each candidate.  Shared by the rooms that read the parts of an answer of Gemini's
 * dialects. */
#ifndef DIALECT_GEMINI_FRAME_H
#define DIALECT_GEMINI_FRAME_H

#include "dialect/dialect.h"
#include "dialect/gemini_offsets.h"

/* Google gives 8 candidates at most; more than that is a broken peer. */
#define GEMINI_FRAME_CHOICES 128u
/* Tool calls of one candidate: bounds what a peer can make clients remember. */
#define GEMINI_FRAME_CALLS 1024u

struct gemini_sources;

/* A candidate so far; in the decoder's arena. */
struct gemini_frame_choice {
	struct gemini_frame_choice *next;
	uint16_t index;
	uint16_t n_calls;
	bool done, has_content;
	struct gemini_offsets offsets;	/* of its text */
	struct gemini_sources *sources;	/* that were given out */
};

/* What a decoder remembers between chunks: dialect_decode.state. */
struct gemini_frame_state {
	struct gemini_frame_choice *choices;
	uint32_t n_choices, n_done;
	uint64_t id_hash;	/* of the answer's id, for ids of calls that have none */
	bool started;		/* EVENT_START is out */
};

struct gemini_frame {
	struct dialect_decode *d;
	struct gemini_frame_state *state;
	struct slice raw;
	bool raw_given;
	uint16_t other;		/* candidate that has content without a typed meaning; EVENT_NO_CHOICE */
	enum err err;		/* first error of on_event: nothing is given out after it */
};

struct gemini_frame gemini_frame_of(struct dialect_decode *d, struct slice raw);
/* Gives out an event; fills in its raw fields. */
void gemini_frame_emit(struct gemini_frame *f, struct event *ev);
/* The fault becomes the tally's (the first one stays) and an EVENT_ERROR. */
void gemini_frame_fail(struct gemini_frame *f, const struct fault *fault);
/* Made when new; NULL when the index is out of range. */
struct gemini_frame_choice *gemini_frame_choice(struct gemini_frame *f, uint64_t index);
/* The candidate's end; only the first one counts. */
void gemini_frame_finish(struct gemini_frame *f, struct gemini_frame_choice *c, enum event_finish finish,
	struct slice word);
/* An event for a chunk that gave none, so that its bytes are not lost. */
void gemini_frame_end(struct gemini_frame *f);

#endif
