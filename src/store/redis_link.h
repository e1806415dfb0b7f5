/* One connection to one Redis server, kept for ever: dials, greets (HELLO 3, else AUTH and RESP2), sends commands and
 * gives each its reply, in order; when it is lost, comes again after a pause (exponential, full jitter).
 *
 * Facts that hold:
 *  1. A command given while the link is ready gets exactly one on_reply: its reply, or NULL when the connection was
 *     lost or closed.
 *  2. No callback runs inside redis_link_open, _send and _drop; inside _close only the on_reply(NULL) that are owed.
 *  3. The link gives up a connection by itself only when something was asked and nothing at all has come for
 *     `silence_ms`: one late reply does not end it.  An idle connection is asked PING. */
#ifndef STORE_REDIS_LINK_H
#define STORE_REDIS_LINK_H

#include "base/dice.h"
#include "base/list.h"
#include "loop/stream.h"
#include "store/redis_url.h"
#include "store/redis_wire.h"

struct redis_link;

/* One command under way.  Embedded in its owner, who keeps it until on_reply. */
struct redis_ask {
	struct list node;
	/* NULL: the connection was lost first.  `r` is borrowed until return. */
	void (*on_reply)(struct redis_ask *a, const struct redis_reply *r);
};

/* What is the same for all links of a store; outlives them. */
struct redis_link_env {
	struct loop *loop;
	struct dice *dice;
	struct tls_client *tls;		/* NULL: plain */
	struct slice user, password;
	struct slice name;		/* for CLIENT SETNAME */
	unsigned db;
	uint64_t connect_ms;		/* until greeted */
	bool master_only;		/* a replica is not taken (Sentinel may still name an old master) */
};

/* What a server says of itself in its greeting; of RESP2 servers nothing is known. */
struct redis_link_facts {
	int64_t id;			/* CLIENT ID; 0: unknown */
	bool cluster;
};

struct redis_link_events {
	/* Asked before each dial.  False: not known now; the link asks again after a pause. */
	bool (*where)(void *arg, struct redis_addr *out);
	void (*on_up)(void *arg);
	/* The connection or the try to make one is over; all commands have heard.  `why` is for people, borrowed. */
	void (*on_down)(void *arg, const char *why, bool was_up);
	/* A reply that answers nothing: words of a subscription.  NULL: such a reply ends the connection. */
	void (*on_push)(void *arg, const struct redis_reply *r);
};

/* Starts to dial in a later turn.  `ev` is copied.  `reply_max`: largest reply.  Never NULL. */
struct redis_link *redis_link_open(const struct redis_link_env *env, const struct redis_link_events *ev, void *arg,
	uint64_t silence_ms, size_t reply_max);
/* Commands under way hear NULL inside this call; no callback after it.  Sets *l to NULL; NULL is fine. */
void redis_link_close(struct redis_link **l);
bool redis_link_ready(const struct redis_link *l);
/* Only while ready.  `bytes` are copied; with `a` NULL no reply is expected. */
void redis_link_send(struct redis_link *l, struct redis_ask *a, struct slice bytes);
/* Bytes that wait to leave. */
size_t redis_link_queued(const struct redis_link *l);
/* Ends this connection in a task of this turn, as if it had been lost, and dials again. */
void redis_link_drop(struct redis_link *l, const char *why);
/* A pause between dials ends now: there is something to dial. */
void redis_link_hurry(struct redis_link *l);
const struct redis_link_facts *redis_link_facts(const struct redis_link *l);
bool redis_link_is_at(const struct redis_link *l, const struct redis_addr *addr);
/* "host:port" dialled last, for logs. */
const char *redis_link_addr(const struct redis_link *l);

#endif
