/* Why uv_poll and not uv_tcp: a paused stream must still notice a reset, which uv_tcp cannot tell; reads and writes are
 * one plain system call each on buffers of our own, and TCP and Unix sockets are the same thing. */
#include "loop/watch.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/must.h"
#include "loop/loop_priv.h"

struct watch {
	uv_poll_t uv;
	watch_on_ready *on_ready;
	void *arg;
	int fd;
	unsigned events;
	bool started;
};

struct watch *watch_new(struct loop *l, int fd, watch_on_ready *on_ready, void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	must(w != NULL);
	if (uv_poll_init(&l->uv, &w->uv, fd) != 0) {
		/* uv_poll_init leaves no handle behind when it fails. */
		free(w);
		return NULL;
	}
	w->fd = fd;
	watch_own(w, on_ready, arg);
	return w;
}

void watch_own(struct watch *w, watch_on_ready *on_ready, void *arg)
{
	w->on_ready = on_ready;
	w->arg = arg;
}

/* libuv folds errors and hang-ups into the events asked for, so when only WATCH_NOTHING was asked for, the socket
 * itself says what is up.  Urgent data (RFC 6093: nobody uses it) is thrown away, or it would wake us for ever. */
static unsigned look(struct watch *w)
{
	struct pollfd pfd = { .fd = w->fd, .events = POLLPRI };
	char urgent;

	if (poll(&pfd, 1, 0) <= 0)
		return 0;
	if (pfd.revents & (POLLERR | POLLHUP | POLLNVAL))
		return WATCH_GONE;
	(void)!recv(w->fd, &urgent, 1, MSG_OOB | MSG_DONTWAIT);
	return 0;
}

static void on_uv_poll(uv_poll_t *uv, int status, int events)
{
	struct watch *w = CONTAINER(uv, struct watch, uv);
	struct loop *l = CONTAINER(uv->loop, struct loop, uv);
	unsigned ready = 0;

	loop_now(l);			/* the turn may begin with this */
	if (status < 0) {
		w->started = false;	/* libuv has stopped watching */
		ready = WATCH_GONE;
	} else if (events & UV_PRIORITIZED) {
		ready = look(w);
	}
	ready |= events & UV_READABLE ? WATCH_READ : 0;
	ready |= events & UV_WRITABLE ? WATCH_WRITE : 0;
	if (ready)
		w->on_ready(w->arg, ready);
	loop_touched(l, LOOP_STEP_READ);
}

void watch_set(struct watch *w, unsigned events)
{
	int uv = (events & WATCH_READ ? UV_READABLE : 0) | (events & WATCH_WRITE ? UV_WRITABLE : 0);

	if (w->started && w->events == events)
		return;
	w->events = events;
	w->started = true;
	/* Urgent data never comes: asking for it is how to ask for errors alone. */
	must(uv_poll_start(&w->uv, uv ? uv : UV_PRIORITIZED, on_uv_poll) == 0);
}

unsigned watch_events(const struct watch *w)
{
	return w->events;
}

int watch_fd(const struct watch *w)
{
	return w->fd;
}

static void on_uv_close(uv_handle_t *uv)
{
	free(CONTAINER(uv, struct watch, uv));
}

int watch_release(struct watch **wp)
{
	struct watch *w = *wp;
	int fd = w->fd;

	*wp = NULL;
	w->fd = -1;
	uv_close((uv_handle_t *)&w->uv, on_uv_close);
	return fd;
}

void watch_close(struct watch **wp)
{
	if (*wp)
		close(watch_release(wp));	/* libuv lets go of it first */
}
