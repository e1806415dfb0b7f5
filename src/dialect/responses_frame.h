/* One frame of an answer of the dialect openai-responses while it is decoded: gives out its events so that
 * the first carries the raw bytes, keeps the tally, and knows the output items so far.
 *
 * Items are told apart by output_index; servers that leave it out by item_id; without both the newest of the
 * kind is meant.  What each item has given out is remembered, so that texts which come again (in `.done`
 * events, in the finished item, in the finished response) are given once, and texts that came nowhere else
 * are not lost. */
#ifndef DIALECT_RESPONSES_FRAME_H
#define DIALECT_RESPONSES_FRAME_H

#include "dialect/dialect.h"

enum responses_item_kind { RESPONSES_ITEM_MESSAGE, RESPONSES_ITEM_REASONING, RESPONSES_ITEM_CALL, RESPONSES_ITEM_IMAGE,
	RESPONSES_ITEM_HOSTED };

/* Parts from the 64th on share its last bit, and none of them is ever closed. */
struct responses_item {
	struct responses_item *next;	/* older */
	enum responses_item_kind kind;
	int64_t index;			/* output_index; -1: not said */
	struct slice id, call_id;
	uint64_t texts;			/* a bit a part: some of its text was given out */
	uint64_t summaries;		/* reasoning: the same for the parts of the summary */
	uint64_t closed;		/* a bit a part: nothing more comes from it */
	uint32_t open;			/* the part whose text is going on, from 1; 0: none */
	uint64_t base;			/* messages: characters of the answer's text before that part */
	uint16_t part;			/* of a call's events */
	struct slice state;		/* calls: what stood before it, for EVENT_SIGNATURE */
	bool started;			/* calls: EVENT_TOOL_START is out */
	bool skips_args;		/* some came before the start: all are taken from the finished item */
	bool has_args, has_logprobs, has_citations, has_image;
	bool done;
};

/* What a decoder remembers between frames: dialect_decode.state. */
struct responses_frame_state {
	struct responses_item *items;	/* newest first; in the decoder's arena */
	uint64_t text_chars;		/* of the answer's text so far */
	struct slice call_state;	/* of the call that comes next; usually empty */
	uint16_t n_items, n_calls;
	bool started;			/* EVENT_START is out */
	bool over;			/* EVENT_FINISH is out */
};

struct responses_frame {
	struct dialect_decode *d;
	struct responses_frame_state *state;
	struct slice raw;
	bool raw_given;
	uint16_t other;		/* choice that has content without a typed meaning; EVENT_NO_CHOICE */
	enum err err;		/* first error: nothing is given out after it */
};

struct responses_frame responses_frame_of(struct dialect_decode *d, struct slice raw);
/* Gives out an event of choice 0; fills in its raw. */
void responses_frame_emit(struct responses_frame *f, struct event ev);
/* The fault becomes the tally's (the first one stays) and an EVENT_ERROR. */
void responses_frame_fail(struct responses_frame *f, struct fault fault);
/* An event for a frame that gave none, so that its bytes are not lost. */
void responses_frame_end(struct responses_frame *f);

/* The item that an event names by output_index and item_id, when it is of this kind; NULL: not known. */
struct responses_item *responses_frame_find(const struct responses_frame *f, yyjson_val *event,
	enum responses_item_kind kind);
/* The item that is added here, when it was before; NULL: it is new. */
struct responses_item *responses_frame_known(const struct responses_frame *f, yyjson_val *item, int64_t index,
	enum responses_item_kind kind);
/* The item that is finished here, or stands at `index` of the finished response; NULL: not known. */
struct responses_item *responses_frame_match(const struct responses_frame *f, yyjson_val *item, int64_t index,
	enum responses_item_kind kind);
/* A new one.  NULL, with f->err ERR_UP_TOO_BIG: too many, or no room. */
struct responses_item *responses_frame_add(struct responses_frame *f, enum responses_item_kind kind, int64_t index,
	struct slice id, struct slice call_id);
/* A copy in the decoder's arena; empty with f->err ERR_UP_TOO_BIG when there is no room. */
struct slice responses_frame_keep(struct responses_frame *f, struct slice s);
/* Sets an id that was not known when the item was made. */
void responses_frame_name(struct responses_frame *f, struct responses_item *it, struct slice id, struct slice call_id);
/* `output_index` of an event; -1 when it says none. */
int64_t responses_frame_index(yyjson_val *event, const char *name);

#endif
