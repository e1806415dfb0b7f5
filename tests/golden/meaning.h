/* What an answer means, whatever its dialect: events put together, so that two answers can be compared.
 * Fragment boundaries, EVENT_PART_END and the order of events of different parts are not meaning; what a dialect
 * has no place for is left out of the comparison by its row of the table in meaning.c. */
#ifndef TESTS_GOLDEN_MEANING_H
#define TESTS_GOLDEN_MEANING_H

#include "dialect/dialect.h"

/* What cannot be said in a dialect, or comes back as something else. */
enum meaning_loss {
	LOSS_ID = 1 << 0,		/* the answer's id */
	LOSS_ORDER = 1 << 1,		/* what stood before what: all reasoning, all text, all calls */
	LOSS_CALLS = 1 << 2,		/* tool calls */
	LOSS_CALL_ID = 1 << 3,
	LOSS_REASONING = 1 << 4,
	LOSS_REFUSAL = 1 << 5,		/* a refusal becomes text */
	LOSS_CHOICES = 1 << 6,		/* choices but the first to say something, and its index */
	LOSS_SIGNATURE = 1 << 7,	/* of reasoning and text */
	LOSS_CALL_SIGNATURE = 1 << 8,
	LOSS_ITEM_ID = 1 << 9,		/* the id beside a signature */
	LOSS_REDACTED = 1 << 10,
	LOSS_CITATION = 1 << 11,
	LOSS_LOGPROBS = 1 << 12,
	LOSS_MEDIA = 1 << 13,
	LOSS_STOPPED_BY = 1 << 14,	/* which stop sequence matched */
	LOSS_FINISH_WORD = 1 << 15,	/* a word of the provider that weir does not know */
	LOSS_FINISH_CALLS = 1 << 16,	/* `stop` and `tool_calls`: read from whether there are calls */
	LOSS_CACHED = 1 << 17,
	LOSS_CACHE_WRITE = 1 << 18,
	LOSS_REASONING_TOK = 1 << 19,
	LOSS_ARGS_TEXT = 1 << 20,	/* arguments that are no JSON object */
	LOSS_MEDIA_TYPE = 1 << 21,	/* all media but pictures, and the rarer types of these */
	LOSS_REASONING_PIECES = 1 << 22, /* several pieces of reasoning become one */
	LOSS_USAGE = 1 << 23,
	LOSS_FINISH_FILTER = 1 << 24,	/* a filter's end */
	LOSS_MIXED = 1 << 25,		/* order, when other parts come between the pieces of a call */
	LOSS_MODEL = 1 << 26,
	LOSS_NAMELESS = 1 << 27,	/* where a call without a name stands: in streams its name may still come */
	LOSS_BLANK_CALL = 1 << 28,	/* a call with neither name nor arguments: its id alone starts none */
	LOSS_LATE = 1 << 29,		/* what comes behind a choice's end, which is told by then */
};

/* A combination of enum meaning_loss. */
unsigned meaning_losses(const struct dialect *d);

struct meaning_piece {
	struct meaning_piece *next;
	enum event_kind kind;	/* TEXT, REASONING, REFUSAL, TOOL_START, REDACTED, MEDIA, SIGNATURE (on its own) */
	uint16_t part;
	struct buf text;	/* of a call: its arguments */
	struct slice id, name;	/* of a call; name: MIME type of media */
	struct slice seal, seal_id;
	bool ended;		/* of a call: the wire said so */
};

struct meaning_choice {
	struct meaning_choice *next;
	uint16_t index;
	struct meaning_piece *pieces, **end;
	struct buf citations, logprobs;	/* one line each */
	enum event_finish finish;
	struct slice word, stopped_by;
};

struct meaning {
	struct arena *arena;
	char origin;		/* tag of the dialect whose seals are in the events as they came */
	struct slice id, model;
	struct meaning_choice *choices;	/* by rising index */
	struct dialect_only only;	/* the one that LOSS_CHOICES leaves */
	struct usage usage;
	bool has_usage, has_start;
	bool starts_late;	/* its names came behind what streams had to tell by then */
	bool late;		/* a choice went on behind its end */
	bool overlong;		/* a call's arguments went on where they had come to an end: it may be told already */
	bool mixed;		/* something came before a call was known to be whole */
	struct buf vectors;
};

void meaning_init(struct meaning *m, struct arena *a);
void meaning_done(struct meaning *m);
/* Copies what it keeps into the arena. */
void meaning_take(struct meaning *m, const struct event *ev);
/* Both mean the same but for what `losses` names.  Otherwise both are appended to `out` as text. */
bool meaning_same(const struct meaning *want, const struct meaning *got, unsigned losses, struct buf *out);
/* As text, without what `losses` names. */
void meaning_show(const struct meaning *m, unsigned losses, struct buf *out);

#endif
