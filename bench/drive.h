/*
 * Drives the load: connections, schedule, and what came of it.
 *
 * Closed loop (rate 0): every connection sends its next request as soon as the last is answered.
 * Open loop: request i is due at start + i / rate whatever happens; its latency counts from that moment,
 * also when no connection was free then. A slow target therefore cannot hide its slowness by slowing the
 * generator.
 */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "ask.h"
#include "judge.h"
#include "spread.h"

struct drive_opt {
	struct sockaddr_in to;
	unsigned conns;
	uint64_t requests;              /* 0: until the time is over */
	uint64_t duration_ns;           /* of starting requests; 0: until `requests` are done */
	uint64_t warmup_ns;             /* times of requests due before this are not recorded; errors are */
	uint64_t ramp_ns;               /* closed loop: the connections start spread over this time */
	uint64_t rate;                  /* requests a second; 0: closed loop */
	uint64_t timeout_ns;
	unsigned slow_every;            /* every n-th connection reads slowly; 0: none */
	uint64_t slow_ns;               /* pause of a slow reader after each read of at most 4 KiB */
	unsigned leave_every;           /* every n-th stream is left after event leave_at; 0: none */
	unsigned leave_at;
	bool stream, usage, check_body;
	bool same;                      /* every request is the same bytes */
	unsigned events;
};

struct drive_result {
	uint64_t started, ok, left;             /* left: streams that this side closed on purpose */
	uint64_t measured;                      /* ok and after the warm-up */
	uint64_t unsent;                        /* open loop: due, but not sent before the time-out */
	uint64_t blame[BLAME_COUNT];
	uint64_t status[600];
	uint64_t events, pings, bytes, connects, idle_closed;
	uint64_t elapsed_ns;                    /* from the end of the warm-up to the last answer */
	struct spread latency, ttft, event_delay, gap, gap_error;
	struct spread lag;                      /* how late requests were sent though a connection was free */
};

/* Runs to the end. `result` must be zeroed. */
void drive_run(const struct drive_opt *opt, struct ask *ask, struct drive_result *result);

#endif
