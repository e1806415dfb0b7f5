/* Frees what a purge, a reload or one large answer leaves of many small ones: a piece a millisecond, so that a full
 * cache goes without anybody waiting for it. */
#ifndef CACHE_SWEEP_H
#define CACHE_SWEEP_H

#include "loop/alarm.h"

struct exact;
struct semantic;

struct sweep {
	struct alarm again;
	struct exact *exact;
	struct semantic *semantic;
};

/* Both borrowed. */
void sweep_init(struct sweep *s, struct loop *l, struct exact *exact, struct semantic *semantic);
void sweep_done(struct sweep *s);
/* Something may be there to be freed: begins in a later turn.  Costs next to nothing when there is not. */
void sweep_wake(struct sweep *s);

#endif
