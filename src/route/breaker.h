/* Circuit breaker: one per target.
 *
 *   CLOSED --fails in a row or failure share over the window--> OPEN          [breaker_vote]
 *   OPEN   --open time over, one caller is let through--------> HALF_OPEN     [breaker_take]
 *   HALF_OPEN --probe succeeded--> CLOSED;  --probe failed--> OPEN, twice as long (capped)   [breaker_vote]
 *   HALF_OPEN --probe given back unused--> OPEN, may be taken again at once   [breaker_give_back]
 *
 * Votes come from the err row only (errs.def): a client's own fault never opens a breaker. */
#ifndef ROUTE_BREAKER_H
#define ROUTE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_conf {
	uint32_t fails;		/* in a row; 0 turns breakers off */
	double share;		/* of the last 5 to 10 s, with at least `min_calls`; 0 turns this rule off */
	uint32_t min_calls;
	uint64_t open_ms, open_max_ms;
};

struct breaker {
	enum breaker_state state;
	uint32_t row;			/* failures in a row */
	uint32_t good[2], bad[2];	/* two 5 s buckets: now and before */
	uint64_t bucket_ns;		/* start of the newer bucket */
	uint64_t until_ns;		/* OPEN: closed to callers until then */
	uint64_t open_ms;		/* length of the present or next opening */
	uint64_t since_ns;		/* when the state began */
};

/* Would breaker_take let a caller through? */
bool breaker_allows(const struct breaker *b, uint64_t now_ns);
/* Takes the permission; in OPEN after its time this makes the caller the one probe.  False: not allowed. */
bool breaker_take(struct breaker *b, uint64_t now_ns, bool *out_is_probe);
/* The call ended.  True when the state changed (the caller logs it once).  In HALF_OPEN only the probe
 * may vote: the news of calls that began before the opening is old.  In OPEN votes are ignored for the
 * same reason. */
bool breaker_vote(struct breaker *b, const struct breaker_conf *conf, bool good, uint64_t now_ns);
/* A call that says nothing about health (client left, 400): a probe's permission returns. */
void breaker_give_back(struct breaker *b, bool was_probe, uint64_t now_ns);
const char *breaker_state_name(enum breaker_state s);

#endif
