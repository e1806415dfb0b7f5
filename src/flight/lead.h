/* A flight that follows another node's, as long as that can be followed (abroad.h, follower.h). */
#ifndef FLIGHT_LEAD_H
#define FLIGHT_LEAD_H

#include "flight/flight.h"

/* The other flight, found by its lease. */
struct lead {
	struct store *store;
	struct digest digest;
	char token[ABROAD_TOKEN];
};
/* As flight_open. */
struct flight *lead_follow(struct flight_env *env, const struct lead *lead, struct roster *roster,
	const struct request *request, struct arena *arena, struct slice request_id, unsigned hops, struct reader *r,
	struct task *on_news, struct fault *out_fault);

#endif
