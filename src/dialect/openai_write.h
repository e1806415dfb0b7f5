/* The typed view of the waist -> a provider's body of the dialect openai-chat.  See struct dialect. */
#ifndef DIALECT_OPENAI_WRITE_H
#define DIALECT_OPENAI_WRITE_H

#include "codec/json_out.h"
#include "dialect/dialect.h"

/* ERR_UNSUPPORTED with ask->fault, ERR_TOO_BIG. */
enum err openai_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

/* For the rooms that write the parts of a body. */
struct openai_write {
	struct json_out w;
	const struct prompt *p;
	const struct dialect_ask *ask;
	const struct quirks *q;		/* never NULL */
	bool is_own;			/* the prompt was read from this dialect */
	bool after_tool;		/* the last message is a tool's */
	enum err err;			/* ERR_UNSUPPORTED: ask->fault says why */
};

/* Begins a top-level member under the provider's name for it.  False: it refuses the member, which is
 * named in drops. */
bool openai_write_key(struct openai_write *o, const char *name);
/* Remembers why the request cannot be put; the first reason stays. */
void openai_write_refuse(struct openai_write *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A tool call's id as the provider takes it. */
struct slice openai_write_id(struct openai_write *o, struct slice id);
/* The member cache_control: {"type":"ephemeral"} for a cache mark. */
void openai_write_cache(struct openai_write *o, enum prompt_cache cache);

#endif
