/* The table of paths.  A request is resolved once, from the parsed path; nothing else decides where it goes. */
#ifndef FRONT_ENDPOINT_H
#define FRONT_ENDPOINT_H

#include "codec/http1.h"

enum endpoint_kind {
	ENDPOINT_CHAT, ENDPOINT_MODELS, ENDPOINT_MODEL, ENDPOINT_HEALTHZ, ENDPOINT_READYZ, ENDPOINT_METRICS,
};
enum endpoint_where { ENDPOINT_PUBLIC = 1, ENDPOINT_ADMIN = 2, ENDPOINT_BOTH = 3 };

struct endpoint {
	const char *path;
	enum http1_method method;	/* GET takes HEAD too */
	enum endpoint_kind kind;
	enum endpoint_where where;
	const char *label;
};

/* ERR_NOT_FOUND, ERR_BAD_METHOD with *out (for its Allow), or ERR_OK with *out and, for a prefix, *out_rest
 * behind it. */
enum err endpoint_find(struct slice path, enum http1_method method, enum endpoint_where where,
	const struct endpoint **out, struct slice *out_rest);

#endif
