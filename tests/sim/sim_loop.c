/* loop.h and alarm.h on a virtual clock.  Owns the turn and its order; must not know sockets, HTTP or weir. */
#include "sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000u
#define WALL_START_MS 1795253400000u	/* 2026-11-21T09:30:00Z: any fixed day does */
#define TASKS_A_TURN 1024		/* ceiling of the run queue; shuffled runs draw smaller ones */
#define TURNS_WITHOUT_TIME 2000000	/* far more than 1-byte splits of any scenario need */

static struct loop *world;

struct loop *sim_world(void)
{
	return world;
}

void sim_world_seed(struct loop *l, uint64_t seed)
{
	dice_init(&l->dice, seed);
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	must(l);
	list_init(&l->events);
	list_init(&l->alarms);
	list_init(&l->tasks);
	list_init(&l->graves);
	list_init(&l->dirty);
	list_init(&l->hosts);
	list_init(&l->listeners);
	list_init(&l->signals);
	dice_init(&l->dice, 1);
	buf_init(&l->log, 64u << 20);
	l->now_ns = 5000u * (uint64_t)NS_PER_MS;	/* not 0, so that "0: never" and "now" differ */
	l->next_port = 40000;
	l->trace = getenv("SIM_TRACE") != NULL;
	world = l;
	return l;
}

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	if (!l)
		return;
	must(list_empty(&l->tasks) && list_empty(&l->graves) && list_empty(&l->alarms));
	must(l->n_streams == 0 && list_empty(&l->listeners) && list_empty(&l->signals));
	buf_done(&l->log);
	if (world == l)
		world = NULL;
	free(l);
	*lp = NULL;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* Open for loop_run: what libuv would keep a loop alive for. */
static bool anything_open(const struct loop *l)
{
	return sim_world_busy(l) || !list_empty(&l->alarms) || l->n_streams > 0 || l->n_lingering > 0 ||
		!list_empty(&l->listeners) || !list_empty(&l->signals);
}

void loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped && anything_open(l))
		if (!sim_world_turn(l, UINT64_MAX - 1))
			break;	/* open, but nothing will ever happen: a real loop would sleep for ever */
}

/* Work takes no time here. */
const struct loop_busy *loop_busy(const struct loop *l)
{
	static const struct loop_busy never = { .turns = { .count = 0 } };

	return &never;
}

void loop_on_stall(struct loop *l, void (*on_stall)(void *arg, const struct loop_stall *s), void *arg)
{
}

uint64_t loop_now(const struct loop *l)
{
	return l->now_ns;
}

uint64_t loop_clock(const struct loop *l)
{
	return l->now_ns;
}

uint64_t loop_wall_ms(const struct loop *l)
{
	return WALL_START_MS + l->now_ns / NS_PER_MS;
}

/* A node in zeroed memory is unlinked too: task and grave are "zero-initialised" by contract. */
static void push_fresh(struct list *head, struct list *node)
{
	must(!node->next || !list_linked(node));
	list_push_back(head, node);
}

void loop_post(struct loop *l, struct task *t)
{
	must(t->go);
	if (t->posted)
		return;
	t->posted = true;
	push_fresh(&l->tasks, &t->node);
}

void loop_unpost(struct loop *l, struct task *t)
{
	if (!t->posted)
		return;
	t->posted = false;
	list_remove(&t->node);
}

void loop_bury(struct loop *l, struct grave *g, void (*dig)(struct grave *))
{
	must(dig);
	g->dig = dig;
	push_fresh(&l->graves, &g->node);
}

void alarm_init(struct alarm *a, struct loop *l, void (*on_fire)(struct alarm *))
{
	list_init(&a->node);
	a->loop = l;
	a->due_ms = 0;
	a->on_fire = on_fire;
}

static uint64_t alarm_due(const struct list *node)
{
	return LIST_ITEM(node, struct alarm, node)->due_ms;
}

static uint64_t event_due(const struct list *node)
{
	return LIST_ITEM(node, struct sim_event, node)->due_ns;
}

/* Behind all that are due no later.  From both ends at once: most are due soon or last, and a crowd has ten
 * thousands. */
static void insert(struct list *head, struct list *node, uint64_t due, uint64_t (*due_of)(const struct list *node))
{
	struct list *back = head->prev, *front = head->next;

	while (back != head && due_of(back) > due) {
		if (due_of(front) > due) {
			back = front->prev;
			break;
		}
		back = back->prev;
		front = front->next;
	}
	list_push_front(back, node);
}

void alarm_set(struct alarm *a, uint64_t ms)
{
	struct loop *l = a->loop;
	uint64_t tick = l->now_ns / NS_PER_MS;

	must(a->on_fire);
	list_remove(&a->node);
	/* "at or after its time": a part of a tick counts as a whole one */
	a->due_ms = (l->now_ns + NS_PER_MS - 1) / NS_PER_MS;
	a->due_ms = ms > UINT64_MAX / NS_PER_MS - a->due_ms ? UINT64_MAX / NS_PER_MS : a->due_ms + ms;
	if (a->due_ms <= tick)
		a->due_ms = tick + 1;
	insert(&l->alarms, &a->node, alarm_due(&a->node), alarm_due);
}

void alarm_clear(struct alarm *a)
{
	if (a->node.next)
		list_remove(&a->node);
}

void sim_event_init(struct sim_event *e, void (*go)(struct sim_event *))
{
	list_init(&e->node);
	e->due_ns = 0;
	e->go = go;
}

