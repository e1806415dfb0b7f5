/* Flights in progress, by what they were asked: an identical request attaches to the journal of one that is under way
 * instead of asking the provider again (design.md 6).
 *
 * Identical means: same tenant, dialect, kind, model, betas, and the same bytes of the body.  They are found by a
 * hash and then compared, so a collision costs time and never an answer to another question.  Across tenants nothing
 * is shared. */
#ifndef FLIGHT_JOIN_H
#define FLIGHT_JOIN_H

#include "base/map.h"
#include "chat/request.h"

struct flight;

struct join {
	struct map flights;		/* hash -> struct flight */
	uint64_t seed;
};

/* `seed` from the process' secret dice. */
void join_init(struct join *j, uint64_t seed);
void join_done(struct join *j);
/* Made once a request: kept in r->join_hash by whoever keeps the request. */
uint64_t join_hash(const struct join *j, const struct request *r);
/* The listed flight that was asked exactly this; NULL when there is none. */
struct flight *join_find(const struct join *j, uint64_t hash, const struct request *r);
/* From now on it can be found, unless another with the same hash is listed or the table is full. */
void join_list(struct join *j, struct flight *f, uint64_t hash);
/* Harmless when not listed. */
void join_unlist(struct join *j, struct flight *f);

#endif
