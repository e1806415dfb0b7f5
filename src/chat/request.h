/* The waist, request side: one chat request as all dialects mean it.
 *
 * It keeps the client's body as it came.  What routing needs is read once into fields; everything else stays
 * in the raw bytes, so that a provider of the same dialect gets them untouched but for spliced members.  The
 * typed view of the messages is built on demand (request_turns): only translation, the demo provider and
 * estimates need it.
 *
 * Owner: the exchange; it lives in the exchange's arena and dies with it. */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include "base/arena.h"
#include "base/slice.h"
#include "codec/json.h"

struct dialect;

enum request_op { REQUEST_CHAT };	/* what is asked for; embeddings and others join with their dialects */

struct request {
	enum request_op op;
	const struct dialect *dialect;	/* the client's */
	struct slice body;		/* raw JSON, as it came */
	yyjson_doc *doc;		/* the same, parsed */
	struct slice model;		/* name the client asked for */
	struct slice *fallbacks;	/* OpenRouter's `models` after the first, LiteLLM's `fallbacks`: model
					 * names, in order */
	size_t n_fallbacks;
	bool no_fallbacks;		/* LiteLLM's disable_fallbacks: only the named model, its first target's tier */
	bool stream;
	bool wants_usage;		/* stream_options.include_usage */
	uint32_t choices;		/* n, default 1 */
	bool has_tools;
	uint64_t timeout_ms;		/* the caller's deadline; 0: none */
	uint64_t prompt_tok;		/* estimate, for logs and later for routing */
};

/* Copies what outlives the parsing into `a`: the body and the fields; the parsed tree stays behind (doc is NULL). */
void request_keep(struct arena *a, const struct request *from, struct request *out);
/* Rough count of prompt tokens from the bytes of the text: 4 bytes a token for ASCII, 2 for others
 * (dependencies.md 2.11). */
uint64_t request_estimate_tok(struct slice text);

#endif
