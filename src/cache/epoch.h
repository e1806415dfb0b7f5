/* Epochs: what makes kept answers stop counting at once, without looking for them.  A model, a tenant and the
 * whole have each a number; the numbers are part of every digest, so a new number is a new, empty cache.  Nodes
 * tell each other through a log in the shared store; a node that comes later reads it from its start.
 *
 * Numbers are random, not counted: two nodes that change one at the same time cannot meet in an old one. */
#ifndef CACHE_EPOCH_H
#define CACHE_EPOCH_H

#include "base/dice.h"
#include "base/map.h"
#include "loop/alarm.h"
#include "store/store.h"

#define EPOCH_NAMES 4096u	/* most models and tenants with a number of their own; what comes then ends all */

struct epoch;

struct epochs {
	struct map names;	/* name -> struct epoch */
	struct dice *dice;
	struct store *store;	/* NULL: this process alone */
	struct store_tail tail;
	struct alarm again;	/* tells the others what the store did not take */
	struct store_op mark;	/* a word of our own, sent when we began to follow */
	uint64_t mark_id;
	uint32_t mark_wait_ms;
	bool caught_up;		/* it has come back: so has all that was there before */
};

void epoch_init(struct epochs *e, struct loop *l, struct dice *dice);
void epoch_done(struct epochs *e);
/* Follows the others; once. */
void epoch_share(struct epochs *e, struct store *s);
/* False: the log has not been read yet.  The numbers may be old ones, under which the shared store still holds what has
 * been ended since. */
bool epoch_is_known(const struct epochs *e);
/* What belongs into the digests of this tenant and model now. */
uint64_t epoch_of(const struct epochs *e, uint64_t tenant, struct slice model);
/* Everything; what one model has said; what one tenant was told.  At once here, and on other nodes as soon as the store
 * passes it on: while that is away the change waits. */
void epoch_end_all(struct epochs *e);
void epoch_end_model(struct epochs *e, struct slice model);
void epoch_end_tenant(struct epochs *e, uint64_t tenant);

#endif
