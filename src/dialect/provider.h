/* The provider catalogue: what is known about each operator of models, one row each in providers.def. */
#ifndef DIALECT_PROVIDER_H
#define DIALECT_PROVIDER_H

#include "base/slice.h"

struct dialect;

enum provider_auth { PROVIDER_AUTH_BEARER, PROVIDER_AUTH_NONE, PROVIDER_AUTH_API_KEY /* `api-key:`, Azure */,
	PROVIDER_AUTH_X_API_KEY, PROVIDER_AUTH_X_GOOG_API_KEY, PROVIDER_AUTH_PORTKEY /* `x-portkey-api-key:` */ };
/* When usage comes in a stream. */
enum provider_usage {
	PROVIDER_USAGE_ASK,	/* needs stream_options.include_usage */
	PROVIDER_USAGE_ALWAYS,
	PROVIDER_USAGE_NEVER,	/* refuses stream_options */
};

struct provider_row {
	const char *name;	/* "openai" */
	const char *dialect;	/* "openai-chat": what it is spoken to in */
	const char *also;	/* names of other dialects that it serves under the same URL, separated by blanks: a
				 * client of one of these is passed through untouched */
	const char *url;	/* base URL with version path; "" when the user must give it */
	const char *env;	/* environment variable that holds its key; "" for none */
	enum provider_auth auth;
	enum provider_usage usage;
	const char *note;	/* for the reference page */
};

/* In file order; NULL at the end. */
const struct provider_row *provider_at(size_t i);
const struct provider_row *provider_find(struct slice name);

#endif
