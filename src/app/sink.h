/* Where log lines go: gathered for a few milliseconds, then written without ever blocking the loop.  A log
 * that cannot be written fast enough loses lines, counted, never time (faults.md 96). */
#ifndef APP_SINK_H
#define APP_SINK_H

#include "base/buf.h"
#include "base/log.h"
#include "loop/alarm.h"
#include "loop/loop.h"

struct sink {
	struct loop *loop;
	int fd;
	struct buf lines;
	struct alarm flush;
};

/* Lines go to `fd` from now on (log_open). */
void sink_open(struct sink *s, struct loop *l, int fd, enum log_level least, enum log_form form);
/* Writes what it can and lets go. */
void sink_close(struct sink *s);

#endif
