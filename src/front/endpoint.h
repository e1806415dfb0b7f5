/* The table of paths.  A request is resolved once, from the parsed path; nothing else decides where it goes. */
#ifndef FRONT_ENDPOINT_H
#define FRONT_ENDPOINT_H

#include "codec/http1.h"
#include "dialect/dialect.h"

enum endpoint_kind {
	ENDPOINT_CALL,		/* an exchange, in the row's dialect */
	ENDPOINT_GEMINI,	/* an exchange; the rest of the path says which */
	ENDPOINT_MODELS, ENDPOINT_MODEL, ENDPOINT_HEALTHZ, ENDPOINT_READYZ, ENDPOINT_METRICS,
	ENDPOINT_PURGE,
};
enum endpoint_where { ENDPOINT_PUBLIC = 1, ENDPOINT_ADMIN = 2, ENDPOINT_BOTH = 3 };

#define ENDPOINT_ALLOW_BYTES 32		/* more than all methods of the table together */

struct endpoint {
	const char *path;
	enum http1_method method;	/* GET takes HEAD too */
	enum endpoint_kind kind;
	enum endpoint_where where;
	const char *label;
	const struct dialect *dialect;	/* NULL: OpenAI's */
};

/* What a request of the kind ENDPOINT_GEMINI asks for: METHOD of "NAME:METHOD". */
struct endpoint_method {
	const char *name;		/* "streamGenerateContent" */
	const struct dialect *dialect;
	const char *label;
	bool stream;
};

static inline bool endpoint_is_call(const struct endpoint *e)
{
	return e && (e->kind == ENDPOINT_CALL || e->kind == ENDPOINT_GEMINI);
}

/* ERR_NOT_FOUND, ERR_BAD_METHOD with *out (another method's), or ERR_OK with *out and, for a prefix, *out_rest
 * behind it. */
enum err endpoint_find(struct slice path, enum http1_method method, enum endpoint_where where,
	const struct endpoint **out, struct slice *out_rest);

/* All methods that a path has, for Allow: "GET, HEAD, POST", in `out`.  Returns `out`. */
char *endpoint_allow(struct slice path, enum endpoint_where where, char out[ENDPOINT_ALLOW_BYTES]);

/* NULL: there is no such method.  *out_name: the part before the last colon, still percent-encoded. */
const struct endpoint_method *endpoint_method_of(struct slice rest, struct slice *out_name);

#endif
