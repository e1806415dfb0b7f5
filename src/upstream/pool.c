#include "upstream/pool.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/map.h"
#include "ledger/waits.h"
#include "loop/sys.h"
#include "loop/tls.h"

#define MAX_POOLS 1024		/* origins; all come from the configuration */
#define REWARM_MS 1000		/* pause before warm connections are opened again after one was lost */

struct pools {
	struct loop *loop;
	struct map by_key;
	bool draining;
};

struct pool {
	struct pools *owner;
	char *key;
	char *host;
	struct stream_dest dest;
	struct tls_client *tls;
	uint32_t max, max_waiting, warm;
	uint64_t idle_ms, queue_ms;
	bool named;			/* in the present configuration */
	struct list idle;		/* last used first */
	struct list busy, opening;
	uint32_t n_idle, n_busy, n_opening;
	struct line line;
	struct alarm rewarm;
};

struct pool_conn {
	struct list node;		/* idle, busy or opening of its pool */
	struct pool *pool;
	struct stream *stream;
	struct lease *lease;		/* busy */
	struct alarm idle;
	struct grave grave;
	uint32_t uses;
};

static const struct stream_events opening_events, idle_events;

static void fill(struct pool *p);

/* --- connections ---------------------------------------------------------------------------------------- */

static void dig_conn(struct grave *g)
{
	free(LIST_ITEM(g, struct pool_conn, grave));
}

/* Out of its list and counts; the stream is closed unless it died by itself. */
static void conn_gone(struct pool_conn *c, uint32_t *count)
{
	list_remove(&c->node);
	(*count)--;
	alarm_clear(&c->idle);
	stream_abort(&c->stream, false);
	counter_sub(COUNTER_upstream_open, 1);
	loop_bury(c->pool->owner->loop, &c->grave, dig_conn);
}

/* A lost warm connection is replaced, but not at once: a host that is down is not hammered. */
static void rewarm_later(struct pool *p)
{
	if (p->warm && !p->owner->draining && !alarm_is_set(&p->rewarm))
		alarm_set(&p->rewarm, REWARM_MS);
}

static void idle_gone(struct pool_conn *c)
{
	counter_sub(COUNTER_upstream_idle, 1);
	conn_gone(c, &c->pool->n_idle);
	rewarm_later(c->pool);
}

static void on_idle_timeout(struct alarm *a)
{
	struct pool_conn *c = LIST_ITEM(a, struct pool_conn, idle);
	if (c->pool->n_idle <= c->pool->warm)
		alarm_set(&c->idle, MAX_OF(c->pool->idle_ms, (uint64_t)REWARM_MS));
	else
		idle_gone(c);
}

static void on_idle_data(void *arg, struct slice bytes)
{
	idle_gone(arg);
}

static void on_idle_close(void *arg, enum err why)
{
	struct pool_conn *c = arg;
	c->stream = NULL;
	idle_gone(c);
}

static const struct stream_events idle_events = { .on_data = on_idle_data, .on_close = on_idle_close };

static void make_idle(struct pool_conn *c)
{
	struct pool *p = c->pool;
	list_push_front(&p->idle, &c->node);
	p->n_idle++;
	counter_add(COUNTER_upstream_idle, 1);
	stream_own(c->stream, &idle_events, c);
	alarm_set(&c->idle, p->idle_ms);
}

static void give(struct pool_conn *c, struct lease *l)
{
	struct pool *p = c->pool;
	list_push_back(&p->busy, &c->node);
	p->n_busy++;
	c->lease = l;
	l->conn = c;
	l->stream = c->stream;
	l->reused = c->uses++ > 0;
	l->state = LEASE_BUSY;
}

static void note_wait(const struct lease *l)
{
	waits_add(WAITS_LINE, l->priority, loop_now(l->pool->owner->loop) - l->asked_ns);
}

