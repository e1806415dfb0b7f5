/* What the rooms that write a provider's body share. */
#ifndef DIALECT_RESPONSES_BODY_H
#define DIALECT_RESPONSES_BODY_H

#include "codec/json_out.h"
#include "dialect/dialect.h"

/* A body while it is written. */
struct responses_body {
	struct json_out w;
	const struct prompt *p;
	const struct dialect_ask *ask;	/* its quirks are never NULL */
	bool is_own;		/* the request came in this dialect: what only it knows goes back as it came */
	bool is_family;		/* in a dialect of OpenAI's: ids of its files mean something */
	enum err err;		/* ERR_UNSUPPORTED, with ask->fault */
};

/* The key of a top-level member under the provider's name for it.  False: the provider does not take it; it
 * is named in ask->drops when it is the client's. */
bool responses_body_key(struct responses_body *b, const char *name, bool is_clients) MUST_CHECK;
/* Nothing for PROMPT_TRI_UNSET. */
void responses_body_tri(struct responses_body *b, const char *name, enum prompt_tri v);
/* An extra of a request of this dialect; NULL: none. */
yyjson_val *responses_body_extra(const struct responses_body *b, const char *name);
/* Refuses the request: "`param` what".  The first refusal stays. */
void responses_body_refuse(struct responses_body *b, const char *param, const char *what);

#endif
