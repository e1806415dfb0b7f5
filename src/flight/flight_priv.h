/* What flight.c gives to the rooms that were cut from it: keep.c, lag.c, lead.c. */
#ifndef FLIGHT_FLIGHT_PRIV_H
#define FLIGHT_FLIGHT_PRIV_H

#include "flight/flight.h"

void flight_end_ok(struct flight *f);
/* With f->fault. */
void flight_end_failed(struct flight *f);
/* The next attempt, a pause, or the end. */
void flight_try_next(struct flight *f);
/* A flight with a plan and a reader, which has not begun; as flight_open. */
struct flight *flight_planned(struct flight_env *env, struct roster *roster, const struct request *request,
	struct arena *arena, struct slice request_id, unsigned hops, struct reader *r, struct task *on_news,
	struct fault *out_fault);

#endif
