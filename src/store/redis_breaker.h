/* When a server that does not answer in time is left alone: five timeouts within a second open the breaker for a second;
 * then it is asked with one PING, and each that stays without answer doubles the time, up to half a minute.  So a dead
 * server costs operations nothing more until it has answered.  Pure: it knows no clock. */
#ifndef STORE_REDIS_BREAKER_H
#define STORE_REDIS_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define REDIS_BREAKER_VOTES 5

/*  CLOSED -> OPEN      [redis_breaker_late()]	five within a second
 *  OPEN -> PROBING     [redis_breaker_probe()]	the window is over
 *  PROBING -> OPEN     [redis_breaker_missed()]	for twice as long
 *  PROBING -> CLOSED   [redis_breaker_worked()] */
enum redis_breaker_state { REDIS_BREAKER_CLOSED, REDIS_BREAKER_OPEN, REDIS_BREAKER_PROBING };

/* Zero-initialise. */
struct redis_breaker {
	enum redis_breaker_state state;
	uint64_t votes[REDIS_BREAKER_VOTES];	/* when the last timeouts were, in a ring; 0: none */
	unsigned next;
	uint64_t window_ms;			/* how long it stays open */
};

/* An operation was not answered in time.  True when this opened the breaker. */
bool redis_breaker_late(struct redis_breaker *b, uint64_t now_ns);
void redis_breaker_probe(struct redis_breaker *b);
void redis_breaker_missed(struct redis_breaker *b);
void redis_breaker_worked(struct redis_breaker *b);

#endif
