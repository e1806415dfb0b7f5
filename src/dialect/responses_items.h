/* The `input` items of a request (protocols.md 2.2) -> messages of the typed view, and what refuses a request
 * while it is read. */
#ifndef DIALECT_RESPONSES_ITEMS_H
#define DIALECT_RESPONSES_ITEMS_H

#include "dialect/dialect.h"

/* A request while it is read. */
struct responses_reader {
	struct arena *arena;
	struct prompt *prompt;
	struct fault *fault;
	size_t item;			/* place in `input` */
	struct prompt_seal call_seal;	/* for this item, when it is a tool call; origin 0: none */
	struct prompt_seal next_seal;	/* the same for the item behind it */
};

/* A text, a list of items, or NULL.  False: refused, r->fault says why.
 *
 * Where an item or a part of a message means something to this dialect only, it becomes a PROMPT_PART_OTHER
 * with its type as `name`; only an item's has an `id`. */
bool responses_items_read(struct responses_reader *r, yyjson_val *input) MUST_CHECK;

/* "`param` what" with ERR_BAD_FIELD or ERR_UNSUPPORTED: always false, so that a check can return it. */
bool responses_items_refuse(struct responses_reader *r, enum err e, struct slice param, const char *what);

#endif
