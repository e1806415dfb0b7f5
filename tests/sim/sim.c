/* The life of a simulation: start, run, strike, end (sim.h). */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/counter.h"
#include "base/span.h"
#include "ledger/waits.h"
#include "sim_sys.h"
#include "sim_world.h"

#define MOST_MS (60u * 60u * 1000u)	/* no scenario needs more than an hour of virtual time */
#define KEY "sim-key"

/* sim_at */
struct timed {
	struct list node;
	struct sim *sim;
	struct sim_event event;
	void (*go)(struct sim *s, void *arg);
	void *arg;
};

/* A number from the environment: replays one seed or one step of a sweep. */
static uint64_t from_env(const char *name, uint64_t otherwise)
{
	uint64_t v = otherwise;
	const char *text = getenv(name);

	return text && slice_u64(slice_str(text), &v) ? v : otherwise;
}

static void on_step(struct loop *l, void *arg)
{
	struct sim *s = arg;

	if (s->struck || l->steps <= s->strike_at)
		return;
	s->struck = true;
	sim_trace(l, "strike");
	s->strike(s);
}

static struct sim *sim_make(uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	must(s);
	s->seed = from_env("SIM_SEED", seed);
	s->loop = loop_new();
	s->tls_before = sim_sys_tls();
	sim_world_seed(s->loop, s->seed);
	s->strike_at = UINT64_MAX;
	s->arena = calloc(1, sizeof(*s->arena));
	must(s->arena);
	arena_init(s->arena, 0);
	list_init(&s->providers);
	list_init(&s->clients);
	list_init(&s->timed);
	setenv("SIM_KEY", KEY, 1);
	setenv("SIM_KEY2", KEY "2", 1);
	counter_reset();
	waits_reset();
	return s;
}

static void sim_unmake(struct sim **sp)
{
	struct sim *s = *sp;

	loop_free(&s->loop);
	arena_done(s->arena);
	free(s->arena);
	free(s);
	*sp = NULL;
}

static void settle(struct sim *s, uint64_t ms)
{
	uint64_t until = s->loop->now_ns + ms * SPAN_NS_PER_MS;

	while (sim_world_turn(s->loop, until))
		;
	s->loop->now_ns = until;
}

struct sim *sim_try(uint64_t seed, const char *config, char *why, size_t why_cap)
{
	struct sim *s = sim_make(seed);

	s->it = sim_subject.open(s->loop, config, why, why_cap);
	if (!s->it) {
		settle(s, 100);
		sim_unmake(&s);
	}
	return s;
}

struct sim *sim_new(uint64_t seed, const char *config)
{
	char why[1024] = "";
	struct sim *s = sim_try(seed, config, why, sizeof(why));

	if (!s)
		fail_msg("config refused: %s\n%s", why, config);
	return s;
}

struct sim *sim_new_shuffled(uint64_t seed, const char *config)
{
	struct sim *s = sim_new(seed, config);

	s->loop->shuffle = true;
	s->loop->split = SIM_RANDOM;
	return s;
}

static void on_timed(struct sim_event *e)
{
	struct timed *t = CONTAINER(e, struct timed, event);

	t->go(t->sim, t->arg);
}

void sim_at(struct sim *s, uint64_t ms, void (*go)(struct sim *s, void *arg), void *arg)
{
	struct timed *t = arena_take(s->arena, sizeof(*t));

	t->sim = s;
	t->go = go;
	t->arg = arg;
	sim_event_init(&t->event, on_timed);
	list_init(&t->node);
	list_push_back(&s->timed, &t->node);
	sim_event_set(s->loop, &t->event, ms * SPAN_NS_PER_MS);
}

struct sim_redis *sim_redis(struct sim *s, const char *host)
{
	s->redis = sim_redis_new(s->loop, host, 6379);
	settle(s, 1000);
	return s->redis;
}

static bool clients_done(const struct sim *s)
{
	for (const struct list *n = s->clients.next; n != &s->clients; n = n->next)
		if (!LIST_ITEM(n, struct sim_client, node)->done)
			return false;
	return true;
}

/* A Redis is never quiet: reads wait in it. */
static bool quiet(const struct sim *s)
{
	if (s->redis)
		return clients_done(s) && !sim_world_busy(s->loop);
	return clients_done(s) && sim_world_next_event(s->loop) == UINT64_MAX && !sim_world_busy(s->loop);
}

static void run_within(struct sim *s, uint64_t ms)
{
	uint64_t until = s->loop->now_ns + ms * SPAN_NS_PER_MS;

	while (!quiet(s))
		if (!sim_world_turn(s->loop, until)) {
			sim_fail(s, __FILE__, __LINE__, "%s", sim_world_next_event(s->loop) == UINT64_MAX &&
				sim_world_alarms(s->loop) == 0 ? "a client waits and nothing will ever happen" :
				"not done within the time of this scenario");
			return;
		}
}

void sim_run(struct sim *s)
{
	run_within(s, MOST_MS);
}

void sim_run_for(struct sim *s, uint64_t ms)
{
	settle(s, ms);
}

bool sim_reload(struct sim *s, const char *config, char *why, size_t why_cap)
{
	return sim_subject.reload(s->it, config, why, why_cap);
}

void sim_drain(struct sim *s)
{
	s->ending = true;
	sim_subject.drain(s->it);
}

