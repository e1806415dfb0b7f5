#include "store/redis_nodes.h"

#include "base/counter.h"
#include "base/log.h"
#include "base/span.h"
#include "loop/loop.h"
#include "store/redis_sentinel.h"

#define REFRESH_SOON_MS 20
#define REFRESH_EACH_MS 1000
/* A connection is given up when nothing at all has come for so many deadlines, and at least a second. */
#define SILENT_DEADLINES 10u
#define LEAST_SILENCE_MS 1000u

static void gauge(struct redis_nodes *nodes)
{
	counter_values[COUNTER_store_near] = redis_nodes_near(nodes);
}

/* --- the breaker of one node ------------------------------------------------------------------------------- */

bool redis_nodes_takes(const struct redis_node *n)
{
	return n->breaker.state == REDIS_BREAKER_CLOSED && redis_link_ready(n->link);
}

static void log_breaker(const struct redis_node *n, const char *state)
{
	log_warn("redis_breaker", LOG_Z("server", redis_link_addr(n->link)), LOG_Z("state", state));
	gauge(n->nodes);
}

void redis_nodes_late(struct redis_node *n)
{
	if (!redis_breaker_late(&n->breaker, loop_now(n->nodes->env.loop)))
		return;
	counter_add(COUNTER_store_breaker_opened, 1);
	log_breaker(n, "open");
	alarm_set(&n->probe, n->breaker.window_ms);
}

static void on_pong(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_node *n = CONTAINER(a, struct redis_node, ping);

	n->pinging = false;
	/* Late, its window is over; lost, the wait for it will end as if it were late. */
	if (r == NULL || n->breaker.state != REDIS_BREAKER_PROBING)
		return;
	alarm_clear(&n->probe);
	redis_breaker_worked(&n->breaker);
	log_breaker(n, "closed");
}

static void ping(struct redis_node *n)
{
	redis_breaker_probe(&n->breaker);
	alarm_set(&n->probe, n->nodes->deadline_ms);
	if (n->pinging || !redis_link_ready(n->link))
		return;
	n->pinging = true;
	redis_link_send(n->link, &n->ping, SLICE("*1\r\n$4\r\nPING\r\n"));
}

static void on_probe(struct alarm *a)
{
	struct redis_node *n = CONTAINER(a, struct redis_node, probe);

	if (n->breaker.state == REDIS_BREAKER_OPEN) {
		ping(n);
		return;
	}
	redis_breaker_missed(&n->breaker);
	alarm_set(&n->probe, n->breaker.window_ms);
}

/* --- one node --------------------------------------------------------------------------------------------- */

static bool where(void *arg, struct redis_addr *out)
{
	struct redis_node *n = arg;
	struct redis_nodes *nodes = n->nodes;

	if (n == nodes->v && nodes->sentinel)
		n->addr = nodes->master;
	else if (n == nodes->v && !nodes->cluster)
		n->addr = nodes->url.addrs[nodes->seed % nodes->url.n];
	*out = n->addr;
	return !n->gone && n->addr.host[0] != '\0';
}

static void on_up(void *arg)
{
	struct redis_node *n = arg;

	n->told = false;
	log_info("redis_connected", LOG_Z("server", redis_link_addr(n->link)));
	if (redis_link_facts(n->link)->cluster && !n->nodes->cluster)
		redis_nodes_doubt(n->nodes);
	if (n->breaker.state == REDIS_BREAKER_OPEN)
		alarm_set(&n->probe, 0);	/* it greets again: ask at once */
	gauge(n->nodes);
}

static void on_down(void *arg, const char *why, bool was_up)
{
	struct redis_node *n = arg;
	struct redis_nodes *nodes = n->nodes;

	if (was_up || !n->told)
		log_warn(was_up ? "redis_lost" : "redis_unreachable", LOG_Z("server", redis_link_addr(n->link)),
			LOG_Z("why", why));
	n->told = true;
	counter_add(COUNTER_store_lost, was_up);
	if (n == nodes->v && !nodes->cluster && !was_up)
		nodes->seed++;
	if (nodes->sentinel)
		redis_sentinel_hurry(nodes->sentinel);
	if (nodes->cluster && !n->gone)
		redis_nodes_doubt(nodes);
	gauge(nodes);
}

static void open_node(struct redis_node *n)
{
	const struct redis_link_events ev = { .where = where, .on_up = on_up, .on_down = on_down };

	n->ping.on_reply = on_pong;
	alarm_init(&n->probe, n->nodes->env.loop, on_probe);
	n->link = redis_link_open(&n->nodes->env, &ev, n, n->nodes->silence_ms, n->nodes->reply_max);
}

