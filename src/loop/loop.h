/* The turn: one iteration of the event loop, and what happens at its end.
 *
 * Within a turn, I/O callbacks only record what happened and post tasks.  At the end of the turn, in this order:
 *   1. the run queue: posted tasks run, those they post too, up to a ceiling; the rest waits for the next turn
 *   2. streams with new output write it, once each (stream.h); between tasks already, when they are many
 *   3. the graves: memory given to loop_bury is freed
 * So no callback is re-entered, stack depth stays constant, and nobody frees memory that a caller still holds.
 *
 * This floor is the only one that touches the system.  tests/sim replaces it whole: it defines the same functions on
 * a virtual clock with scripted peers. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/histo.h"
#include "base/list.h"

struct loop;

/* A thing to do at the end of this turn.  Embedded in its owner; zero-initialise, set `go`. */
struct task {
	struct list node;		/* in the run queue while posted */
	void (*go)(struct task *);
	bool posted;
};

/* Embedded in memory that must outlive the turn in which it died. */
struct grave {
	struct list node;
	void (*dig)(struct grave *);	/* frees the memory around this grave */
};

/* One per process or per worker.  Never NULL. */
struct loop *loop_new(void);
/* Everything opened on it must have been closed. */
void loop_free(struct loop **l);
/* Runs until loop_stop() or until nothing is open any more. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Monotonic nanoseconds, read once per turn; never goes back. */
uint64_t loop_now(const struct loop *l);
/* Monotonic nanoseconds right now (a clock call): for measuring within a turn. */
uint64_t loop_clock(const struct loop *l);
/* Unix milliseconds, read once per turn; for display and HTTP dates only. */
uint64_t loop_wall_ms(const struct loop *l);

/* `t->go` runs at the end of this turn; a task already posted stays posted once. */
void loop_post(struct loop *l, struct task *t);
/* Takes a posted task back; harmless when it is not posted. */
void loop_unpost(struct loop *l, struct task *t);
/* `g->dig` runs after the last task of this turn. */
void loop_bury(struct loop *l, struct grave *g, void (*dig)(struct grave *));

/* What a turn consists of (busy.h says what counts as one step). */
enum loop_step { LOOP_STEP_READ, LOOP_STEP_ALARM, LOOP_STEP_TASK, LOOP_STEP_WRITE, LOOP_STEP_GRAVE };
/* From the first callback of a turn to its end, and of each of its steps, by the clock of the wall. */
struct loop_busy {
	struct histo turns, steps;
};
const struct loop_busy *loop_busy(const struct loop *l);

/* A step of more than a millisecond. */
struct loop_stall {
	enum loop_step what;
	uintptr_t at;		/* LOOP_STEP_TASK: its function, in bytes from the program's beginning; else 0 */
	uint64_t ns;
};
/* Each is told, within its turn: `on_stall` may log it, no more.  NULL: nobody. */
void loop_on_stall(struct loop *l, void (*on_stall)(void *arg, const struct loop_stall *s), void *arg);

#endif
