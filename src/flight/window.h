/* The collect window: flights wait for company, and leave together (design.md 6, algorithms.md E4).
 *
 * Flights that can be of use to each other are a group: those that can be merged into one call (dialect/merge.h), or
 * else those of one model.  A group's window is open while flights wait in it, and closes
 *
 *   by idle   the group has nothing under way, and no more flights come: the first one of a burst leaves at the end
 *             of its turn, as in Nagle's algorithm (RFC 896), and what gathered behind it when its answer is there
 *   by size   those that wait fill one call
 *   by time   the first one has waited for the model's `max`
 *
 * On closing, what can be merged becomes calls (batch.h); all others leave one by one, the most urgent first. */
#ifndef FLIGHT_WINDOW_H
#define FLIGHT_WINDOW_H

#include "base/map.h"
#include "chat/request.h"

struct flight;
struct loop;
struct window;

/* Of one loop. */
struct windows {
	struct loop *loop;
	struct map groups;		/* key -> struct window */
	uint64_t seed;
};

/* `seed` from the process' secret dice. */
void window_init(struct windows *ws, struct loop *l, uint64_t seed);
/* No flight may be left. */
void window_done(struct windows *ws);

/* A flight that was just opened, has a plan and its priority: true, it waits, state FLIGHT_COLLECTED, and
 * flight_depart or batch_open is called later, never inside this call.  False: it need not wait. */
bool window_take(struct windows *ws, struct flight *f);
/* One who does not want to wait has joined it: it leaves now.  Harmless when it does not wait. */
void window_hurry(struct flight *f, const struct request *joined);
/* It waits no more.  Harmless when it does not wait. */
void window_leave(struct flight *f);
/* What left this window is under way until window_landed. */
void window_flies(struct window *w, struct flight *f);
/* Harmless when it has not come out of a window. */
void window_landed(struct flight *f);

#endif
