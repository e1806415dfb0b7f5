#include "store/redis_breaker.h"

#include "base/must.h"
#include "base/span.h"

#define WITHIN_NS SPAN_NS_PER_S
#define FIRST_WINDOW_NS SPAN_NS_PER_S
#define LONGEST_WINDOW_NS (30ull * SPAN_NS_PER_S)

static void open_for(struct redis_breaker *b, uint64_t window_ns, uint64_t now_ns)
{
	b->state = REDIS_BREAKER_OPEN;
	b->window_ns = MIN_OF(window_ns, LONGEST_WINDOW_NS);
	b->until_ns = now_ns + b->window_ns;
}

bool redis_breaker_allows(struct redis_breaker *b, uint64_t now_ns, bool *out_probe)
{
	*out_probe = false;
	if (b->state == REDIS_BREAKER_CLOSED)
		return true;
	if (b->state == REDIS_BREAKER_PROBING || now_ns < b->until_ns)
		return false;
	b->state = REDIS_BREAKER_PROBING;
	*out_probe = true;
	return true;
}

bool redis_breaker_failed(struct redis_breaker *b, uint64_t now_ns, bool probe)
{
	if (probe && b->state == REDIS_BREAKER_PROBING) {
		open_for(b, 2 * b->window_ns, now_ns);
		return false;
	}
	if (b->state != REDIS_BREAKER_CLOSED)
		return false;
	/* The one that is overwritten next is the oldest of five. */
	b->votes[b->next] = now_ns;
	b->next = (b->next + 1) % REDIS_BREAKER_VOTES;
	uint64_t oldest = b->votes[b->next];
	if (oldest == 0 || now_ns - oldest > WITHIN_NS)
		return false;
	open_for(b, FIRST_WINDOW_NS, now_ns);
	return true;
}

bool redis_breaker_worked(struct redis_breaker *b, bool probe)
{
	if (!probe || b->state != REDIS_BREAKER_PROBING)
		return false;
	*b = (struct redis_breaker){ .state = REDIS_BREAKER_CLOSED };
	return true;
}
