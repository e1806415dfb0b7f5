/* A provider's response: bytes as they come -> events and one verdict.  Pure: no I/O and no clock, so that it
 * can be tested and fuzzed by itself.  Decides by status and content type how the body is read, and by what
 * the body said whether the answer is complete: a body that merely stops is never a whole answer. */
#ifndef UPSTREAM_ANSWER_H
#define UPSTREAM_ANSWER_H

#include "codec/http1.h"
#include "codec/inflate.h"
#include "codec/sse.h"
#include "dialect/dialect.h"
#include "upstream/quota.h"

enum answer_mode {
	ANSWER_HEAD,	/* no head yet */
	ANSWER_SNIFF,	/* 200 of unclear type: the first byte that is no white space decides */
	ANSWER_EVENTS,	/* server-sent events */
	ANSWER_WHOLE,	/* one JSON document, collected */
	ANSWER_RAW,	/* REQUEST_RAW: bytes of any kind, passed on as they come; a stream of events event by event */
	ANSWER_FAULT,	/* an error status: the start of the body is kept for its text */
};

struct answer_limits {
	size_t head_bytes, event_bytes;
	uint64_t body_bytes;		/* of the whole answer, decoded */
};

struct answer_opts {
	const struct dialect *dialect;
	const struct quirks *quirks;	/* of the provider; NULL: none */
	struct json_scratch *scratch;
	struct arena *arena;		/* of the flight: fault texts, request id */
	struct answer_limits limits;
	uint64_t wall_s;		/* Unix seconds, for Retry-After dates */
	dialect_on_event *on_event;	/* not called for EVENT_ERROR: that ends the answer with a fault */
	void *arg;
};

struct answer {
	struct answer_opts opts;
	struct http1 http;
	struct sse sse;
	struct dialect_decode decode;
	struct inflate *inflate;
	struct buf body;
	enum answer_mode mode;
	int status;
	struct slice request_id;	/* the provider's, for support cases */
	struct slice type;		/* ANSWER_RAW: Content-Type */
	const struct quota *quota;	/* rate limits it told of; NULL: none */
	uint64_t retry_after_ms;
	uint64_t body_n;		/* decoded body bytes */
	bool keep_alive;
	bool framed;			/* ANSWER_RAW: it is a stream of events */
	bool html;			/* what a 200 of the wrong type is */
	bool opaque;			/* an encoding that cannot be read: an error body says nothing then */
	bool ended;			/* the verdict is in `fault` */
	struct fault fault;		/* err OK: complete and valid */
};

void answer_init(struct answer *a, const struct answer_opts *o);
void answer_done(struct answer *a);
/* Returns true when the answer has ended: a->fault is the verdict, *out_used says how many bytes belonged to it. */
bool answer_feed(struct answer *a, struct slice bytes, size_t *out_used);
/* The connection ended (`why` ERR_OK: in order).  Always ends the answer. */
void answer_eof(struct answer *a, enum err why);
/* The model has said everything (terminal reason and end mark), even if the transfer has not ended yet. */
bool answer_is_told(const struct answer *a);
/* The same, or the dialect has no end mark: what a broken or hanging transfer leaves is whole.  Another choice could
 * still begin, so the end is waited for. */
bool answer_has_said_all(const struct answer *a);
/* Its body is a stream of events: one that breaks ends between two of them, so an error event can follow. */
static inline bool answer_is_streamed(const struct answer *a)
{
	return a->mode == ANSWER_EVENTS || a->framed;
}
/* The connection can carry the next request. */
bool answer_is_fit(const struct answer *a);

#endif
