/* Decodes the bytes of a provider, writes what happens as a log, and feeds the same events to both
 * encoders of the client's dialect.  Used by the golden pages and by the fuzz targets. */
#ifndef TESTS_GOLDEN_REPLAY_H
#define TESTS_GOLDEN_REPLAY_H

#include "dialect/dialect.h"

struct replay {
	const struct dialect *dialect;
	struct arena arena;
	struct json_scratch scratch;
	struct dialect_decode decode;
	struct dialect_encode to_stream, to_full, to_whole;
	struct buf log;		/* one line an event, then what went wrong, then the tally */
	struct buf raw;		/* raw slices one after the other */
	struct buf stream;	/* what the client would get as a stream */
	struct buf full;	/* the same for a client who wants usage: nothing is left out */
	struct buf whole;	/* and as a whole answer */
	struct request wants_usage;
	enum err err;		/* of decoding */
	bool lost;		/* the stream's last bytes were dropped */
	bool wordless;		/* a whole answer ended without a reason: a stream cannot say that */
};

/* `request` may be NULL; it must outlive the replay. */
void replay_init(struct replay *r, const struct dialect *d, const struct request *request);
void replay_done(struct replay *r);
/* An event stream, cut after `first` bytes and then every `step` bytes (0: not cut there). */
void replay_stream(struct replay *r, struct slice wire, size_t first, size_t step);
void replay_whole(struct replay *r, struct slice body);
/* True when the answer is complete and nothing failed: it can be encoded. */
bool replay_complete(const struct replay *r);

/* What both encoders write, decoded again, means the same.  Returns NULL, or what differs. */
const char *replay_round_trip(const struct replay *r);

/* "message" in `f` as the log writes it: err, then the fields it has. */
void replay_log_fault(const struct fault *f, struct buf *out);

#endif
