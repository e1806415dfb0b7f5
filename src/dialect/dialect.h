/* A dialect is one wire format, both directions, as one const struct of functions.  Pure: no I/O, no clock
 * but the times handed in.  It meets other dialects only in the waist (chat/): request and event. */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include "base/buf.h"
#include "chat/callid.h"
#include "chat/drops.h"
#include "chat/event.h"
#include "chat/fault.h"
#include "chat/prompt.h"
#include "chat/request.h"
#include "codec/json.h"

/* How a server of the dialect openai-chat is told to think, or not to. */
enum quirks_thinking { QUIRKS_THINKING_EFFORT /* reasoning_effort */, QUIRKS_THINKING_TYPE /* thinking: {type} */,
	QUIRKS_THINKING_ENABLE /* enable_thinking, thinking_budget */,
	QUIRKS_THINKING_REASONING /* reasoning: {...} */ };

/* What one provider does differently from its dialect: a row of quirks.def.  Field lists are names separated by
 * blanks. */
struct quirks {
	const char *drop;	/* top-level members it refuses or misreads: taken out and named in x-weir-dropped */
	const char *rename;	/* "seed>random_seed max_completion_tokens>max_tokens" */
	const char *only;	/* refuses every other top-level member; NULL: takes unknown ones */
	enum callid_rule callid;
	bool system_only;	/* knows no role `developer`: `system` stands for it */
	bool echo_reasoning;	/* wants its reasoning_content back in tool loops */
	bool reasoning_outside;	/* completion tokens leave out the reasoning tokens (xAI) */
	bool sources;		/* lists the sources of its answers beside the choices (Perplexity) */
	bool no_schema;		/* JSON Schema formats are refused: json_object is the nearest */
	bool inline_images;	/* takes no image URLs, only base64 */
	/* The rest is for openai-chat only, and heeded where a request is written anew; openai_clash.h says which of
	 * all these make that happen to a body of the same dialect. */
	bool no_json_object;	/* json_object is refused: an open schema stands for it */
	/* knows OpenAI's newest members: max_completion_tokens, safety_identifier, allowed_tools */
	bool newest;
	bool flat_text;		/* content of text alone must be one string */
	bool turn_after_tool;	/* wants an assistant's turn between tool results and a user's */
	bool cache_control;	/* takes Anthropic's cache marks on parts and tools */
	bool cache_key;		/* takes prompt_cache_key, and has use for it */
	bool details;		/* takes OpenRouter's reasoning_details back, and a URL as file_data */
	bool google_state;	/* takes extra_content.google.thought_signature back on tool calls */
	bool long_ids;		/* hides state in tool-call ids (id__thought__...): they must come back whole */
	enum quirks_thinking thinking;
	const char *efforts;	/* the words of reasoning_effort that it takes, rising; NULL: all */
	/* Most inputs and tokens of one call for embeddings (merge.h); 0: not known. */
	uint32_t embed_items, embed_tok;
};
extern const struct quirks quirks_none;

/* What a provider wants to see changed in a request. */
struct dialect_ask {
	struct slice model;	/* the upstream model */
	bool stream;
	bool add_usage;		/* ask for usage in the stream although the client did not */
	bool strict;		/* what would be dropped is refused */
	bool no_stream_options;	/* PROVIDER_USAGE_NEVER: the client's stream_options are taken out */
	struct slice provider;	/* its name, for provider_options and messages */
	const struct quirks *quirks;	/* NULL: none */
	struct drops *drops;	/* what could not be expressed is named here; never NULL */
	struct arena *arena;	/* scratch of this call */
	struct fault *fault;	/* ERR_UNSUPPORTED: which field, in words (texts in `arena`) */
};

/* Decoder: the provider's body, split anywhere -> events.  `state` is the dialect's own, zeroed,
 * STATE_BYTES at most. */
#define DIALECT_STATE_BYTES 64

/* Takes one event; an error stops decoding and comes back from the feed call. */
typedef enum err dialect_on_event(void *arg, const struct event *ev);

/* What decoding has learned so far: filled by the dialect as it goes. */
struct dialect_tally {
	bool started;		/* any event at all */
	bool content;		/* any event_is_content() */
	bool finished;		/* every choice seen has its terminal reason */
	uint32_t choices;	/* choices seen */
	bool whole;		/* REQUEST_EMBED, REQUEST_COUNT: all that was asked for has come */
	bool end_mark;		/* [DONE] or the like */
	enum event_finish finish;	/* of choice 0 */
	struct usage usage;
	uint64_t version;	/* hash of what it says of its build (system_fingerprint); 0: nothing */
	struct fault fault;	/* of an EVENT_ERROR; slices in the arena given to decode */
};

struct dialect_decode {
	struct json_scratch *scratch;	/* shared by all decoders of a loop: valid within one call */
	struct arena *arena;		/* for the fault's texts */
	dialect_on_event *on_event;
	void *arg;
	const struct quirks *quirks;	/* of the provider; NULL: none */
	struct dialect_tally tally;
	union {
		char bytes[DIALECT_STATE_BYTES];
		void *align;
	} state;
};

/* Encoder: events -> the client's bytes.  One for each exchange, used when the provider's own bytes cannot
 * be passed on. */
