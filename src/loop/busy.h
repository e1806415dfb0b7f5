/* How long the loop is busy: turn by turn, and step by step, so that one long piece of work can be told from many short
 * ones.  A step is one task, all alarms that are due, or up to BUSY_RUN sockets in a row that are read or written, or
 * graves: a look at the clock costs some 30 ns, which a socket's part of an event should not pay each time.
 *
 * Pure: it is told the time.  A preempted process looks busy too. */
#ifndef LOOP_BUSY_H
#define LOOP_BUSY_H

#include "base/histo.h"
#include "loop/loop.h"

#define BUSY_RUN 4u
/* What keeps everybody else waiting longer is a stall. */
#define BUSY_STALL_NS UINT64_C(1000000)

struct busy {
	struct loop_busy seen;
	uint64_t turn_ns, step_ns;	/* when they began */
	unsigned run;			/* sockets or graves of this step so far */
	void (*on_stall)(void *arg, const struct loop_stall *s);
	void *arg;
};

/* The first callback of a turn comes. */
void busy_begin(struct busy *b, uint64_t now_ns);
/* A socket was read or written, a grave dug.  True: busy_step should be told. */
static inline bool busy_touch(struct busy *b)
{
	return ++b->run == BUSY_RUN;
}
/* `go`: the task's function, else NULL.  May call on_stall. */
void busy_step(struct busy *b, enum loop_step what, void (*go)(struct task *), uint64_t now_ns);
/* After the last step. */
void busy_end(struct busy *b);

#endif
