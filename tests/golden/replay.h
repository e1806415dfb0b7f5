/* Decodes the bytes of a provider, writes what happens as a log, and feeds the same events to both encoders of
 * the client's dialect, which may be another one.  Watches that the decoder keeps what chat/event.h promises.
 * Used by the golden pages, the round trips and the fuzz targets. */
#ifndef TESTS_GOLDEN_REPLAY_H
#define TESTS_GOLDEN_REPLAY_H

#include "meaning.h"

/* Most bytes of memory that decoding and three encoders may take for an input of `n` bytes. */
#define REPLAY_ARENA(n) ((size_t)(1 << 18) + (n) * 256)

struct replay {
	const struct dialect *back, *front;
	const struct request *request;
	struct arena arena;	/* of the decoder and the encoders */
	struct arena notes;	/* of the test */
	struct json_scratch scratch;
	struct dialect_decode decode;
	struct dialect_encode to_stream, to_full, to_whole;
	struct buf log;		/* one line an event, then what went wrong, then the tally */
	struct buf raw;		/* raw slices one after the other */
	struct buf stream;	/* what the client would get as a stream; unfinished when the answer is */
	struct buf full;	/* the same for a client who wants usage: nothing is left out */
	struct buf whole;	/* and as a whole answer; empty when it is not complete */
	struct meaning meaning;
	struct request wants_usage;
	enum err err;		/* of decoding */
	bool lost;		/* the stream's last bytes were dropped */
	bool wordless;		/* a whole answer ended without a reason: a stream cannot say that */
	bool started, content, failed;	/* by the events, to be compared with the tally */
	bool frame_failed;
};

/* `front` NULL: nothing is encoded.  `request` may be NULL; it must outlive the replay. */
void replay_init(struct replay *r, const struct dialect *back, const struct dialect *front,
	const struct request *request);
void replay_done(struct replay *r);
/* An event stream, cut after `first` bytes and then every `step` bytes (0: not cut there). */
void replay_stream(struct replay *r, struct slice wire, size_t first, size_t step);
void replay_whole(struct replay *r, struct slice body);
/* Instead of a provider's bytes: events one by one, then their end. */
void replay_feed(struct replay *r, const struct event *ev);
void replay_fed(struct replay *r);
/* True when the answer is complete and nothing failed: it can be encoded. */
bool replay_complete(const struct replay *r);

/* For an answer that is complete: what both encoders wrote, decoded again, means the same, but for what the
 * front dialect cannot say (meaning_losses).  False: `report` says what differs. */
bool replay_round_trip(const struct replay *r, struct buf *report);

/* "message" in `f` as the log writes it: err, then the fields it has. */
void replay_log_fault(const struct fault *f, struct buf *out);

#endif