void sim_cut(struct sim *s)
{
	sim_subject.cut(s->it);
}

bool sim_drained(struct sim *s)
{
	return sim_subject.drained(s->it);
}

static void check_peers(struct sim *s)
{
	LIST_EACH(node, tmp, &s->providers) {
		struct sim_provider *p = LIST_ITEM(node, struct sim_provider, node);
		if (p->fault)
			sim_fail(s, __FILE__, __LINE__, "%s saw: %s", p->host->name, p->fault);
		if (p->n_running > 0)
			sim_fail(s, __FILE__, __LINE__, "%s still works on %zu requests nobody waits for",
				p->host->name, p->n_running);
	}
}

/* The clients have left: what counts them and their work is back to 0. */
static void check_gauges(struct sim *s, bool closed)
{
	for (int c = 0; c < COUNTER_COUNT; c++) {
		bool of_clients = c == COUNTER_exchanges_open || c == COUNTER_flights_open ||
			c == COUNTER_connections_open;
		if (counter_is_gauge((enum counter)c) && (closed || of_clients) && counter_values[c] != 0)
			sim_fail(s, __FILE__, __LINE__, "gauge %s is %llu after %s", counter_name((enum counter)c),
				(unsigned long long)counter_values[c], closed ? "close" : "all clients left");
	}
}

static void check_empty(struct sim *s)
{
	struct loop *l = s->loop;

	if (l->n_streams || l->n_lingering)
		sim_fail(s, __FILE__, __LINE__, "%zu streams open, %zu lingering after close", l->n_streams,
			l->n_lingering);
	if (!list_empty(&l->alarms))
		sim_fail(s, __FILE__, __LINE__, "%zu alarms set after close", sim_world_alarms(l));
	if (!list_empty(&l->listeners) || !list_empty(&l->signals))
		sim_fail(s, __FILE__, __LINE__, "a listener or a signal is watched after close");
	if (sim_sys_tls() != s->tls_before)
		sim_fail(s, __FILE__, __LINE__, "%zu TLS settings are held after close", sim_sys_tls() - s->tls_before);
	if (l->n_wires)
		sim_fail(s, __FILE__, __LINE__, "%zu connections exist after close", l->n_wires);
}

void sim_free(struct sim **sp)
{
	struct sim *s = *sp;

	s->strike_at = UINT64_MAX;
	LIST_EACH(node, tmp, &s->timed)
		sim_event_clear(&LIST_ITEM(node, struct timed, node)->event);
	while (!list_empty(&s->clients)) {
		struct sim_client *c = LIST_ITEM(s->clients.next, struct sim_client, node);
		sim_client_free(&c);
	}
	settle(s, 2000);	/* "within one second", and one for the way */
	check_peers(s);
	check_gauges(s, false);
	if (s->it)
		sim_subject.close(s->it);
	s->it = NULL;
	settle(s, 30000);	/* lingering output of clients that do not read */
	while (!list_empty(&s->providers)) {
		struct sim_provider *p = LIST_ITEM(s->providers.next, struct sim_provider, node);
		sim_provider_free(&p);
	}
	sim_redis_free(&s->redis);
	settle(s, 1000);
	check_empty(s);
	check_gauges(s, true);
	sim_unmake(sp);
}

static bool play_once(const struct sim_sweep *w, uint64_t step)
{
	struct sim *s = w->set(w->seed);
	bool struck;

	s->strike = w->strike;
	s->strike_at = step;
	s->loop->steps = 0;
	s->loop->on_step = on_step;
	s->loop->on_step_arg = s;
	run_within(s, w->most_ms ? w->most_ms : 600000u);
	struck = s->struck;
	w->check(s);
	sim_free(&s);
	return struck;
}

size_t sim_sweep(const struct sim_sweep *w)
{
	size_t n = 0;

	if (getenv("SIM_STEP")) {
		play_once(w, from_env("SIM_STEP", 0));
		return SIZE_MAX;
	}
	while (play_once(w, n))
		n++;
	return n;
}

struct sim_client *sim_first_client(struct sim *s)
{
	must(!list_empty(&s->clients));
	return LIST_ITEM(s->clients.next, struct sim_client, node);
}

struct sim_provider *sim_first_provider(struct sim *s)
{
	must(!list_empty(&s->providers));
	return LIST_ITEM(s->providers.next, struct sim_provider, node);
}

void sim_strike_client_leaves(struct sim *s)
{
	sim_client_leave(sim_first_client(s), SIM_LEAVES);
}

void sim_strike_client_resets(struct sim *s)
{
	sim_client_leave(sim_first_client(s), SIM_RESETS);
}

void sim_strike_provider_resets(struct sim *s)
{
	sim_provider_hang_up(sim_first_provider(s), true);
}

void sim_strike_provider_closes(struct sim *s)
{
	sim_provider_hang_up(sim_first_provider(s), false);
}

void sim_strike_drain(struct sim *s)
{
	sim_drain(s);
}

void sim_strike_redis_hangs_up(struct sim *s)
{
	sim_redis_hang_up(s->redis);
}

void sim_strike_redis_mute(struct sim *s)
{
	s->redis->mute = true;
}

void sim_strike_redis_wiped(struct sim *s)
{
	sim_redis_wipe(s->redis);
}
