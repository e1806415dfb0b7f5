/* A scripted Redis in the sim: a small one that works (strings that expire, numbers, streams, channels; RESP3; no
 * scripts but the store's), and ways to make it slow, mute, wrong or broken. */
#ifndef SIM_REDIS_H
#define SIM_REDIS_H

#include "sim_near.h"
#include "sim_sock.h"

struct sim_redis {
	struct loop *loop;
	struct sim_host *host;			/* way, times: how it is reached */
	struct list conns, values, streams;
	struct sim_near near;			/* vector sets, search index */
	size_t n_commands, n_conns;		/* ever */
	uint64_t delay_ms;			/* between a command and its reply */
	bool mute;				/* takes commands, answers none */
	uint64_t die_after;			/* reset after that many bytes of replies on a connection; 0: never */
	/* Asked first.  Bytes to answer with, "" for none, NULL for what the small Redis says itself. */
	const char *(*answer)(struct sim_redis *r, const struct slice *words, size_t n);
	void *arg;
	uint64_t last_id;			/* of a stream entry: "last_id-0" */
};

struct sim_redis *sim_redis_new(struct loop *l, const char *name, uint16_t port);
void sim_redis_free(struct sim_redis **r);
/* All its connections end now. */
void sim_redis_hang_up(struct sim_redis *r);
/* FLUSHALL. */
void sim_redis_wipe(struct sim_redis *r);

/* What another node does and sees.  Keys with the store's prefix. */
/* Empty when there is none. */
struct slice sim_redis_value(struct sim_redis *r, const char *key);
/* The first key that begins so; NULL when there is none. */
const char *sim_redis_key(struct sim_redis *r, const char *start);
/* ttl_ms 0: for ever. */
void sim_redis_put(struct sim_redis *r, const char *key, struct slice value, uint64_t ttl_ms);
void sim_redis_drop(struct sim_redis *r, const char *key);
/* XADD. */
void sim_redis_add(struct sim_redis *r, const char *key, struct slice value);
/* PUBLISH. */
void sim_redis_say(struct sim_redis *r, struct slice channel, struct slice word);
/* Entry `i` of a log and when it came.  False when there are not so many. */
bool sim_redis_entry(struct sim_redis *r, const char *key, size_t i, struct slice *out, uint64_t *out_ms);

#endif
