/* A provider's body of this family while it is written: what all its writers share. */
#ifndef DIALECT_ANTHROPIC_DRAFT_H
#define DIALECT_ANTHROPIC_DRAFT_H

#include "codec/json_out.h"
#include "dialect/anthropic_models.h"
#include "dialect/dialect.h"

/* One message of the body: neighbours of one role, without what is not written. */
struct anthropic_draft_turn {
	struct anthropic_draft_turn *next;
	enum prompt_role role;		/* PROMPT_SYSTEM: a system text within the dialogue */
	struct anthropic_draft_item *items, **end;
};
struct anthropic_draft_item {
	struct anthropic_draft_item *next;
	const struct prompt_message *message;
};

enum anthropic_draft_thinking { ANTHROPIC_DRAFT_UNSAID, ANTHROPIC_DRAFT_OFF, ANTHROPIC_DRAFT_ADAPTIVE,
	ANTHROPIC_DRAFT_BUDGET };

struct anthropic_draft {
	const struct prompt *p;
	const struct dialect_ask *ask;
	const struct quirks *quirks;
	const struct anthropic_models_row *model;
	struct json_out w;
	enum err err;		/* ERR_UNSUPPORTED: *ask->fault says why */
	bool own;		/* the client speaks this family too: blocks that are not typed pass as they are */
	bool counts;		/* the body is for count_tokens */
	struct anthropic_draft_turn *turns;	/* anthropic_turns_plan() */

	/* anthropic_config_plan() */
	enum prompt_choice choice;
	enum anthropic_draft_thinking thinking;
	int64_t budget_tok, max_tok;
	enum prompt_effort effort;

	size_t marks_over;	/* cache marks still to be left out */
	bool short_mark;	/* a mark that lives five minutes is out */
	size_t n_strict;	/* strict tools written */
};

/* False when the model has none of these flags. */
static inline bool anthropic_draft_can(const struct anthropic_draft *d, unsigned flags)
{
	return d->model->flags & flags;
}

/* The key of a top-level member as the provider wants it.  False: its quirks take it out; it is named. */
bool anthropic_draft_key(struct anthropic_draft *d, const char *name) MUST_CHECK;
/* The first refusal counts. */
void anthropic_draft_refuse(struct anthropic_draft *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline void anthropic_draft_drop(struct anthropic_draft *d, const char *name)
{
	drops_add_str(d->ask->drops, name);
}

/* Counts the cache marks: only the last four are written (protocols.md 4.2). */
void anthropic_draft_count_marks(struct anthropic_draft *d);
/* The member cache_control of the object that is open, in the order tools, system, messages; nothing for none. */
void anthropic_draft_mark(struct anthropic_draft *d, enum prompt_cache cache);
/* Opens an object with the members of `raw` (NULL: none) but these two and cache_control; `but` may be NULL. */
void anthropic_draft_open_like(struct anthropic_draft *d, yyjson_val *raw, const char *but, const char *also_but);
/* A text that is nothing but white space, which no block may be. */
bool anthropic_draft_is_blank(struct slice text);

#endif
