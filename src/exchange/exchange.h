/* An exchange: one client request and its response, run as the steps of steps.def by one driver.
 *
 * Callbacks (news from the flight, room in the socket, client gone) only record and post the driver's task.
 * The end is one function on every path. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "base/siphash.h"
#include "exchange/recent.h"
#include "exchange/refresh.h"
#include "flight/flight.h"
#include "flight/heat.h"
#include "ledger/record.h"

struct exchange;
struct remote_embed;
struct store;

/* What an exchange may ask of the door it came through; handed down by front/. */
struct exchange_reply {
	/* Status and fields; `length` -1: a stream of unknown length.  Once, before any put. */
	void (*head)(void *arg, int status, struct slice content_type, struct slice fields, int64_t length);
	void (*put)(void *arg, struct slice bytes);
	/* The client reads too slowly: stop until exchange_room(). */
	bool (*full)(void *arg);
	/* Exactly once, last.  `whole` false: the client must notice that the answer is cut.  The exchange is
	 * freed at the end of this turn. */
	void (*end)(void *arg, bool whole);
};

/* Shared by all exchanges of a loop. */
struct exchange_env {
	struct flight_env flight;
	struct roster *roster;			/* the present one */
	struct arena parse;			/* scratch while a body is parsed */
	struct buf out;				/* scratch while bytes are written */
	struct buf body;			/* scratch while an answer that is no stream is written */
	struct sha256 sha;			/* for digests */
	struct recent recent;			/* answered from the cache lately: known by their bytes */
	struct refreshes refreshes;		/* kept answers that are being renewed */
	struct heat heat;			/* which requests come often */
	uint32_t hot;				/* that often a second: other nodes are asked; 0: never */
	struct siphash_key tenant_key;		/* of the hashes that tell tenants apart; the same on all nodes */
	struct store *store;			/* what the nodes of a cluster share; borrowed by the flights */
	struct remote_embed *embedder;		/* the semantic cache's, where it is a provider's; NULL: it is here */
	uint64_t embed_ms;			/* a question waits so long for its point */
	uint64_t ping_ms;			/* keep-alive comments to clients of slow streams; 0: none */
	unsigned max_hops;
	void (*on_record)(void *arg, const struct record *r);
	void *arg;
};

struct exchange_ask {
	const struct dialect *dialect;
	struct slice endpoint;		/* static */
	struct request_door door;	/* texts borrowed for the call */
	struct slice body;		/* borrowed for the call */
	struct slice request_id, peer, client;	/* copied */
	unsigned hops;			/* x-weir-hops of the request */
	uint64_t timeout_ms;		/* x-weir-timeout-ms header or the like; 0: none */
};

/* Parses and plans at once; every answer, errors too, comes through `reply` in a later step of this turn or
 * later turns, never inside this call. */
struct exchange *exchange_open(struct exchange_env *env, const struct exchange_ask *ask,
	const struct exchange_reply *reply, void *arg);
/* A flight has ended whose usage stands in nobody's record, since its clients had left: it gets one of its own. */
void exchange_unpaid(void *env, const struct flight *f);
/* The client can take more. */
void exchange_room(struct exchange *ex);
/* The client is gone, or too slow (ERR_CLIENT_SLOW), or the server must go (ERR_DRAINING: tells the client
 * first).  Ends it at once: reply->end is called only for ERR_DRAINING. */
void exchange_cancel(struct exchange *ex, enum err why);
/* The client is gone.  `took_all`: nothing of what it was given still waits to be sent.  Who leaves on the end mark,
 * before the transfer has ended, has had its answer; everybody else is cancelled with ERR_CLIENT_GONE. */
void exchange_left(struct exchange *ex, bool took_all);

#endif
