/* What of a flight's answer is kept: its tape, for those who join late, and the whole of it, for the cache. */
#ifndef FLIGHT_KEEP_H
#define FLIGHT_KEEP_H

struct event;
struct flight;

void keep_on_tape(struct flight *f, const struct event *ev);
/* The answer is complete: into the cache with it, when it is to be kept and is good. */
void keep_answer(struct flight *f);

#endif
