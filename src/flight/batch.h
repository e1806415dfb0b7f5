/* Several flights as one call.  Their requests are merged (dialect/merge.h) into that of a carrier: a flight like any
 * other, with plan, retries and failover, whose only reader is the batch.  When it has landed its answer is taken
 * apart, and each member lands with its own part, as if it had asked alone:
 *
 *   member 0: items 0, 1      choice 0, 1 of the carrier -> 0, 1
 *   member 1: item 2          choice 2                   -> 0
 *
 * Token counts are split in proportion to the estimates of the prompts; the parts add up to the whole.
 *
 * A refusal of the call may be about one member only, so then all are asked one by one; the same when the answer has
 * not one item for each that was asked for.  Every other failure, after all retries, is each member's.
 *
 * A member that leaves is dropped; the last one takes the carrier with it. */
#ifndef FLIGHT_BATCH_H
#define FLIGHT_BATCH_H

#include "base/list.h"
#include "dialect/merge.h"

struct batch;
struct flight;
struct window;

/* What a call has so far. */
struct batch_load {
	uint32_t n, items;
	uint64_t choices, tokens, bytes;
};

/* What one call of this flight's model may hold, by its configuration and by what its targets take.  False: some of
 * its targets take no lists. */
bool batch_limits(const struct flight *f, struct merge_limits *out);
/* One more of the call of `first`: there is room, and they may share it. */
bool batch_fits(const struct merge_limits *most, const struct batch_load *load, const struct flight *first,
	const struct flight *f);
void batch_add(struct batch_load *load, const struct flight *f);

/* Sends the flights of `list` (by flight.node, two or more; empty after), which came from `w`, as one call. */
void batch_open(struct window *w, struct list *list);
/* A member is carried no more.  Harmless for a flight that is none. */
void batch_leave(struct flight *f);

#endif
