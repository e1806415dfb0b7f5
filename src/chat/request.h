/* The waist, request side: one chat request as all dialects mean it.
 *
 * It keeps the client's body as it came.  What routing needs is read once into fields; everything else stays
 * in the raw bytes, so that a provider of the same dialect gets them untouched but for spliced members.  The
 * typed view (prompt.h) is built on demand: only translation needs it.
 *
 * Owner: the exchange; it lives in the exchange's arena and dies with it. */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include "base/arena.h"
#include "base/slice.h"
#include "codec/json.h"

struct chain;
struct dialect;

enum request_op {
	REQUEST_CHAT,		/* an answer in text, tool calls and the like */
	REQUEST_EMBED,		/* vectors */
	REQUEST_COUNT,		/* how many tokens a prompt has */
	REQUEST_RAW,		/* images, audio, moderations, rerank: only the model is read, bytes pass */
};

/* Who goes first where requests must wait, the most urgent first (design.md 6).  Unsaid: what the model says. */
enum request_priority { REQUEST_PRIORITY_UNSAID, REQUEST_REALTIME, REQUEST_NORMAL, REQUEST_BULK, REQUEST_BATCH };
#define REQUEST_PRIORITIES "realtime|normal|bulk|batch"	/* their words, from REQUEST_REALTIME on */

/* How the client wants a stream framed. */
enum request_framing { REQUEST_SSE, REQUEST_JSON_ARRAY /* Gemini without alt=sse */ };

/* What stands outside the body: filled by the front before dialect->parse. */
struct request_door {
	struct slice model;		/* from the path (Gemini); empty: the body names it */
	bool stream;			/* the path asks for a stream (Gemini) */
	enum request_framing framing;
	struct slice path;		/* REQUEST_RAW: behind the version ("/images/generations") */
	struct slice content_type;	/* REQUEST_RAW: of the body */
	struct slice betas;		/* anthropic-beta, as it came */
	bool betas_lost;		/* it is too long to be taken over */
	uint64_t tenant;		/* keyed hash of the credential the client presented; 0: none, or all are one */
	uint64_t waits_as;		/* whose share it takes where requests wait: the tenant, even if all are one */
	uint32_t weight;		/* of its share where requests wait; 0: not configured, which is 1 */
	bool alone;			/* x-weir-join: no */
	bool no_cache, no_store;	/* Cache-Control */
	uint64_t max_age_ms;		/* Cache-Control; 0: none given */
	uint64_t feedback;		/* x-weir-feedback: the kept answer of this name was bad; 0: none given */
	bool strict;			/* x-weir-strict: refuse what the target cannot express */
	enum request_priority priority;	/* x-weir-priority */
};

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
	bool has_options;		/* the body has provider_options */
	const struct chain *chain;	/* of its prefixes, in the exchange's arena; NULL: its model needs none */
	struct request_door door;
	bool merged;			/* made of several (dialect/merge.h): its answer is taken apart again */
	uint64_t timeout_ms;		/* the caller's deadline; 0: none */
	uint64_t company_ms;		/* waits no longer for company (flight/window.h); 0: as its model says */
	uint64_t join_hash;		/* flight/join.h; 0: not made yet */
	uint64_t prompt_tok;		/* estimate, for logs and later for routing */
};

/* Copies what outlives the parsing into `a`: the body and the fields; the parsed tree stays behind (doc is NULL). */
void request_keep(struct arena *a, const struct request *from, struct request *out);
/* The priority of this word; UNSAID when it is none. */
enum request_priority request_priority(struct slice word);
/* Rough count of prompt tokens from the bytes of the text: 4 bytes a token for ASCII, 2 for others
 * (dependencies.md 2.11). */
uint64_t request_estimate_tok(struct slice text);

#endif
