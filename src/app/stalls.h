/* Log lines about steps of the loop that were long: one in ten seconds, with where to look. */
#ifndef APP_STALLS_H
#define APP_STALLS_H

#include "loop/loop.h"

#define STALLS_LINE_MS UINT64_C(10000)	/* one warning in so long; all of them at level debug */

struct stalls {
	struct loop *loop;
	uint64_t warned_ns;		/* 0: never */
	uint64_t unsaid;		/* since then */
};

/* Listens to the loop from now on, until the loop goes. */
void stalls_open(struct stalls *s, struct loop *l);
/* What the loop tells; for tests too. */
void stalls_note(void *arg, const struct loop_stall *stall);

#endif
