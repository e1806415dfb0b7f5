/* One frame of an answer while it is decoded: gives out its events so that the first carries the raw bytes,
 * keeps the tally, and remembers the blocks that are open.
 *
 * Blocks do not overlap (protocols.md 4.4), but weir does not depend on it: each is found by its index.
 *
 *   (none) -> open    content_block_start            [anthropic_frame_open]
 *   open   -> open    content_block_delta            [anthropic_frame_find]
 *   open   -> (none)  content_block_stop, or another start under its index  [anthropic_frame_close] */
#ifndef DIALECT_ANTHROPIC_FRAME_H
#define DIALECT_ANTHROPIC_FRAME_H

#include "dialect/dialect.h"

enum anthropic_frame_kind { ANTHROPIC_FRAME_TEXT, ANTHROPIC_FRAME_THINKING, ANTHROPIC_FRAME_TOOL,
	ANTHROPIC_FRAME_OTHER };	/* redacted thinking, tools of the server */

struct anthropic_frame_block {
	struct anthropic_frame_block *next;
	int64_t index;
	enum anthropic_frame_kind kind;
	uint16_t part;		/* TOOL: number of the call */
	bool has_args, has_text;	/* TOOL, THINKING: some of it has come */
	struct slice input;	/* TOOL: arguments that came with the start, for want of pieces */
};

/* What a decoder remembers between frames: dialect_decode.state. */
struct anthropic_frame_state {
	struct anthropic_frame_block *open, *idle;	/* in the decoder's arena */
	uint16_t n_calls, n_blocks;
	bool started, finished;		/* EVENT_START, EVENT_FINISH is out */
	struct slice call_seal;		/* signature of the next call; in the decoder's arena */
};

struct anthropic_frame {
	struct dialect_decode *d;
	struct anthropic_frame_state *state;
	struct slice raw;
	bool raw_given;
	uint16_t other;		/* of an event for a frame that gave none: 0 when it is part of the answer */
	enum err err;		/* first error of on_event: nothing is given out after it */
};

struct anthropic_frame anthropic_frame_of(struct dialect_decode *d, struct slice raw);
/* Gives out an event; fills in its raw fields. */
void anthropic_frame_emit(struct anthropic_frame *f, struct event *ev);
/* A text of choice 0; an empty one gives none. */
void anthropic_frame_text(struct anthropic_frame *f, enum event_kind kind, struct slice text);
/* An event of a part of choice 0. */
void anthropic_frame_part(struct anthropic_frame *f, enum event_kind kind, uint16_t part, struct slice text,
	struct slice extra);
/* The fault becomes the tally's (the first one stays) and an EVENT_ERROR. */
void anthropic_frame_fail(struct anthropic_frame *f, const struct fault *fault);
/* The answer has begun: there is a choice. */
void anthropic_frame_see(struct anthropic_frame *f);
/* EVENT_FINISH, once. */
void anthropic_frame_finish(struct anthropic_frame *f, enum event_finish finish, struct slice word,
	struct slice sequence);
/* The counts, cumulative: what a usage object says replaces what was known. */
void anthropic_frame_usage(struct anthropic_frame *f, yyjson_val *usage);
/* An event for a frame that gave none, so that its bytes are not lost. */
void anthropic_frame_end(struct anthropic_frame *f);

/* NULL: there are too many. */
struct anthropic_frame_block *anthropic_frame_open(struct anthropic_frame *f, int64_t index,
	enum anthropic_frame_kind kind);
struct anthropic_frame_block *anthropic_frame_find(const struct anthropic_frame *f, int64_t index);
void anthropic_frame_close(struct anthropic_frame *f, struct anthropic_frame_block *b);
/* The number of the next call; EVENT_NO_PART when there are too many. */
uint16_t anthropic_frame_next_call(struct anthropic_frame *f);

#endif
