/* A flight that follows another node's instead of asking the provider (abroad.h). */
#ifndef FLIGHT_FOLLOWER_H
#define FLIGHT_FOLLOWER_H

#include "base/slice.h"

struct digest;
struct event;
struct flight;
struct follower;
struct store;

/* What a follower tells its flight; each from a task of its own, never inside follower_open. */
struct follower_events {
	/* Who answers, in which dialect; first and once.  False: that is not known here, on_end follows. */
	bool (*on_start)(struct flight *f, char dialect, struct slice target);
	/* False: no more is wanted. */
	bool (*on_event)(struct flight *f, const struct event *ev);
	/* The last call: the answer is complete, or the owner has failed or is not heard of any more. */
	void (*on_end)(struct flight *f, bool complete);
};

/* `token` names the owner's log. */
struct follower *follower_open(struct store *s, struct flight *f, const struct digest *d, struct slice token,
	const struct follower_events *ev);
/* No call after this.  NULL is fine. */
void follower_close(struct follower **fo);

#endif
