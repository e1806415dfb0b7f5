/* A dialect is one wire format, both directions, as one const struct of functions.  Pure: no I/O, no clock
 * but the times handed in.  It meets other dialects only in the waist (chat/): request and event. */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include "base/buf.h"
#include "chat/event.h"
#include "chat/fault.h"
#include "chat/request.h"
#include "codec/json.h"

/* What a provider wants to see changed in a request. */
struct dialect_ask {
	struct slice model;	/* the upstream model */
	bool stream;
	bool add_usage;		/* ask for usage in the stream although the client did not */
	bool no_stream_options;	/* PROVIDER_USAGE_NEVER: the client's stream_options are taken out */
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
	bool end_mark;		/* [DONE] or the like */
	enum event_finish finish;	/* of choice 0 */
	struct usage usage;
	struct fault fault;	/* of an EVENT_ERROR; slices in the arena given to decode */
};

struct dialect_decode {
	struct json_scratch *scratch;	/* shared by all decoders of a loop: valid within one call */
	struct arena *arena;		/* for the fault's texts */
	dialect_on_event *on_event;
	void *arg;
	struct dialect_tally tally;
	union {
		char bytes[DIALECT_STATE_BYTES];
		void *align;
	} state;
};

/* Encoder: events -> the client's bytes.  One for each exchange, used when the provider's own bytes cannot
 * be passed on. */
struct dialect_encode {
	const struct request *request;
	struct slice id;	/* answer id when the provider gave none */
	uint64_t created_s;	/* Unix seconds */
	struct arena *arena;	/* for what must be remembered: names, a whole answer's growing parts */
	enum err err;		/* ERR_TOO_BIG: `out` or the arena had no room, and nothing more is written;
				 * the caller looks after its calls */
	union {
		char bytes[DIALECT_STATE_BYTES];
		void *align;
	} state;
};

struct dialect {
	const char *name;			/* "openai-chat" */
	const char *path;			/* appended to the provider's base URL, "/chat/completions" */

	/* mandatory: the client's body -> request (slices into body or arena).  On error fills *out_fault. */
	enum err (*parse)(struct arena *a, struct slice body, struct request *out, struct fault *out_fault);
	/* mandatory: request -> provider's body, appended to `out`.  Same dialect: the client's bytes with
	 * members spliced. */
	enum err (*build)(const struct request *r, const struct dialect_ask *ask, struct buf *out);
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
	/* mandatory: error object as a response body. */
	void (*error_body)(const struct fault *f, struct buf *out);
	/* mandatory: the error form inside a stream that makes official SDKs raise (dependencies.md
	 * section 4). */
	void (*error_event)(const struct fault *f, struct buf *out);
};

extern const struct dialect openai_chat;

/* All dialects, in dialects.def order; NULL at the end. */
const struct dialect *dialect_at(size_t i);
/* By name, also by short name ("openai"); NULL when unknown. */
const struct dialect *dialect_find(struct slice name);

#endif
