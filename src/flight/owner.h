/* The owner of a request among the nodes: it reads its own flight as any client does, and writes what it reads into the
 * log that followers read (abroad.h).  While followers are there the flight has a reader, whatever its clients do. */
#ifndef FLIGHT_OWNER_H
#define FLIGHT_OWNER_H

#include <stdint.h>

#include "base/list.h"

struct digest;
struct flight;
struct slice;
struct store;
struct task;

/* All of a loop. */
struct owners {
	struct list all;	/* struct owner */
	uint32_t n;
	struct task *on_none;	/* posted when the last one has let go; may be NULL */
};

void owner_init(struct owners *os);
/* Lets go of all: their followers are left alone. */
void owner_done(struct owners *os);
/* The flight was just opened, and the lease with this token is ours.  Gives up, and lets the lease go, when there are
 * too many. */
void owner_open(struct owners *os, struct store *s, struct flight *f, const struct digest *d, struct slice token);

#endif
