/* Retry budget (Finagle: 20 % of requests plus 10 a second, 10 s memory; algorithms.md F3): a token bucket
 * that requests fill and retries empty, so that retries never multiply an outage.  Unused tokens fade
 * with a time constant of 10 s, so a bucket settles at ten seconds' worth of its income and an idle one at
 * 10 x `per_s`, where a new one begins too. */
#ifndef ROUTE_BUDGET_H
#define ROUTE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	double tokens;
	uint64_t last_ns;
};

struct budget_conf {
	double share;		/* tokens per request, 0.2 */
	double per_s;		/* tokens per second, 10 */
};

void budget_request(struct budget *b, const struct budget_conf *c, uint64_t now_ns);
/* Takes one retry; false: none left. */
bool budget_take(struct budget *b, const struct budget_conf *c, uint64_t now_ns);
/* Would budget_take give one now? */
bool budget_has(const struct budget *b, const struct budget_conf *c, uint64_t now_ns);
/* Returns one unused. */
void budget_give_back(struct budget *b);

#endif
