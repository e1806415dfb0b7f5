/* The cold-prefix gate: of requests that begin alike, where the provider does not have that beginning yet, one goes
 * first; the others wait for the first byte of its answer, when what it wrote into the provider's cache can be read.
 * So N writes become one write and N - 1 reads.  Only for models with cache.prefix, and only where writing costs.
 *
 *   nobody --first to send--> LEADS --first byte--> warm, siblings go            [gate_lead, gate_open]
 *                             LEADS --failed, gone--> siblings go at once        [gate_open, gate_leave]
 *   sibling: WAITS --leader's word, or min(1.5 x median time to the first byte, 2 s)--> sends
 *
 * Nobody waits twice, nor for one that goes to another target, nor with a deadline that the wait would endanger; and
 * more than GATE_WAITERS_MAX never wait. */
#ifndef FLIGHT_GATE_H
#define FLIGHT_GATE_H

#include "base/list.h"
#include "chat/chain.h"

struct flight;

#define GATE_WAITERS_MAX 1024u
#define GATE_WAIT_MAX_MS 2000u	/* algorithms.md D2 */
#define GATE_ROWS 4096u		/* prefixes known to be warm or on their way; a newer one takes an older one's place */
#define GATE_PACES 64u

struct gate_pass;

struct gate {
	struct {
		uint64_t key;			/* of a prefix at a target */
		uint64_t warm_ns;		/* until then the provider has it; 0: not */
		struct gate_pass *leader;	/* NULL: nobody is on the way with it */
	} rows[GATE_ROWS];
	struct {
		uint64_t model;			/* hash of its name */
		double median_ms;		/* to the first byte, estimated */
	} paces[GATE_PACES];
	uint32_t waiters;
};

/* A flight's part in it; in struct flight, needs no set-up.  `siblings` is a list while it leads. */
struct gate_pass {
	struct list node, siblings;
	bool leads, waits;
	uint64_t since_ns;			/* when the leader began */
	uint32_t rows[2];
	size_t n_rows;
};

/* Before the first attempt: how long to wait at most, in ms; then its clock fires early when the leader has spoken.
 * 0: go now. */
uint64_t gate_hold(struct flight *f);
/* The first attempt has begun: this flight leads with what it has of cold prefixes. */
void gate_lead(struct flight *f);
/* Leader: the answer has begun (`warm`), or the attempt is over.  Siblings' clocks fire in a later turn.  Harmless for
 * others. */
void gate_open(struct flight *f, bool warm);
/* Waits no more, leads no more. */
void gate_leave(struct flight *f);

#endif
