/* A provider's body of Gemini's dialects while it is written: what all its writers share. */
#ifndef DIALECT_GEMINI_DRAFT_H
#define DIALECT_GEMINI_DRAFT_H

#include "codec/json_out.h"
#include "dialect/dialect.h"
#include "dialect/gemini_models.h"

struct gemini_draft {
	const struct prompt *p;
	const struct dialect_ask *ask;
	const struct gemini_models *model;
	struct json_out w;
	enum err err;		/* ERR_UNSUPPORTED: *ask->fault says why */
	bool own;		/* the client speaks Gemini too: what is not typed passes as it is */
	bool has_functions;	/* functions are declared */
	bool validated;		/* the mode is VALIDATED */
};

/* The first refusal counts. */
void gemini_draft_refuse(struct gemini_draft *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline void gemini_draft_drop(struct gemini_draft *d, const char *name)
{
	drops_add_str(d->ask->drops, name);
}
/* Members kept for Gemini: the extras named "PLACE.x" as members x of the open object; PLACE "": those without a place.
 * Others' are named as dropped by gemini_write. */
void gemini_draft_extras(struct gemini_draft *d, const char *place);
/* True when there is one with this name. */
bool gemini_draft_has_extra(const struct gemini_draft *d, const char *name);

#endif
