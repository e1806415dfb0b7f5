/* The simulated world: one virtual clock, one queue of things that will happen, one turn.  It is what `struct loop` is
 * in the sim.  Everything above (sockets, streams, scripted peers) only sets events; nothing here knows weir.
 *
 * Invariants:
 *  1. The clock moves only in sim_world_turn, and only when nothing is left to do now.
 *  2. Things due at the same time happen in the order in which they were set; with `shuffle` in an order drawn from
 *     the seed.  So a run depends on (config, scenario, seed) and on nothing else.
 *  3. An event set during a turn happens in a later turn, even when it is due now. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/dice.h"
#include "base/list.h"
#include "base/slice.h"
#include "loop/alarm.h"
#include "loop/loop.h"

/* A thing that will happen.  Embedded in its owner; sim_event_init first. */
struct sim_event {
	struct list node;
	uint64_t due_ns;
	void (*go)(struct sim_event *);
};

void sim_event_init(struct sim_event *e, void (*go)(struct sim_event *));
/* Happens once, `ns` from now.  Setting again moves it. */
void sim_event_set(struct loop *l, struct sim_event *e, uint64_t ns);
void sim_event_clear(struct sim_event *e);
static inline bool sim_event_is_set(const struct sim_event *e)
{
	return list_linked(&e->node);
}

/* How bytes that have arrived are handed to weir. */
enum sim_split {
	SIM_WHOLE,	/* all that is there */
	SIM_BYTES,	/* one byte at a time */
	SIM_RANDOM,	/* 1 to 40 bytes most of the time, now and then all, drawn from the seed */
};

struct sim_sys;

/* What the sim knows of one loop. */
struct loop {
	uint64_t now_ns;
	uint64_t turns;
	uint64_t steps;			/* events and alarms that have happened: the places where a fault can strike */
	uint64_t idle_turns;		/* turns since the clock moved: a livelock shows here */
	bool stopped, shuffle, in_turn;
	enum sim_split split;
	struct dice dice;
	struct list events;		/* struct sim_event by due_ns */
	struct list alarms;		/* struct alarm by due_ms */
	struct list tasks, graves;
	struct list dirty;		/* streams with output of this turn (sim_stream.c) */
	void (*flush)(struct loop *);	/* writes it; set with the first stream */
	void (*on_step)(struct loop *, void *arg);	/* before each step; may be NULL: where faults are put in */
	void *on_step_arg;
	struct list hosts, listeners, signals;
	size_t n_streams;		/* of weir, not yet closed by it and not dead */
	size_t n_lingering;		/* closed by weir, output still leaving */
	size_t n_wires;			/* connections that exist in the network */
	uint16_t next_port;
	struct buf log;			/* what weir wrote with sys_log_write */
	bool log_blocked, log_broken;
	bool trace;
};

/* The loop made last; sys_seed and sys_log_write have no loop to ask. */
struct loop *sim_world(void);
void sim_world_seed(struct loop *l, uint64_t seed);
/* One turn, when something is due at or before `until_ns`.  False when nothing is; the clock is unchanged then. */
bool sim_world_turn(struct loop *l, uint64_t until_ns);
/* Time of the next thing that is not an alarm, UINT64_MAX when there is none. */
uint64_t sim_world_next_event(const struct loop *l);
/* True when weir has work for this very moment: tasks, output, graves. */
bool sim_world_busy(const struct loop *l);
size_t sim_world_alarms(const struct loop *l);
static inline uint64_t sim_world_ms(const struct loop *l)
{
	return l->now_ns / 1000000u;
}

/* A line on standard error with the virtual time when SIM_TRACE is set in the environment. */
void sim_trace(const struct loop *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Bytes of a trace with line ends made visible, cut at 60; the result is static. */
const char *sim_show(struct slice s);

#endif
