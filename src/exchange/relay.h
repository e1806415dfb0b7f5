/* The relay: events of a journal -> bytes for this client.  Same dialect and form on both sides: the
 * provider's bytes pass untouched.  Else the client's dialect writes them. */
#ifndef EXCHANGE_RELAY_H
#define EXCHANGE_RELAY_H

#include "dialect/dialect.h"

enum relay_mode {
	RELAY_PASS,		/* stream to stream, same dialect: raw frames */
	RELAY_TRANSLATE,	/* to a stream, event by event */
	RELAY_RAW,		/* bytes of any kind, as they come */
	RELAY_PASS_WHOLE,	/* one JSON body as it came */
	RELAY_COLLECT,		/* to one JSON body, when all events are in */
};

struct relay {
	const struct dialect *front;
	enum relay_mode mode;
	bool wants_usage;
	bool begun;			/* the first frame has passed */
	bool end_seen;			/* the provider's end mark has passed */
	struct dialect_encode encode;
};

struct relay_opts {
	const struct request *request;	/* must live as long as the relay; so must arena and id */
	const struct dialect *front, *back;	/* the client's, and that of the answer; NULL: nobody's */
	bool streamed;			/* the provider answers with events */
	bool events_only;		/* some events come without the provider's bytes: none can pass */
	uint64_t now_s;
	struct arena *arena;
	struct slice id;
};

void relay_init(struct relay *r, const struct relay_opts *o);
/* Bytes for this event: the provider's own or written into `scratch` (empty on entry); none while collecting.
 * The first bytes of RELAY_PASS_WHOLE are the whole body. */
struct slice relay_event(struct relay *r, const struct event *ev, struct buf *scratch);
/* The client has been given everything, the end mark too; only the transfer goes on. */
static inline bool relay_has_told(const struct relay *r)
{
	return r->mode == RELAY_PASS && r->end_seen;
}
/* What is left to say when the answer is complete: end mark, or the collected body. */
void relay_end(struct relay *r, struct buf *out);

#endif