static bool same_addr(const struct redis_addr *a, const struct redis_addr *b)
{
	return a->port == b->port && slice_eq(slice_str(a->host), slice_str(b->host));
}

/* A place in the table: a new one, or that of a node that has left and has no connection. */
static struct redis_node *free_place(struct redis_nodes *nodes)
{
	if (nodes->n < REDIS_NODES_MAX)
		return &nodes->v[nodes->n++];
	for (size_t i = 1; i < nodes->n; i++)
		if (nodes->v[i].gone && !redis_link_ready(nodes->v[i].link))
			return &nodes->v[i];
	counter_add(COUNTER_store_refused, 1);
	return NULL;
}

struct redis_node *redis_nodes_at(struct redis_nodes *nodes, const struct redis_addr *addr)
{
	struct redis_node *n;

	for (size_t i = 0; i < nodes->n; i++)
		if (same_addr(&nodes->v[i].addr, addr)) {
			if (nodes->v[i].gone)
				redis_link_hurry(nodes->v[i].link);
			nodes->v[i].gone = false;
			return &nodes->v[i];
		}
	if ((n = free_place(nodes)) == NULL)
		return NULL;
	n->nodes = nodes;
	n->addr = *addr;
	n->gone = n->told = false;
	n->breaker = (struct redis_breaker){ 0 };
	if (n->link == NULL) {
		open_node(n);
	} else {
		alarm_clear(&n->probe);
		redis_link_hurry(n->link);
	}
	return n;
}

/* --- the map of a cluster --------------------------------------------------------------------------------- */

struct redis_node *redis_nodes_of(struct redis_nodes *nodes, uint16_t slot)
{
	return &nodes->v[nodes->cluster ? nodes->slots[slot] : 0];
}

void redis_nodes_moved(struct redis_nodes *nodes, uint16_t slot, struct redis_node *to)
{
	nodes->cluster = true;
	nodes->slots[slot] = (unsigned char)(to - nodes->v);
	redis_nodes_doubt(nodes);
}

/* [start, end, [host, port, id, ...], replicas...] */
static struct redis_node *read_range(struct redis_nodes *nodes, const struct redis_reply *r)
{
	struct redis_addr addr = nodes->asked->addr;

	if (r->kind != REDIS_LIST || r->n < 3 || r->v[2].kind != REDIS_LIST || r->v[2].n < 2)
		return NULL;
	struct slice host = r->v[2].v[0].text;
	int64_t port = r->v[2].v[1].number, from = r->v[0].number, to = r->v[1].number;
	if (port <= 0 || port > UINT16_MAX || from < 0 || from > to || to >= REDIS_SLOTS || host.n >= sizeof(addr.host))
		return NULL;
	/* "" and "?": the server does not know its own name; it is where we reached it. */
	if (host.n && !slice_eq(host, SLICE("?")))
		slice_copy(host, addr.host, sizeof(addr.host));
	addr.port = (uint16_t)port;
	struct redis_node *n = redis_nodes_at(nodes, &addr);
	for (int64_t i = from; n && i <= to; i++)
		nodes->slots[i] = (unsigned char)(n - nodes->v);
	return n;
}

static void take_map(struct redis_nodes *nodes, const struct redis_reply *r)
{
	bool in_map[REDIS_NODES_MAX] = { false };

	if (r->n == 0)
		return;			/* no slot is served yet: keep what we know */
	nodes->cluster = true;
	for (size_t i = 0; i < r->n; i++) {
		struct redis_node *n = read_range(nodes, &r->v[i]);
		if (n)
			in_map[n - nodes->v] = true;
	}
	for (size_t i = 0; i < nodes->n; i++)
		if (!in_map[i] && !nodes->v[i].gone) {
			nodes->v[i].gone = true;
			redis_link_drop(nodes->v[i].link, "it is not in the cluster's map any more");
		}
	nodes->on_moved(nodes->arg);
}

static bool all_ready(const struct redis_nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (!nodes->v[i].gone && !redis_link_ready(nodes->v[i].link))
			return false;
	return true;
}

static void on_map(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_nodes *nodes = CONTAINER(a, struct redis_nodes, ask);

	if (r && r->kind == REDIS_LIST)
		take_map(nodes, r);
	nodes->asked = NULL;
	if (r && r->kind == REDIS_ERROR)
		return;			/* no cluster after all, or we may not ask */
	if (r == NULL || !all_ready(nodes))
		alarm_set(&nodes->refresh, REFRESH_EACH_MS);
	gauge(nodes);
}

