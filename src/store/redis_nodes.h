/* The servers behind one store, and which of them holds a slot: one server, the master that a Sentinel names, or the
 * nodes of a Redis Cluster, each with its connection and its breaker.
 *
 * Node 0 is home: the server of the URL (the next one of a list when it cannot be reached), or the Sentinel's master.
 *  A server that says in its greeting that it belongs to a cluster, or that sends MOVED, makes this a cluster: its
 * map is read with CLUSTER SLOTS then, and again after each MOVED and loss, at most once a second. */
#ifndef STORE_REDIS_NODES_H
#define STORE_REDIS_NODES_H

#include "loop/alarm.h"
#include "store/redis_breaker.h"
#include "store/redis_link.h"
#include "store/redis_slot.h"

/* Masters of one cluster; Redis recommends at most a thousand nodes, replicas included (cluster-spec), and the map
 * keeps one byte a slot. */
#define REDIS_NODES_MAX 128

struct redis_nodes;
struct redis_sentinel;

struct redis_node {
	struct redis_nodes *nodes;
	struct redis_addr addr;
	struct redis_link *link;
	struct redis_breaker breaker;
	struct alarm probe;		/* while the breaker is open: ends its window, then the wait for the answer */
	struct redis_ask ping;
	bool pinging;			/* it is owed, perhaps since an earlier window */
	bool gone;			/* not in the cluster's map any more: never dialled again */
	bool told;			/* its loss has been logged */
};

struct redis_nodes {
	struct redis_link_env env;
	struct redis_url url;
	struct slice sentinel_user, sentinel_password;
	struct redis_node v[REDIS_NODES_MAX];
	size_t n;
	unsigned char slots[REDIS_SLOTS];	/* index of the node */
	bool cluster;
	size_t seed;			/* which address of the URL is home */
	struct redis_addr master;	/* of the Sentinel; port 0: not known yet */
	struct redis_sentinel *sentinel;
	struct redis_ask ask;		/* CLUSTER SLOTS */
	struct redis_node *asked;	/* of whom; NULL: nobody */
	struct alarm refresh;
	uint64_t refreshed_ns;
	uint64_t deadline_ms, silence_ms;
	size_t reply_max;
	void (*on_moved)(void *arg);	/* home or the map has changed: other connections may be at the wrong server */
	void *arg;
};

/* `nodes->env` and `nodes->url` are filled in by the caller. */
void redis_nodes_open(struct redis_nodes *nodes, uint64_t deadline_ms, size_t reply_max, void (*on_moved)(void *arg),
	void *arg);
void redis_nodes_close(struct redis_nodes *nodes);
/* Never NULL. */
struct redis_node *redis_nodes_of(struct redis_nodes *nodes, uint16_t slot);
/* The node at that address; a new one when it is not known yet.  NULL: too many. */
struct redis_node *redis_nodes_at(struct redis_nodes *nodes, const struct redis_addr *addr);
/* MOVED: that slot is there now. */
void redis_nodes_moved(struct redis_nodes *nodes, uint16_t slot, struct redis_node *to);
/* May operations be sent there now? */
bool redis_nodes_takes(const struct redis_node *n);
/* An operation there was not answered in time: a vote for leaving it alone for a while. */
void redis_nodes_late(struct redis_node *n);
/* The map may be wrong. */
void redis_nodes_doubt(struct redis_nodes *nodes);
/* Where a connection of its own for that slot must go; false: not known now. */
bool redis_nodes_where(const struct redis_nodes *nodes, uint16_t slot, struct redis_addr *out);
/* Is there a server that answers, and none that does not? */
bool redis_nodes_near(const struct redis_nodes *nodes);

#endif
