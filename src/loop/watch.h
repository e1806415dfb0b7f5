/* One socket and what the loop watches it for (uv_poll inside).  It owns the socket; the socket moves with it, for
 * instance from a dial to the stream, without being registered again. */
#ifndef LOOP_WATCH_H
#define LOOP_WATCH_H

#include <stdbool.h>

struct loop;
struct watch;

enum watch_for {
	WATCH_NOTHING = 0,	/* the system still tells of errors and of a connection that is gone both ways */
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_GONE = 4,		/* only ever reported, never asked for */
};

/* `ready`: a set of enum watch_for.  WATCH_GONE: error or hang-up; reading and writing will say which. */
typedef void watch_on_ready(void *arg, unsigned ready);

/* Takes `fd`, which must be non-blocking, and watches it for nothing yet.  NULL when the system has no room for it;
 * `fd` stays the caller's then. */
struct watch *watch_new(struct loop *l, int fd, watch_on_ready *on_ready, void *arg);
void watch_own(struct watch *w, watch_on_ready *on_ready, void *arg);
/* A system call or two when `events` differs from before, else nothing. */
void watch_set(struct watch *w, unsigned events);
unsigned watch_events(const struct watch *w);
int watch_fd(const struct watch *w);
/* Closes the socket at once.  No callback after this, not even for what the system has already reported.  Sets *w to
 * NULL; NULL is fine. */
void watch_close(struct watch **w);
/* The same without closing the socket, which is the caller's again. */
int watch_release(struct watch **w);

#endif