static void leave_line(struct lease *l)
{
	if (l->ticket.queue)	/* else it was shed before */
		note_wait(l);
	line_leave(&l->pool->line, &l->ticket);
	alarm_clear(&l->patience);
}

/* Takes the next waiter out of the line; NULL when nobody waits. */
static struct lease *next_waiter(struct pool *p)
{
	struct line_ticket *t = line_next(&p->line, loop_now(p->owner->loop));
	if (t == NULL)
		return NULL;
	struct lease *l = LIST_ITEM(t, struct lease, ticket);
	note_wait(l);
	alarm_clear(&l->patience);
	l->state = LEASE_NONE;
	return l;
}

/* A free connection that is in no list: to the next waiter, else idle. */
static void settle(struct pool_conn *c)
{
	struct lease *l = next_waiter(c->pool);
	if (l == NULL) {
		make_idle(c);
		return;
	}
	give(c, l);
	l->on_ready(l);
}

static void on_opening_open(void *arg)
{
	struct pool_conn *c = arg;
	list_remove(&c->node);
	c->pool->n_opening--;
	settle(c);
}

static void on_opening_close(void *arg, enum err why)
{
	struct pool_conn *c = arg;
	struct pool *p = c->pool;
	c->stream = NULL;
	conn_gone(c, &p->n_opening);
	struct lease *l = next_waiter(p);
	if (l)
		l->on_fail(l, why == ERR_OK ? ERR_UP_RESET : why);
	fill(p);
	rewarm_later(p);
}

/* A peer that talks before it was asked: kept from harm by on_opening_open's new owner; here nothing is open yet. */
static void on_opening_data(void *arg, struct slice bytes)
{
}

static const struct stream_events opening_events = { .on_open = on_opening_open, .on_data = on_opening_data,
	.on_close = on_opening_close };

static void open_one(struct pool *p, uint64_t connect_ms)
{
	struct pool_conn *c = calloc(1, sizeof(*c));
	must(c != NULL);
	c->pool = p;
	alarm_init(&c->idle, p->owner->loop, on_idle_timeout);
	list_push_back(&p->opening, &c->node);
	p->n_opening++;
	counter_add(COUNTER_upstream_connects, 1);
	counter_add(COUNTER_upstream_open, 1);
	p->dest.connect_ms = connect_ms;
	c->stream = stream_open(p->owner->loop, &p->dest, &opening_events, c);
}

/* As many connections on their way as there are waiters, within the maximum. */
static void fill(struct pool *p)
{
	while (p->n_opening < p->line.n && p->n_idle + p->n_opening + p->n_busy < p->max)
		open_one(p, p->dest.connect_ms);
}

static void keep_warm(struct pool *p)
{
	while (!p->owner->draining && p->n_idle + p->n_opening + p->n_busy < MIN_OF(p->warm, p->max))
		open_one(p, p->dest.connect_ms);
}

static void on_rewarm(struct alarm *a)
{
	keep_warm(LIST_ITEM(a, struct pool, rewarm));
}

/* --- leases --------------------------------------------------------------------------------------------- */

static void on_patience(struct alarm *a)
{
	struct lease *l = LIST_ITEM(a, struct lease, patience);
	leave_line(l);
	l->state = LEASE_NONE;
	l->on_fail(l, ERR_UP_QUEUE_TIMEOUT);
}

static void on_refused(struct alarm *a)
{
	struct lease *l = LIST_ITEM(a, struct lease, patience);
	l->state = LEASE_NONE;
	l->on_fail(l, ERR_UP_QUEUE_FULL);
}

/* Its callback must come in a later turn. */
static void shed(struct pool *p, struct lease *l)
{
	static const enum counter by_priority[] = { COUNTER_shed_normal, COUNTER_shed_realtime, COUNTER_shed_normal,
		COUNTER_shed_bulk, COUNTER_shed_batch };

	counter_add(COUNTER_upstream_queue_full, 1);
	counter_add(by_priority[l->priority], 1);
	leave_line(l);
	alarm_init(&l->patience, p->owner->loop, on_refused);
	alarm_set(&l->patience, 0);
}