/* Any node that answers can tell; not always the same one, which may itself be cut off from the others. */
static struct redis_node *someone(struct redis_nodes *nodes)
{
	size_t first = dice_below(nodes->env.dice, nodes->n);

	for (size_t i = 0; i < nodes->n; i++) {
		struct redis_node *n = &nodes->v[(first + i) % nodes->n];
		if (redis_link_ready(n->link) && !n->gone)
			return n;
	}
	return NULL;
}

/* No node is left: the map is worth nothing, and we begin again with the addresses of the URL. */
static void go_home(struct redis_nodes *nodes)
{
	nodes->v[0].addr = nodes->url.addrs[nodes->seed++ % nodes->url.n];
	nodes->v[0].gone = false;
	redis_link_hurry(nodes->v[0].link);
	alarm_set(&nodes->refresh, REFRESH_EACH_MS);
}

static void on_refresh(struct alarm *a)
{
	struct redis_nodes *nodes = CONTAINER(a, struct redis_nodes, refresh);
	struct redis_node *n = someone(nodes);
	struct buf b;

	if (nodes->asked)
		return;
	if (n == NULL) {
		go_home(nodes);
		return;
	}
	nodes->asked = n;
	nodes->refreshed_ns = loop_now(nodes->env.loop);
	buf_init(&b, 256);
	redis_wire_put(&b, (struct slice[]){ SLICE("CLUSTER"), SLICE("SLOTS") }, 2);
	redis_link_send(n->link, &nodes->ask, buf_slice(&b));
	buf_done(&b);
}

void redis_nodes_doubt(struct redis_nodes *nodes)
{
	uint64_t since_ms = (loop_now(nodes->env.loop) - nodes->refreshed_ns) / SPAN_NS_PER_MS;
	bool long_ago = nodes->refreshed_ns == 0 || since_ms >= REFRESH_EACH_MS;

	if (nodes->asked == NULL && !alarm_is_set(&nodes->refresh))
		alarm_set(&nodes->refresh, long_ago ? REFRESH_SOON_MS : REFRESH_EACH_MS - since_ms);
}

/* --- all of them ------------------------------------------------------------------------------------------ */

static void on_master(void *arg, const struct redis_addr *addr)
{
	struct redis_nodes *nodes = arg;

	if (same_addr(addr, &nodes->master))
		return;
	nodes->master = *addr;
	redis_link_drop(nodes->v[0].link, "the master has moved");
	redis_link_hurry(nodes->v[0].link);
	nodes->on_moved(nodes->arg);
}

bool redis_nodes_where(const struct redis_nodes *nodes, uint16_t slot, struct redis_addr *out)
{
	const struct redis_node *n = &nodes->v[nodes->cluster ? nodes->slots[slot] : 0];

	*out = n->addr;
	return redis_link_ready(n->link);
}

bool redis_nodes_near(const struct redis_nodes *nodes)
{
	bool any = false;

	for (size_t i = 0; i < nodes->n; i++) {
		const struct redis_node *n = &nodes->v[i];
		if (n->gone)
			continue;
		if (!redis_nodes_takes(n))
			return false;
		any = true;
	}
	return any;
}

void redis_nodes_open(struct redis_nodes *nodes, uint64_t deadline_ms, size_t reply_max, void (*on_moved)(void *arg),
	void *arg)
{
	nodes->deadline_ms = deadline_ms;
	nodes->silence_ms = MAX_OF(SILENT_DEADLINES * deadline_ms, LEAST_SILENCE_MS);
	nodes->reply_max = reply_max;
	nodes->on_moved = on_moved;
	nodes->arg = arg;
	nodes->ask.on_reply = on_map;
	nodes->env.master_only = nodes->url.master.n > 0;
	alarm_init(&nodes->refresh, nodes->env.loop, on_refresh);
	nodes->n = 1;
	nodes->v[0].nodes = nodes;
	open_node(&nodes->v[0]);
	if (nodes->url.master.n)
		nodes->sentinel = redis_sentinel_open(&nodes->env, &nodes->url, nodes->sentinel_user,
			nodes->sentinel_password, on_master, nodes);
}

void redis_nodes_close(struct redis_nodes *nodes)
{
	redis_sentinel_close(&nodes->sentinel);
	for (size_t i = 0; i < nodes->n; i++) {
		redis_link_close(&nodes->v[i].link);
		alarm_clear(&nodes->v[i].probe);
	}
	alarm_clear(&nodes->refresh);
	counter_values[COUNTER_store_near] = 0;
}
