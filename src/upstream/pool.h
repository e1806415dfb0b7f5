/* Connection pools: one for each origin (scheme, host, port, trust), shared by all targets there and kept
 * through reloads.
 *
 *   a connection is in exactly one place:  opening -> idle <-> busy (owned by a lease) -> gone
 *   a lease is in exactly one state:
 *     LEASE_NONE                 nothing asked
 *     LEASE_WAIT    pool->line, in the order of line.h
 *     LEASE_BUSY    has a stream, owned by the attempt
 *
 * Invariants:
 *  1. idle + opening + busy <= max; waiting <= max_waiting.
 *  2. A connection that opens, or comes back fit, goes to the next waiter, else to idle.  A connection that cannot be
 *     opened fails the next waiter, so a dead host never leaves one waiting for ever.
 *  3. When the line is full, the last of the least urgent class's longest queue has to go, or the newcomer.
 *  4. An idle connection that says anything is closed: the peer and we no longer agree where a message begins. */
#ifndef UPSTREAM_POOL_H
#define UPSTREAM_POOL_H

#include "base/list.h"
#include "loop/alarm.h"
#include "loop/loop.h"
#include "loop/stream.h"
#include "route/roster.h"
#include "upstream/line.h"

struct pool;
struct pools;
struct pool_conn;

enum lease_state { LEASE_NONE, LEASE_WAIT, LEASE_BUSY };

/* The right to use one pooled connection for one attempt.  Embedded in the attempt; zero-initialise. */
struct lease {
	struct line_ticket ticket;	/* filled by the holder: priority, tenant, weight, cost */
	enum request_priority priority;	/* as it was asked with: the ticket's rises with age */
	enum lease_state state;
	struct pool *pool;
	struct pool_conn *conn;
	struct stream *stream;		/* LEASE_BUSY: the holder has called stream_own on it */
	bool reused;			/* the connection has carried a request before */
	uint64_t asked_ns;
	struct alarm patience;		/* queue time */
	void (*on_ready)(struct lease *l);		/* in a later turn: stream is set */
	void (*on_fail)(struct lease *l, enum err why);	/* in a later turn: LEASE_NONE again */
};

struct pools *pools_new(struct loop *l);
/* Closes idle connections; there must be no leases. */
void pools_free(struct pools **ps);
/* A configuration is taken on: pools_begin, then pools_get for each provider, then pools_end, which lets the
 * idle connections of origins go that are not named any more. */
void pools_begin(struct pools *ps);
void pools_end(struct pools *ps);
/* The pool of this provider's origin with its present limits.  NULL: 1,024 different origins have been named
 * since the start. */
struct pool *pools_get(struct pools *ps, const struct provider *p);
/* Closes all idle connections and opens no new warm ones: drain. */
void pools_drain(struct pools *ps);

/* Asks for a connection.  True: given at once, l->stream is set, no callback.  False: a callback comes later.
 * `fresh`: not a reused one.  `connect_ms` bounds opening one. */
bool pool_take(struct pool *p, struct lease *l, bool fresh, uint64_t connect_ms);
/* Gives up whatever the lease has.  `fit`: the connection may be used again (the answer was complete).
 * LEASE_NONE after. */
void pool_put(struct lease *l, bool fit);
/* The holder's stream died by itself (on_close): forget it. */
void pool_lost(struct lease *l);

#endif
