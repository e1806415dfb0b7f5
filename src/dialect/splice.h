/* Rewrites a JSON body of the same dialect: the bytes are copied in stretches as long as possible; only members that
 * routing owns and members that the provider's quirks name are replaced, renamed, dropped or added.  White space,
 * order, duplicates and numbers of all else stay as the client wrote them.
 *
 *   { "model": "a" , "fallbacks": ["b"] , "messages": [...] }
 *     ^ replaced     ^ dropped with the comma before it     ^ added at the end */
#ifndef DIALECT_SPLICE_H
#define DIALECT_SPLICE_H

#include "dialect/dialect.h"

enum splice_action { SPLICE_KEEP, SPLICE_MODEL, SPLICE_STREAM, SPLICE_OPTIONS /* stream_options */, SPLICE_DROP };

struct splice_rule {
	const char *name;
	enum splice_action action;
};
struct splice_rules {
	const struct splice_rule *rules;
	size_t n;
	bool no_model;		/* the path names the model: none is added */
	bool no_stream;		/* the path says whether to stream: neither `stream` nor `stream_options` is added */
	bool no_options;	/* streams always carry usage: `include_usage` is neither added nor set */
};

/* Members that every dialect's body may have for weir itself and no provider may see. */
#define SPLICE_OWN { "models", SPLICE_DROP }, { "route", SPLICE_DROP }, { "fallbacks", SPLICE_DROP }, \
	{ "disable_fallbacks", SPLICE_DROP }, { "timeout", SPLICE_DROP }, { "num_retries", SPLICE_DROP }, \
	{ "provider_options", SPLICE_DROP }

/* Appends the provider's body to `out`.  The body was accepted by the dialect's parse.  ERR_TOO_BIG. */
enum err splice_build(const struct splice_rules *rules, const struct request *r, const struct dialect_ask *ask,
	struct buf *out) MUST_CHECK;

/* What quirks say of a top-level member: its name for this provider ("" with drop: it is taken out). */
struct splice_verdict {
	bool drop;
	struct slice name;
};
struct splice_verdict splice_quirk(const struct quirks *q, struct slice name);
/* True when the key as it stands in the text (escapes not resolved) is this name: "mod\u0065l" is model too. */
bool splice_key_is(struct slice key, const char *name);

#endif
