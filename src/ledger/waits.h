/* How long requests have waited for their turn, by where and by the priority that they had when they came.  Histograms
 * of the process, as counters are: one thread, no owner.  Whoever stops waiting counts, also one that gave up. */
#ifndef LEDGER_WAITS_H
#define LEDGER_WAITS_H

#include "base/histo.h"
#include "chat/request.h"

enum waits_place {
	WAITS_WINDOW,	/* for company (flight/window.h); those that are never collected are not counted */
	WAITS_LINE,	/* for a connection (upstream/pool.h), which may have to be opened; 0 where one was free */
	WAITS_PLACES,
};

void waits_add(enum waits_place place, enum request_priority priority, uint64_t ns);
/* Of `priority`, REQUEST_REALTIME to REQUEST_BATCH. */
const struct histo *waits_of(enum waits_place place, enum request_priority priority);
/* "window", "line" */
const char *waits_name(enum waits_place place);
/* Everything to zero: for tests. */
void waits_reset(void);

#endif