void sim_event_set(struct loop *l, struct sim_event *e, uint64_t ns)
{
	list_remove(&e->node);
	e->due_ns = ns > UINT64_MAX - 1 - l->now_ns ? UINT64_MAX - 1 : l->now_ns + ns;
	insert(&l->events, &e->node, event_due(&e->node), event_due);
}

void sim_event_clear(struct sim_event *e)
{
	list_remove(&e->node);
}

uint64_t sim_world_next_event(const struct loop *l)
{
	return list_empty(&l->events) ? UINT64_MAX : LIST_ITEM(l->events.next, struct sim_event, node)->due_ns;
}

static uint64_t next_alarm(const struct loop *l)
{
	return list_empty(&l->alarms) ? UINT64_MAX :
		LIST_ITEM(l->alarms.next, struct alarm, node)->due_ms * (uint64_t)NS_PER_MS;
}

size_t sim_world_alarms(const struct loop *l)
{
	size_t n = 0;

	for (const struct list *a = l->alarms.next; a != &l->alarms; a = a->next)
		n++;
	return n;
}

bool sim_world_busy(const struct loop *l)
{
	return !list_empty(&l->tasks) || !list_empty(&l->dirty) || !list_empty(&l->graves);
}

/* Takes one node out: the first, or with `shuffle` any. */
static struct list *draw(struct loop *l, struct list *ready)
{
	struct list *node = ready->next;
	size_t n = 0, pick;

	if (!l->shuffle || list_empty(ready))
		return list_pop_front(ready);
	LIST_EACH(each, tmp, ready)
		n++;
	for (pick = dice_below(&l->dice, n); pick > 0; pick--)
		node = node->next;
	list_remove(node);
	return node;
}

static void step(struct loop *l)
{
	l->steps++;
	if (l->on_step)
		l->on_step(l, l->on_step_arg);
}

/* An event or alarm that another one clears before its turn leaves `ready` by itself: the lists are intrusive.  A step
 * hook can do the same, so it runs before the draw. */
static void fire_events(struct loop *l, struct list *ready)
{
	while (!list_empty(ready)) {
		struct list *node;

		step(l);
		node = draw(l, ready);
		if (node) {
			struct sim_event *e = LIST_ITEM(node, struct sim_event, node);
			e->go(e);
		}
	}
}

static void fire_alarms(struct loop *l, struct list *ready)
{
	while (!list_empty(ready)) {
		struct list *node;

		step(l);
		node = draw(l, ready);
		if (node) {
			struct alarm *a = LIST_ITEM(node, struct alarm, node);
			a->on_fire(a);
		}
	}
}

static void take_due(struct loop *l, struct list *events, struct list *alarms)
{
	while (sim_world_next_event(l) <= l->now_ns) {
		struct list *node = list_pop_front(&l->events);
		list_push_back(events, node);
	}
	while (next_alarm(l) <= l->now_ns) {
		struct list *node = list_pop_front(&l->alarms);
		list_push_back(alarms, node);
	}
}

static void run_tasks(struct loop *l)
{
	uint64_t left = l->shuffle ? 1 + dice_below(&l->dice, 64) : TASKS_A_TURN;

	while (left-- > 0 && !list_empty(&l->tasks)) {
		struct task *t = LIST_ITEM(list_pop_front(&l->tasks), struct task, node);
		t->posted = false;
		t->go(t);
	}
}

static void dig_graves(struct loop *l)
{
	while (!list_empty(&l->graves)) {
		struct grave *g = LIST_ITEM(list_pop_front(&l->graves), struct grave, node);
		g->dig(g);
	}
}

bool sim_world_turn(struct loop *l, uint64_t until_ns)
{
	uint64_t next = MIN_OF(sim_world_next_event(l), next_alarm(l));
	struct list events, alarms;

	must(!l->in_turn);
	if (sim_world_busy(l))
		next = l->now_ns;
	if (next > until_ns)
		return false;
	l->idle_turns = next > l->now_ns ? 0 : l->idle_turns + 1;
	must(l->idle_turns < TURNS_WITHOUT_TIME);
	l->now_ns = MAX_OF(l->now_ns, next);
	l->turns++;
	l->in_turn = true;
	list_init(&events);
	list_init(&alarms);
	take_due(l, &events, &alarms);
	if (l->shuffle && dice_below(&l->dice, 2))
		fire_alarms(l, &alarms);
	fire_events(l, &events);
	fire_alarms(l, &alarms);
	run_tasks(l);
	if (l->flush)
		l->flush(l);
	dig_graves(l);
	l->in_turn = false;
	return true;
}

void sim_trace(const struct loop *l, const char *fmt, ...)
{
	va_list args;

	if (!l->trace)
		return;
	fprintf(stderr, "%9.3f ms %6llu  ", (double)l->now_ns / 1e6, (unsigned long long)l->steps);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *sim_show(struct slice s)
{
	static char out[160];
	size_t at = 0;

	for (size_t i = 0; i < s.n && i < 60; i++) {
		char c = s.p[i];
		if (c == '\r' || c == '\n') {
			out[at++] = '\\';
			out[at++] = c == '\r' ? 'r' : 'n';
		} else {
			out[at++] = c >= 32 && c < 127 ? c : '?';
		}
	}
	slice_copy(s.n > 60 ? SLICE("...") : SLICE(""), out + at, sizeof(out) - at);
	return out;
}
