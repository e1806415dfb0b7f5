/* The client's JSON body, first look: what every dialect's parse() does before its own checks.  One walk over the top
 * level finds the members that weir reads for itself and those that the dialect names; of duplicates the last counts,
 * as in Python, JavaScript and Go, so that weir and the provider understand the same. */
#ifndef DIALECT_BODY_H
#define DIALECT_BODY_H

#include "dialect/dialect.h"

#define BODY_FALLBACKS 16u	/* most fallback models of one request */
#define BODY_OWN 16u		/* most members that a dialect names */

enum body_member { BODY_MODEL, BODY_STREAM, BODY_MODELS, BODY_FALLBACK_LIST, BODY_NO_FALLBACKS, BODY_TIMEOUT,
	BODY_PROVIDER_OPTIONS, BODY_MEMBERS };

struct body {
	struct arena *arena;
	struct request *r;
	struct fault *fault;
	yyjson_val *members[BODY_MEMBERS];
	yyjson_val *own[BODY_OWN + 1];	/* by place in the names given; NULL: absent or null */
};

/* Parses `text` and fills r->body and r->doc.  `wants` completes "the body must be a JSON object with ...".  False:
 * refused, *fault says why. */
bool body_open(struct body *b, struct arena *a, struct slice text, const char *wants, const char *const *names,
	size_t n,
	struct request *out, struct fault *out_fault) MUST_CHECK;
/* "`param` what": always false, so that a check can return it. */
bool body_refuse(struct body *b, struct slice param, const char *what);
bool body_refuse_str(struct body *b, const char *param, const char *what);

/* r->model from `model` (or the first of `models`); from the door when the path named it. */
bool body_read_model(struct body *b) MUST_CHECK;
/* r->stream from `stream`; from the door when the path says so. */
bool body_read_stream(struct body *b) MUST_CHECK;
/* models, fallbacks, disable_fallbacks, timeout, provider_options. */
bool body_read_options(struct body *b) MUST_CHECK;
/* Rough tokens of a text for r->prompt_tok: a long text is judged by its start. */
uint64_t body_estimate(struct slice text);
/* The same for every string in a value, to any depth: for bodies whose texts stand in many places. */
uint64_t body_estimate_value(yyjson_val *v);

#endif
