/* What an encoder of the dialect openai-responses knows of the answer so far: its output items with all their
 * texts, since the last event of a stream repeats them.  Shared by the stream writer and the whole-answer
 * writer; everything lives in the encoder's arena.
 *
 *   responses_output          the answer
 *     responses_piece         an output item: message, reasoning, call, image
 *       responses_text        its texts, growing */
#ifndef DIALECT_RESPONSES_OUTPUT_H
#define DIALECT_RESPONSES_OUTPUT_H

#include "dialect/dialect.h"

#define RESPONSES_OUTPUT_ECHOES 24u	/* at least the rows of responses_echo.def */

/* Text that grows; doubling, so that the arena holds at most twice what is needed. */
struct responses_text {
	char *p;
	size_t n, cap;
};

/* A content part of a message. */
struct responses_part {
	struct responses_part *next;
	uint32_t index;
	bool is_refusal;
	bool done;
	uint64_t base;				/* characters of the answer's text before it */
	struct responses_text text;
	struct responses_text annotations;	/* JSON objects with commas between them */
	struct responses_text logprobs;		/* likewise */
	uint32_t n_annotations;
};

enum responses_piece_kind { RESPONSES_PIECE_MESSAGE, RESPONSES_PIECE_REASONING, RESPONSES_PIECE_CALL,
	RESPONSES_PIECE_IMAGE };

/* An output item. */
struct responses_piece {
	struct responses_piece *next;
	enum responses_piece_kind kind;
	uint32_t index;			/* output_index */
	bool done, incomplete;
	struct slice id;
	struct responses_part *parts, *part;	/* messages: all, the last */
	struct responses_text text;	/* reasoning: its summary; calls: arguments or input; images: base64 */
	struct slice state;		/* reasoning: encrypted_content */
	bool custom;			/* calls: the request defines it as a custom tool */
	uint16_t of;			/* calls: part of the events */
	struct slice call_id, name;
	const char *format;		/* images: "png" */
};

struct responses_custom;

struct responses_output {
	struct dialect_encode *e;
	struct slice id, model;
	char seed[33];			/* of the ids that weir makes */
	uint32_t n_made;		/* ids made so far */
	struct slice echo[RESPONSES_OUTPUT_ECHOES];	/* members of the request, by row; empty: not there */
	struct responses_custom *customs;	/* custom tools of the request */
	struct responses_piece *pieces, **end;	/* by rising index */
	uint32_t n_pieces;
	struct dialect_only only;
	struct responses_part *text;	/* the newest that is no refusal, open or not */
	struct responses_text logprobs;	/* that came while no text was open: elements, each with a comma between */
	struct responses_piece *message, *reasoning;	/* open ones; NULL: none */
	struct responses_piece *pending;	/* a call not yet among the pieces: its signature would come first */
	uint64_t chars;			/* of the answer's text */
	uint64_t sequence;		/* of the next event */
	struct usage usage;
	bool has_usage;
	bool begun;			/* response.created is out */
	bool over;			/* EVENT_FINISH came */
	bool incomplete;
	struct slice reason;		/* why incomplete; may be empty */
};

/* The answer of this encoder, made on first use. */
struct responses_output *responses_output_of(struct dialect_encode *e);
/* The same, NULL when nothing was encoded. */
struct responses_output *responses_output_seen(struct dialect_encode *e);
/* EVENT_START: id and model as the provider says them; an id that is not of this dialect is replaced. */
void responses_output_start(struct responses_output *o, const struct event *ev);

/* A new item, not yet among the pieces; `id` empty or taken: one is made.  NULL: no room, e->err says so. */
struct responses_piece *responses_output_piece(struct responses_output *o, enum responses_piece_kind kind,
	struct slice id);
/* Puts it among the pieces. */
void responses_output_link(struct responses_output *o, struct responses_piece *piece);
/* A call as an EVENT_TOOL_START or, when that never came, an EVENT_TOOL_ARGS names it. */
struct responses_piece *responses_output_call(struct responses_output *o, const struct event *ev);
/* The call of this part of the events, pending or not; NULL: none. */
struct responses_piece *responses_output_find(struct responses_output *o, uint16_t part);
/* A new last part of a message.  NULL: no room. */
struct responses_part *responses_output_part(struct responses_output *o, struct responses_piece *message,
	bool is_refusal);

/* Appends; on lack of room e->err becomes ERR_TOO_BIG. */
void responses_output_grow(struct responses_output *o, struct responses_text *t, struct slice more);
/* A copy in the arena, or empty with e->err ERR_TOO_BIG. */
struct slice responses_output_keep(struct responses_output *o, struct slice s);
/* JSON text without line ends between its tokens: they would end an event's data. */
struct slice responses_output_line(struct responses_output *o, struct slice json);
static inline struct slice responses_output_text(const struct responses_text *t)
{
	return slice_of(t->p, t->n);
}

#endif
