/* The messages of the typed view -> `input` items of the provider's body, and what the rooms that write it share. */
#ifndef DIALECT_RESPONSES_TURNS_H
#define DIALECT_RESPONSES_TURNS_H

#include "codec/json_out.h"
#include "dialect/dialect.h"

/* A body while it is written. */
struct responses_writer {
	struct json_out w;
	const struct prompt *p;
	const struct dialect_ask *ask;
	bool is_own;		/* the request came in this dialect: what only it knows goes back as it came */
	bool is_family;		/* in a dialect of OpenAI's: ids of its files mean something */
	enum err err;		/* ERR_UNSUPPORTED, with ask->fault */
};

/* The system text when it is the only one, a single text and the first message; empty otherwise: then it is an item. */
struct slice responses_turns_instructions(const struct responses_writer *r);
/* The list of items, after its key. */
void responses_turns_write(struct responses_writer *r);
/* Refuses the request: "`param` what".  The first refusal stays. */
void responses_turns_refuse(struct responses_writer *r, const char *param, const char *what);

#endif
