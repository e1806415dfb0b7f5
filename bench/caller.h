/* The provider's connections, and what they share: options, counters, deadlines. */
#ifndef BENCH_CALLER_H
#define BENCH_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "due.h"
#include "spread.h"

enum { CALLER_EVENTS_MAX = 100000000 };         /* a request's own max_tokens is cut to this */

struct caller_opt {
	unsigned events;
	uint64_t gap_ns, ttft_ns, delay_ns, slow_ns;
	size_t answer_bytes;            /* body of a JSON answer */
	size_t pad_bytes;               /* added to each event's text */
	bool steady;                    /* one fingerprint for all */
};

struct caller_stat {
	uint64_t connections, requests, streams;        /* seen since the start */
	uint64_t completed;             /* answers without fault that were handed to the socket whole */
	uint64_t aborted;               /* answers whose client left before that */
	uint64_t events, faults, bad, blocked;
	uint64_t open, open_requests, open_streams;     /* now */
};

struct caller_shop {
	struct caller_opt opt;
	struct caller_stat stat;
	struct spread late;             /* ns between when an event was due and when it was sent */
	struct due_heap heap;
	int epoll;
};

extern struct caller_shop caller_shop;

struct caller;

/* Takes over a connected socket; the epoll tag of its events is the caller. */
void caller_new(int fd);

void caller_on_event(struct caller *c, uint32_t events);

/* Runs all deadlines that have come. */
void caller_run_due(void);

/* Frees what was closed in this turn. */
void caller_free_dead(void);

#endif
