/* A flight: one piece of upstream work and its journal, read by any number of exchanges.  It belongs to
 * nobody: the last reader that leaves ends it.
 *
 *   FLIGHT_COLLECTED waits for company                            window->waiting [flight.c, move()]
 *   FLIGHT_CARRIED   another flight asks for it, too              batch->members
 *   FLIGHT_FOLLOWING another node asks for it                     follower.h
 *   FLIGHT_TRYING    an attempt is running
 *   FLIGHT_WAITING   a back-off or a Retry-After runs, or one with the same beginning goes first (gate.h); then TRYING
 *   FLIGHT_ENDED     the journal is complete or failed; readers may still read
 *
 *   COLLECTED -> TRYING | CARRIED   its window has closed
 *   CARRIED -> ENDED   its part of the answer is there; or the call has failed
 *   CARRIED -> TRYING  it must ask by itself (batch.h)
 *   FOLLOWING -> TRYING   the other node failed, or is not heard of, before anybody has read (abroad.h)
 *   FOLLOWING -> ENDED
 *   TRYING -> TRYING   attempt failed before release, another target at once
 *   TRYING -> WAITING  attempt failed before release, all targets tried, rounds left
 *   TRYING -> ENDED    answer complete; or failed after release; or nothing left to try; or total time over
 *   WAITING -> TRYING | ENDED
 *   COLLECTED, CARRIED -> ENDED     nobody waits for it any more; or total time over
 *
 * Several readers: who joins late replays the tape, then follows the journal.  The journal holds what the slowest has
 * not read, up to half of its limit; who falls further behind than that is cut alone, unless all are.
 *
 * Release: readers see nothing until the hold is over (the first content event, or for a whole answer its
 * end).  Until then every failure is invisible: the journal is started anew by the next attempt. */
#ifndef FLIGHT_FLIGHT_H
#define FLIGHT_FLIGHT_H

#include "base/dice.h"
#include "cache/drift.h"
#include "cache/epoch.h"
#include "cache/exact.h"
#include "cache/semantic_index.h"
#include "cache/sweep.h"
#include "chat/journal.h"
#include "chat/tape.h"
#include "flight/abroad.h"
#include "flight/batch.h"
#include "flight/follower.h"
#include "flight/gate.h"
#include "flight/join.h"
#include "flight/owner.h"
#include "flight/reader.h"
#include "flight/window.h"
#include "route/plan.h"
#include "upstream/attempt.h"

enum flight_state { FLIGHT_TRYING, FLIGHT_WAITING, FLIGHT_COLLECTED, FLIGHT_CARRIED, FLIGHT_FOLLOWING,
	FLIGHT_ENDED };

struct flight_limits {
	size_t journal_bytes;	/* most bytes a journal may hold */
	size_t lag_bytes;	/* a lone reader this far behind pauses the upstream */
	size_t tape_bytes;	/* of the tape that is kept for readers who come later and for the cache */
};

/* Shared by all flights of a loop. */
struct flight_env {
	struct attempt_env attempt;
	struct plan_conf plan;
	struct flight_limits limits;
	struct dice *dice;
	struct join join;
	struct windows windows;
	struct owners owners;
	void (*on_unpaid)(void *arg, const struct flight *f);	/* it has usage that stands in nobody's record */
	void *unpaid_arg;
	struct exact exact;
	struct gate gate;
	struct epochs epochs;
	struct drift drift;
	struct semantic semantic;
	struct semantic_index semantic_index;	/* when nodes share it: one of these */
	struct semantic_log semantic_log;
	struct sweep sweep;			/* of both caches */
};

/* What happened in one attempt: for the record. */
struct flight_try {
	const struct target *target;
	enum err err;
	int status;
	uint64_t took_ns;
};
#define FLIGHT_TRIES 8	/* kept for the record; later ones are only counted */