struct dialect_encode {
	enum err err;		/* ERR_TOO_BIG: `out` or the arena had no room, and nothing more is written;
				 * the caller looks after its calls */
	const struct request *request;
	struct slice id;	/* answer id when the provider gave none */
	uint64_t created_s;	/* Unix seconds */
	const struct dialect *source;	/* who made the events: its tag seals signatures (chat/seal.h); NULL: as the
				 * encoder's own dialect */
	struct arena *arena;	/* for what must be remembered: names, a whole answer's growing parts */
	union {
		char bytes[DIALECT_STATE_BYTES];
		void *align;
	} state;
};

enum dialect_family { DIALECT_OPENAI, DIALECT_ANTHROPIC, DIALECT_GEMINI };

struct dialect {
	const char *name;			/* "openai-chat" */
	enum request_op op;
	enum dialect_family family;
	char tag;				/* names it in seals and in prompt.origin; unique */
	const char *path;			/* appended to the provider's base URL, "/chat/completions" */
	const char *fields;			/* header fields of every request, each with its CRLF; NULL: none */
	const char *id_field;			/* response field in which its SDKs look for the request's id */
	const char *ping;			/* keep-alive inside a stream; NULL: its SDKs read none */
	/* the terminal reason of the last choice is the last word of its streams */
	bool no_end_mark;

	/* optional: appends the path of this request instead of `path` (Gemini names model and method there). */
	void (*put_path)(const struct request *r, const struct dialect_ask *ask, struct buf *out);
	/* optional: appends header fields of this request (anthropic-beta). */
	void (*put_fields)(const struct request *r, const struct dialect_ask *ask, struct buf *out);

	/* mandatory: the client's body -> request (slices into body or arena).  out->door is filled on entry and must
	 * be kept; the rest is zero.  On error fills *out_fault. */
	enum err (*parse)(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);
	/* mandatory: a request of the same dialect -> provider's body, appended to `out`: the client's bytes with
	 * members spliced (splice.h). */
	enum err (*build)(const struct request *r, const struct dialect_ask *ask, struct buf *out);
	/* mandatory but for REQUEST_RAW: the typed view of a body that parse() accepted; r->doc is there, `out` is
	 * prompt_init()ed with this arena, its model, origin and stream are set.  Ends with prompt_tidy().
	 * ERR_BAD_FIELD with *out_fault. */
	enum err (*read)(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);
	/* mandatory but for REQUEST_RAW: the typed view -> provider's body, appended to `out`.  ERR_UNSUPPORTED with
	 * ask->fault when the meaning would change without it, ERR_TOO_BIG. */
	enum err (*write)(const struct prompt *p, const struct dialect_ask *ask, struct buf *out);

	/* mandatory: one SSE event of a stream (type, data, raw). */
	enum err (*decode_event)(struct dialect_decode *d, struct slice type, struct slice data,
		struct slice raw);
	/* mandatory: a whole JSON answer; `raw` of its first event is the whole body. */
	enum err (*decode_whole)(struct dialect_decode *d, struct slice body);
	/* mandatory: HTTP status and error body -> fault (slices in `a`); never echoes secrets or markup. */
	struct fault (*fault)(struct arena *a, int status, struct slice body);

	/* mandatory: one event as stream bytes, appended to `out` (may add nothing). */
	void (*encode_event)(struct dialect_encode *e, const struct event *ev, struct buf *out);
	/* mandatory: what ends a complete stream ("data: [DONE]\n\n"). */
	void (*encode_end)(struct dialect_encode *e, struct buf *out);
	/* mandatory: collects one event for a whole answer. */
	void (*collect)(struct dialect_encode *e, const struct event *ev);
	/* mandatory: the whole answer as JSON, after the last collect. */
	void (*collected)(struct dialect_encode *e, struct buf *out);
	/* optional: HTTP status of a fault for this client; NULL: the err row's. */
	int (*error_status)(const struct fault *f);
	/* mandatory: error object as a response body. */
	void (*error_body)(const struct fault *f, struct buf *out);
	/* mandatory: the error form inside a stream that makes official SDKs raise (dependencies.md
	 * section 4). */
	void (*error_event)(const struct fault *f, struct buf *out);
	/* optional: the same where its form depends on what this encoder has written (Gemini's JSON array). */
	void (*error_within)(struct dialect_encode *e, const struct fault *f, struct buf *out);
};

#define DIALECT(symbol, name, short_name) extern const struct dialect symbol;
#include "dialect/dialects.def"
#undef DIALECT

/* All dialects, in dialects.def order; NULL at the end. */
const struct dialect *dialect_at(size_t i);
/* By name, also by short name ("openai"); NULL when unknown. */
const struct dialect *dialect_find(struct slice name);
/* By tag; NULL when unknown. */
const struct dialect *dialect_by_tag(char tag);

/* For clients of dialects with one choice: it is the first that says or signs something, whatever its index, as they
 * ask for no more. */
struct dialect_only {
	bool known;
	uint16_t choice;
};

/* True when the event is of that choice, or of none. */
static inline bool dialect_is_only(struct dialect_only *only, const struct event *ev)
{
	bool says = event_is_content(ev) || ev->kind == EVENT_SIGNATURE;

	if (!only->known && says && ev->kind != EVENT_OTHER)
		*only = (struct dialect_only){ true, ev->choice };
	return ev->choice == only->choice || ev->kind == EVENT_START || ev->kind == EVENT_USAGE;
}

/* True when the bytes of such an answer can pass untouched to the client of `r`. */
static inline bool dialect_passes(const struct dialect *back, const struct request *r)
{
	return back == r->dialect && r->door.framing == REQUEST_SSE;
}

#endif
