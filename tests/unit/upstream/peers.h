/* A provider's side on the loop under test: takes connections, keeps what they say, says what the test wants.
 * And ways to run the loop until something holds. */
#ifndef TESTS_PEERS_H
#define TESTS_PEERS_H

#include "unit/loop/rig.h"

#include "base/counter.h"
#include "route/roster.h"
#include "upstream/pool.h"

#define PEERS_MAX 64

struct peer {
	struct peers *all;
	struct stream *s;
	struct buf in;
	bool gone;
};

struct peers {
	struct rig rig;
	struct alarm tick;
	struct peer v[PEERS_MAX];
	size_t n;		/* in the order in which they came */
	struct pools *pools;
	struct provider provider;
};

static inline void peers_on_tick(struct alarm *a)
{
	loop_stop(a->loop);
}

static inline void run_ms(struct peers *p, uint64_t ms)
{
	alarm_set(&p->tick, ms);
	rig_run(&p->rig);
	alarm_clear(&p->tick);
}

/* Turn after turn until it holds; a test that waits in vain fails. */
#define run_until(p, cond) \
	do { \
		for (int turns_ = 0; !(cond); turns_++) { \
			if (turns_ == 10000) \
				fail_msg("it never came to: %s", #cond); \
			run_ms(p, 1); \
		} \
	} while (0)

static inline void peer_on_data(void *arg, struct slice bytes)
{
	buf_add(&((struct peer *)arg)->in, bytes);
}

static inline void peer_on_close(void *arg, enum err why)
{
	struct peer *peer = arg;
	peer->s = NULL;
	peer->gone = true;
}

static inline void peers_on_accept(void *arg, struct stream *s)
{
	static const struct stream_events events = { .on_data = peer_on_data, .on_close = peer_on_close };
	struct peers *p = arg;

	assert_true(p->n < PEERS_MAX);
	struct peer *peer = &p->v[p->n++];
	*peer = (struct peer){ .all = p, .s = s };
	buf_init(&peer->in, 64u << 20);
	stream_own(s, &events, peer);
}

static inline void peer_say(struct peer *peer, const char *text)
{
	assert_non_null(peer->s);
	stream_write(peer->s, slice_str(text));
}

static inline size_t peers_live(const struct peers *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += !p->v[i].gone;
	return n;
}

/* A provider at p's listener, with limits that are in nobody's way. */
static inline void peers_open(struct peers *p)
{
	*p = (struct peers){ .n = 0 };
	counter_reset();
	rig_init(&p->rig);
	rig_listen(&p->rig, "127.0.0.1:0", NULL, peers_on_accept, p);
	alarm_init(&p->tick, p->rig.loop, peers_on_tick);
	p->pools = pools_new(p->rig.loop);
	p->provider = (struct provider){ .name = SLICE("a"), .url = { .host = SLICE("127.0.0.1"),
		.port = p->rig.port },
		.max_connections = 8, .max_waiting = 8, .idle_ms = 60000, .queue_ms = 10000 };
}

static inline struct pool *peers_pool(struct peers *p)
{
	return p->provider.pool = pools_get(p->pools, &p->provider);
}

/* Everything is given back; what the gauges say of connections is true to the end. */
static inline void peers_close(struct peers *p)
{
	pools_free(&p->pools);
	assert_null(p->pools);
	run_until(p, peers_live(p) == 0);
	assert_int_equal(counter_values[COUNTER_upstream_open], 0);
	assert_int_equal(counter_values[COUNTER_upstream_idle], 0);
	for (size_t i = 0; i < p->n; i++)
		buf_done(&p->v[i].in);
	rig_done(&p->rig);
}

#endif
