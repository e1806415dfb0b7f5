#include "store/redis_breaker.h"

#include "base/must.h"
#include "base/span.h"

#define WITHIN_NS SPAN_NS_PER_S
#define FIRST_WINDOW_MS 1000u
#define LONGEST_WINDOW_MS 30000u

bool redis_breaker_late(struct redis_breaker *b, uint64_t now_ns)
{
	if (b->state != REDIS_BREAKER_CLOSED)
		return false;
	/* The one that is overwritten next is the oldest of five. */
	b->votes[b->next] = now_ns;
	b->next = (b->next + 1) % REDIS_BREAKER_VOTES;
	uint64_t oldest = b->votes[b->next];
	if (oldest == 0 || now_ns - oldest > WITHIN_NS)
		return false;
	b->state = REDIS_BREAKER_OPEN;
	b->window_ms = FIRST_WINDOW_MS;
	return true;
}

void redis_breaker_probe(struct redis_breaker *b)
{
	must(b->state == REDIS_BREAKER_OPEN);
	b->state = REDIS_BREAKER_PROBING;
}

void redis_breaker_missed(struct redis_breaker *b)
{
	must(b->state == REDIS_BREAKER_PROBING);
	b->state = REDIS_BREAKER_OPEN;
	b->window_ms = MIN_OF(2 * b->window_ms, (uint64_t)LONGEST_WINDOW_MS);
}

void redis_breaker_worked(struct redis_breaker *b)
{
	must(b->state == REDIS_BREAKER_PROBING);
	*b = (struct redis_breaker){ .state = REDIS_BREAKER_CLOSED };
}
