/* The retry budget's arithmetic.  Knows nothing of who asks. */
#include "route/budget.h"

#include "base/must.h"
#include "base/span.h"

#define MEMORY_S 10.0	/* Finagle: a token lives 10 s */

/* What the bucket holds now.  Income minus fading, dx/dt = per_s - x / MEMORY_S, by one backward Euler
 * step: right at both ends (nothing passed, much passed), never negative, and no exp() on the hot path. */
static double held(const struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	double s = now_ns > b->last_ns ? (double)(now_ns - b->last_ns) / SPAN_NS_PER_S : 0;

	if (b->last_ns == 0)
		return c->per_s * MEMORY_S;
	return (b->tokens + c->per_s * s) / (1 + s / MEMORY_S);
}

static void advance(struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	b->tokens = held(b, c, now_ns);
	b->last_ns = MAX_OF(MAX_OF(now_ns, b->last_ns), 1);
}

void budget_request(struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	advance(b, c, now_ns);
	b->tokens += c->share;
}

bool budget_has(const struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	return held(b, c, now_ns) >= 1;
}

bool budget_take(struct budget *b, const struct budget_conf *c, uint64_t now_ns)
{
	advance(b, c, now_ns);
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

void budget_give_back(struct budget *b)
{
	b->tokens += 1;
}