/* False: the lease itself was refused. */
static bool make_room(struct pool *p, struct lease *l)
{
	struct line_ticket *worst = line_worst(&p->line, &l->ticket);

	shed(p, worst ? LIST_ITEM(worst, struct lease, ticket) : l);
	return worst != NULL;
}

static bool is_at_max(const struct pool *p)
{
	return p->n_idle + p->n_opening + p->n_busy >= p->max;
}

static void wait_in_line(struct pool *p, struct lease *l, uint64_t connect_ms)
{
	bool full = p->line.n >= p->max_waiting + (p->max - MIN_OF(p->max, p->n_busy + p->n_idle));

	l->state = LEASE_WAIT;
	alarm_init(&l->patience, p->owner->loop, on_patience);
	if (full && !make_room(p, l))
		return;
	if (is_at_max(p))
		counter_add(COUNTER_upstream_queued, 1);
	line_join(&p->line, &l->ticket, loop_now(p->owner->loop));
	/* Where a connection can still be opened its own clock counts first; in a full pool only the queue's does. */
	alarm_set(&l->patience, is_at_max(p) ? p->queue_ms : connect_ms + p->queue_ms + 1);
	p->dest.connect_ms = connect_ms;
	fill(p);
}

/* The freshest idle connection, or with `fresh` one that has carried nothing yet. */
static struct pool_conn *idle_one(struct pool *p, bool fresh)
{
	LIST_EACH(node, tmp, &p->idle) {
		struct pool_conn *c = LIST_ITEM(node, struct pool_conn, node);
		if (!fresh || c->uses == 0)
			return c;
	}
	return NULL;
}

bool pool_take(struct pool *p, struct lease *l, bool fresh, uint64_t connect_ms)
{
	must(l->state == LEASE_NONE);
	l->pool = p;
	l->asked_ns = loop_now(p->owner->loop);
	l->priority = l->ticket.priority;
	struct pool_conn *c = idle_one(p, fresh);
	if (c == NULL) {
		/* A dead reused connection says its siblings may be dead too: room is made for a fresh one. */
		if (fresh && p->n_idle && p->n_idle + p->n_opening + p->n_busy >= p->max)
			idle_gone(LIST_ITEM(p->idle.prev, struct pool_conn, node));
		wait_in_line(p, l, connect_ms);
		return false;
	}
	list_remove(&c->node);
	p->n_idle--;
	counter_sub(COUNTER_upstream_idle, 1);
	alarm_clear(&c->idle);
	note_wait(l);
	give(c, l);
	return true;
}

void pool_put(struct lease *l, bool fit)
{
	struct pool *p = l->pool;
	enum lease_state was = l->state;

	l->state = LEASE_NONE;
	if (was == LEASE_WAIT)
		leave_line(l);
	if (was != LEASE_BUSY)
		return;
	struct pool_conn *c = l->conn;
	l->conn = NULL;
	l->stream = NULL;
	c->lease = NULL;
	if (!fit || p->owner->draining) {
		conn_gone(c, &p->n_busy);
		fill(p);
		return;
	}
	list_remove(&c->node);
	p->n_busy--;
	settle(c);
}

void pool_lost(struct lease *l)
{
	must(l->state == LEASE_BUSY);
	l->conn->stream = NULL;
	pool_put(l, false);
}

/* --- the table ------------------------------------------------------------------------------------------ */

struct pools *pools_new(struct loop *l)
{
	struct pools *ps = calloc(1, sizeof(*ps));
	must(ps != NULL);
	ps->loop = l;
	map_init(&ps->by_key, MAX_POOLS, sys_seed());
	return ps;
}

