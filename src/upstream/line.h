/* Who is next, where requests wait for a connection (algorithms.md E5).  Pure: no clock and no callbacks of its own.
 *
 *   priority first          realtime, normal, bulk, batch; one who has been its tenant's next for 5 s moves up by one
 *   then tenants            whoever has had the fewest tokens (estimated) for its weight goes first: deficit round
 *                           robin whose deficits outlive an empty queue, within bounds.  With the plain one, which
 *                           forgets, a tenant that always has something waiting gets a full share of every round, also
 *                           while others' short bursts are served
 *   then the oldest         of one tenant
 *
 * So a tenant with a hundred times the load of others waits behind its own requests, not they behind its. */
#ifndef UPSTREAM_LINE_H
#define UPSTREAM_LINE_H

#include "base/list.h"
#include "base/map.h"
#include "chat/request.h"

#define LINE_AGEING_MS 5000ull	/* algorithms.md E5 */
#define LINE_WEIGHT_MAX 1000u

/* One place in a line.  Embedded in its owner; zero-initialise, fill the first part. */
struct line_ticket {
	enum request_priority priority;		/* UNSAID is NORMAL; rises with age */
	uint32_t weight;			/* of the tenant's share, LINE_WEIGHT_MAX at most; 0 is 1 */
	uint64_t tenant;
	uint64_t cost;				/* estimated tokens */
	/* the line's */
	struct list node;
	struct line_queue *queue;		/* NULL: not in a line */
};

struct line_class {
	struct list turns;			/* struct line_queue; who was served the longest ago is first */
	struct map queues;			/* tenant -> struct line_queue */
	uint64_t level;				/* what the last one served had had before */
	uint32_t n;				/* tickets */
};

struct line {
	struct line_class classes[REQUEST_BATCH];	/* realtime first */
	uint32_t n;
};

/* `seed` from the process' secret dice. */
void line_init(struct line *l, uint64_t seed);
/* Must be empty. */
void line_done(struct line *l);
void line_join(struct line *l, struct line_ticket *t, uint64_t now_ns);
/* Takes the next one out; NULL when nobody waits. */
struct line_ticket *line_next(struct line *l, uint64_t now_ns);
/* Harmless for one that is in no line. */
void line_leave(struct line *l, struct line_ticket *t);
/* Who has to go when there is no room for `newcomer`: the last of the longest queue (for its
 * tenant's weight) of the lowest class.  NULL: that is the newcomer itself. */
struct line_ticket *line_worst(const struct line *l, const struct line_ticket *newcomer);

#endif
