/* When a server that does not answer in time is left alone: five timeouts within a second open the breaker for a
 * second; then one operation is let through as a probe, and each probe that fails doubles the time, up to half a
 * minute.  So a dead server costs one deadline a window.  Pure: it knows no clock. */
#ifndef STORE_REDIS_BREAKER_H
#define STORE_REDIS_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define REDIS_BREAKER_VOTES 5

/*  CLOSED -> OPEN      [redis_breaker_failed()]	five within a second
 *  OPEN -> PROBING     [redis_breaker_allows()]	the window is over: this one is the probe
 *  PROBING -> OPEN     [redis_breaker_failed()]	for twice as long
 *  PROBING -> CLOSED   [redis_breaker_worked()] */
enum redis_breaker_state { REDIS_BREAKER_CLOSED, REDIS_BREAKER_OPEN, REDIS_BREAKER_PROBING };

/* Zero-initialise. */
struct redis_breaker {
	enum redis_breaker_state state;
	uint64_t votes[REDIS_BREAKER_VOTES];	/* when the last timeouts were, in a ring; 0: none */
	unsigned next;
	uint64_t window_ns, until_ns;
};

/* *out_probe: this operation decides; say how it ended with redis_breaker_failed or _worked. */
bool redis_breaker_allows(struct redis_breaker *b, uint64_t now_ns, bool *out_probe);
/* True when this opened a closed breaker. */
bool redis_breaker_failed(struct redis_breaker *b, uint64_t now_ns, bool probe);
/* True when this closed it. */
bool redis_breaker_worked(struct redis_breaker *b, bool probe);

#endif