static void close_idle(struct pool *p)
{
	LIST_EACH(node, tmp, &p->idle) {
		counter_sub(COUNTER_upstream_idle, 1);
		conn_gone(LIST_ITEM(node, struct pool_conn, node), &p->n_idle);
	}
	LIST_EACH(node, tmp, &p->opening)
		if (p->line.n == 0)
			conn_gone(LIST_ITEM(node, struct pool_conn, node), &p->n_opening);
	alarm_clear(&p->rewarm);
}

void pools_drain(struct pools *ps)
{
	size_t at = 0;
	struct slice key;
	void *p;

	ps->draining = true;
	while (map_next(&ps->by_key, &at, &key, &p))
		close_idle(p);
}

void pools_begin(struct pools *ps)
{
	size_t at = 0;
	struct slice key;
	void *p;

	while (map_next(&ps->by_key, &at, &key, &p))
		((struct pool *)p)->named = false;
}

void pools_end(struct pools *ps)
{
	size_t at = 0;
	struct slice key;
	void *v;

	while (map_next(&ps->by_key, &at, &key, &v)) {
		struct pool *p = v;
		if (p->named)
			continue;
		p->warm = 0;
		close_idle(p);
	}
}

void pools_free(struct pools **ps)
{
	size_t at = 0;
	struct slice key;
	void *v;

	if (*ps == NULL)
		return;
	pools_drain(*ps);
	while (map_next(&(*ps)->by_key, &at, &key, &v)) {
		struct pool *p = v;
		must(p->n_busy == 0 && p->line.n == 0 && p->n_opening == 0);
		line_done(&p->line);
		tls_client_unref(&p->tls);
		free(p->host);
		free(p->key);
		free(p);
	}
	map_done(&(*ps)->by_key);
	free(*ps);
	*ps = NULL;
}

static char *pool_key(const struct provider *p)
{
	struct buf b;
	buf_init(&b, 65536);
	/* Extra trust settings keep origins apart: a session made without verification must not serve one with it. */
	buf_addf(&b, "%s %.*s %u %.*s %d", p->url.tls ? "tls" : "tcp", SLICE_ARG(p->url.host), p->url.port,
		SLICE_ARG(p->ca_file), p->tls_insecure);
	buf_add_char(&b, '\0');
	return b.p;
}

static struct pool *pool_new(struct pools *ps, const struct provider *pr, char *key)
{
	struct pool *p = calloc(1, sizeof(*p));
	must(p != NULL);
	p->owner = ps;
	p->key = key;
	p->host = strndup(pr->url.host.p, pr->url.host.n);
	must(p->host != NULL);
	p->dest = (struct stream_dest){ .host = slice_str(p->host), .port = pr->url.port, .connect_ms = 5000 };
	list_init(&p->idle);
	list_init(&p->busy);
	list_init(&p->opening);
	line_init(&p->line, sys_seed());
	alarm_init(&p->rewarm, ps->loop, on_rewarm);
	must(map_put(&ps->by_key, slice_str(key), p));
	return p;
}

struct pool *pools_get(struct pools *ps, const struct provider *pr)
{
	char *key = pool_key(pr);
	struct pool *p = map_find(&ps->by_key, slice_str(key));

	if (p == NULL && ps->by_key.n >= MAX_POOLS) {
		free(key);
		return NULL;
	}
	if (p)
		free(key);
	else
		p = pool_new(ps, pr, key);
	if (p->tls != pr->tls) {
		tls_client_unref(&p->tls);
		p->tls = pr->tls ? tls_client_ref(pr->tls) : NULL;
		p->dest.tls = p->tls;
	}
	p->max = pr->max_connections;
	p->max_waiting = pr->max_waiting;
	p->warm = pr->warm;
	p->idle_ms = pr->idle_ms;
	p->queue_ms = pr->queue_ms;
	p->named = true;
	fill(p);	/* a higher maximum lets waiters through */
	keep_warm(p);
	return p;
}