struct flight {
	unsigned magic;
	struct flight_env *env;
	enum flight_state state;
	struct arena arena;		/* of the flight and the request */
	struct request request;
	struct slice request_id;
	unsigned hops;
	struct roster *roster;		/* a reference */
	struct plan plan;
	struct plan_choice choice;	/* of the running attempt */
	struct gate_pass gate;
	struct attempt attempt;
	struct journal journal;
	struct fault fault;		/* the first one; err OK while none */
	bool released;			/* readers may read */
	bool streamed;			/* the provider answers with events; known at release */
	bool listed;			/* others can join (join.h): the tape is kept */
	struct tape tape;		/* all events so far, for those who join later */
	uint64_t join_hash;
	struct digest digest;		/* of the request; when keep_ms */
	struct semantic_note *note;	/* a good answer goes to the semantic cache; NULL: it does not */
	uint64_t keep_ms;		/* a good answer goes to the cache for this long; 0: it does not */
	struct list node;		/* COLLECTED, CARRIED */
	struct window *window;		/* COLLECTED: where it waits */
	struct window *came_from;	/* its window counts it as under way */
	struct batch *batch;		/* CARRIED: by whom */
	uint32_t items;			/* COLLECTED: its part of a call */
	uint32_t seat;			/* CARRIED: its first choice (REQUEST_RAW: item) in the carrier's answer */
	bool landed;			/* its answer is a part of a carrier's, or another node's: events without the
					 * provider's bytes */
	struct follower *follower;	/* FOLLOWING */
	bool followed;			/* its answer is another node's, who pays for it */
	struct task *on_alone;		/* posted when one reader is left; NULL: nobody asks */
	bool replay;			/* no upstream: the tape comes from the cache */
	uint64_t age_ms;		/* and is this old */
	int64_t saved;			/* and would have cost this (price.h) */
	uint64_t similar_id;		/* of the semantic cache's entry; 0: the question was the same */
	float cosine;			/* how near that question was */
	bool orphan;			/* the reader that opened it has left */
	struct usage unpaid;		/* of `usage`, what stands in no reader's record yet */
	bool attempt_ended;		/* recorded by the attempt, for the driver */
	uint32_t readers;
	struct task drive;
	struct alarm clock;		/* WAITING: back-off or Retry-After */
	struct alarm total;		/* total time or the caller's deadline */
	bool total_is_callers;
	struct grave grave;
	/* for the record */
	uint64_t open_ns, first_ns, end_ns;
	uint64_t deadline_ns;		/* when `total` fires; 0: never */
	uint32_t attempts;
	struct flight_try tries[FLIGHT_TRIES];
	const struct target *target;	/* of the last attempt */
	struct usage usage;
	enum event_finish finish;
	uint64_t version;		/* dialect_tally.version */
	/* of the attempt that is read, or of the last one */
	const struct dialect *back;	/* in which it answers */
	struct slice upstream_id;	/* the provider's own id of the call */
	struct slice dropped;		/* what it could not be told */
	struct slice type;		/* REQUEST_RAW: Content-Type of the answer */
	int status;			/* of the answer; for REQUEST_RAW any 2xx */
	const struct quota *quota;	/* the provider's rate limits; NULL: it did not say */
	uint64_t bytes_in, bytes_out;
};

void flight_env_init(struct flight_env *e, struct loop *l, struct dice *dice);
/* What the nodes share: answers, epochs, flights. */
void flight_env_share(struct flight_env *e, struct store *s);
/* Ends what runs without clients: while pools and store are there. */
void flight_env_stop(struct flight_env *e);
void flight_env_done(struct flight_env *e);

/* Attaches to a flight that was asked exactly the same and whose tape is whole so far: true, `r` reads it from its
 * start. Not for requests with a deadline of their own. */
bool flight_join(struct flight_env *env, const struct roster *roster, const struct request *request, struct reader *r,
	struct task *on_news);
/* Starts with one reader, whose `on_news` is posted for every change.  `arena` and what `request` points to
 * move into the flight.  NULL with *out_fault when there is no such model (the arena is untouched then). */
struct flight *flight_open(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, struct slice request_id, unsigned hops, struct reader *r, struct task *on_news,
	struct fault *out_fault);
/* One more reader, of all of it: before the first event. */
void flight_read(struct flight *f, struct reader *r, struct task *on_news);
/* A request that others may share; not one with a deadline of its own. */
bool flight_may_share(const struct request *r);
/* The answer is kept in the cache when it is good: complete, finished by `stop`, nothing lost on its tape.  Before the
 * first event. */
void flight_keep(struct flight *f, const struct digest *d, uint64_t ttl_ms);
/* A flight that has landed already: its answer is one from the cache.  `arena` and what `request` points to move into
 * it. */
struct flight *flight_replay(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, const struct exact_answer *answer, struct reader *r, struct task *on_news);
/* The reader leaves; the last one ends the flight: its attempt is closed now, its memory goes at the end of
 * the turn. */
void flight_leave(struct reader *r);
/* Stops the upstream now: its last reader is about to leave.  The counts for the record are final after this.  What has
 * been told to its end mark counts as complete. */
void flight_stop(struct flight *f);
/* "openai/a=up_overloaded:812 local/b=ok:93": each attempt with its outcome and milliseconds. */
void flight_tries(const struct flight *f, struct buf *out);

/* For window.c and batch.c. */
/* COLLECTED or CARRIED: plans and tries now, by itself.  May end it. */
void flight_depart(struct flight *f);
void flight_carry(struct flight *f, struct batch *b);
/* CARRIED: an event of its answer.  ERR_UP_TOO_BIG: there is no room. */
enum err flight_take(struct flight *f, const struct event *ev) MUST_CHECK;
/* CARRIED: all that its carrier gave it is there.  Ends it, well when it has no fault. */
void flight_land(struct flight *f);

/* The answer can be read (or the flight has ended without one). */
static inline bool flight_may_read(const struct flight *f)
{
	return f->released || f->state == FLIGHT_ENDED;
}

#endif
