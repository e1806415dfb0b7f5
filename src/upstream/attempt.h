/* One attempt: one call to one target over one leased connection, with its clocks.
 *
 *   LEASE --connection--> SENT --head--> SENT --end, fault, clock--> ENDED          [attempt.c, end()]
 *   LEASE --cannot be built, no connection--> ENDED
 *   SENT --reused connection was dead, nothing received--> LEASE (fresh), once
 *
 * The request is built before a connection is asked for: what the target cannot express costs none.
 * News goes up through attempt_events, which only record; nothing is called inside attempt_open(). */
#ifndef UPSTREAM_ATTEMPT_H
#define UPSTREAM_ATTEMPT_H

#include "cache/prefix.h"
#include "chat/request.h"
#include "upstream/answer.h"
#include "upstream/pool.h"

/* Shared by all attempts of a loop. */
struct attempt_env {
	struct loop *loop;
	struct json_scratch scratch;
	struct buf wire;		/* request bytes while they are built */
	struct arena build;		/* scratch of one translation */
	struct drops drops;		/* of the request being built */
	struct answer_limits limits;
	struct reuse reuse;		/* prompt prefixes seen lately */
};

struct attempt_ask {
	const struct target *target;
	const struct roster_key *key;	/* NULL: none is sent */
	const struct clocks *clocks;
	const struct request *request;
	struct slice request_id;
	bool strict;			/* nothing may be left out */
	bool prefix;			/* cache marks are added where they pay (cache/prefix.h) */
	unsigned hops;			/* gateways of our kind passed so far, this one included */
};

struct attempt_events {
	/* An event of the answer.  An error returned ends the attempt with that fault. */
	enum err (*on_event)(void *arg, const struct event *ev);
	/* attempt->answer.fault is the verdict; the connection is given back already. */
	void (*on_end)(void *arg);
};

enum attempt_state { ATTEMPT_IDLE, ATTEMPT_LEASE, ATTEMPT_SENT, ATTEMPT_ENDED };

struct attempt {
	enum attempt_state state;
	struct attempt_env *env;
	struct attempt_ask ask;
	const struct attempt_events *events;
	void *arg;
	struct lease lease;
	struct answer answer;
	struct alarm clock;		/* first token, then idle */
	uint64_t progress_ns;		/* the last sign of an answer */
	uint64_t open_ns, sent_ns, head_ns, first_ns, end_ns;	/* 0: has not happened */
	uint64_t bytes_in, bytes_out;
	const struct dialect *dialect;	/* in which it is asked; NULL: the provider has none for this */
	struct slice dropped;		/* what the target could not be told, "seed, logit_bias"; in the arena */
	bool replayed, paused, reused;
	bool marked;			/* built with cache marks */
	struct prefix_notes prefix;	/* what is to be remembered of it once it is answered */
};

void attempt_env_init(struct attempt_env *e, struct loop *l, const struct answer_limits *limits);
/* New limits, at a reload: attempts in progress keep theirs. */
void attempt_env_limit(struct attempt_env *e, const struct answer_limits *limits);
void attempt_env_done(struct attempt_env *e);

/* `arena`: of the flight, for texts of the answer. */
void attempt_open(struct attempt *at, struct attempt_env *env, const struct attempt_ask *ask, struct arena *arena,
	const struct attempt_events *events, void *arg);
/* Ends it now, without on_end: the connection is closed unless the answer was complete.  Harmless when idle
 * or ended. */
void attempt_close(struct attempt *at);
/* Back-pressure; the idle clock stands still meanwhile. */
void attempt_pause(struct attempt *at, bool paused);

#endif
