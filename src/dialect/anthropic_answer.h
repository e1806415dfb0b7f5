/* An answer for a client of the dialect anthropic-messages, block by block: what its stream writer has still
 * to write, and all of it for the whole-answer writer.  Everything lives in the encoder's arena.
 *
 * The dialect's blocks follow each other, while events of other dialects can come mixed: a block waits in the
 * list until those before it are done.
 *
 *   waiting -> open    all blocks before it are closed                  [stream writer]
 *   open    -> ended   EVENT_PART_END                                   [anthropic_answer_take]
 *   open    -> closed  ended, or the answer is over; or another block waits and this one can be done: any text, and a
 *                      call whose arguments are a complete JSON value   [stream writer] */
#ifndef DIALECT_ANTHROPIC_ANSWER_H
#define DIALECT_ANTHROPIC_ANSWER_H

#include "codec/json_out.h"
#include "dialect/dialect.h"

/* Text that grows; doubling, so that the arena holds at most twice what is needed. */
struct anthropic_answer_text {
	char *p;
	size_t n, cap;
};

/* Whether the arguments so far are a whole object or array. */
struct anthropic_answer_scan {
	uint32_t depth;
	bool begun, in_string, escaped;
};

struct anthropic_answer_citation {
	struct anthropic_answer_citation *next;
	struct slice json;
};

enum anthropic_answer_kind { ANTHROPIC_ANSWER_TEXT, ANTHROPIC_ANSWER_THINKING, ANTHROPIC_ANSWER_REDACTED,
	ANTHROPIC_ANSWER_TOOL };

struct anthropic_answer_block {
	struct anthropic_answer_block *next;
	struct anthropic_answer_block *next_call;	/* TOOL */
	enum anthropic_answer_kind kind;
	uint16_t part;			/* TOOL: of the events */
	bool open;			/* its start is written */
	bool ended;			/* nothing more comes for it */
	bool closed;			/* TOOL: its end is written */
	bool is_signed;			/* THINKING: its signature has come */
	struct slice id, name;		/* TOOL */
	struct anthropic_answer_text text;	/* text, thinking, arguments, opaque data: not yet written */
	struct slice signature;		/* not yet written */
	struct anthropic_answer_citation *citations, **citations_end;	/* not yet written */
	struct anthropic_answer_scan scan;
};

struct anthropic_answer {
	struct slice id, model;
	struct anthropic_answer_block *blocks;	/* not closed, in order; of a whole answer all */
	struct anthropic_answer_block *last;	/* of them; NULL: none */
	struct anthropic_answer_block *calls;	/* all, newest first */
	struct anthropic_answer_block *idle;	/* closed blocks that are no calls, to be used again */
	struct anthropic_answer_block *fresh;	/* a call that began with the last event: its signature may come */
	uint32_t index;				/* of the next block in the stream */
	struct dialect_only only;
	bool begun;				/* message_start is written */
	bool has_usage;
	bool finished;				/* the reason has come; more of the blocks may follow */
	bool over;				/* nothing follows any more [stream writer] */
	struct usage usage;
	enum event_finish finish;
	struct slice word, sequence;		/* of the finish, as the provider said them */
};

/* False: no event has come yet. */
bool anthropic_answer_has_begun(const struct dialect_encode *e);
/* The answer of this encoder, made on first use. */
struct anthropic_answer *anthropic_answer_of(struct dialect_encode *e);
/* Takes an event in.  On lack of room e->err becomes ERR_TOO_BIG.  Other choices than the first to say something
 * are left out. */
void anthropic_answer_take(struct dialect_encode *e, const struct event *ev);
/* True when a block may end because it has, because another waits, or because the answer is over. */
bool anthropic_answer_can_close(const struct anthropic_answer *a, const struct anthropic_answer_block *b);
/* Takes the first block out of the list. */
void anthropic_answer_close(struct anthropic_answer *a);

/* The counts: the provider's, or an estimate of the prompt's. */
struct usage anthropic_answer_usage(struct dialect_encode *e);
/* stop_reason, in the client's words (null when the provider gave none), and stop_sequence. */
void anthropic_answer_write_end(struct dialect_encode *e, struct json_out *w);

#endif
