/* Inside of struct loop, for the rooms of this floor only. */
#ifndef LOOP_LOOP_PRIV_H
#define LOOP_LOOP_PRIV_H

#include <uv.h>

#include "base/list.h"
#include "loop/busy.h"
#include "loop/loop.h"
#include "loop/wheel.h"

/* One read takes at most this much; 64 KiB is what nginx and libuv read at once, and a TLS record is 16 KiB. */
#define LOOP_READ_BYTES 65536u
/* Largest plain text of one TLS record (RFC 8446 section 5.1). */
#define LOOP_PLAIN_BYTES 16384u
/* Output buffers kept warm between turns: most turns write to a few streams, a few KiB each. */
#define LOOP_SPARES 256
#define LOOP_SPARE_BYTES 4096u
/* Most streams that wait for the end of the turn with new output; those that have waited longest are written between
 * tasks.  A thousand readers of one answer would else fill a thousand buffers before the first is sent: more than the
 * spares, so that malloc takes pages from the system and gives them back every turn, and more than a processor's
 * nearest caches hold. */
#define LOOP_DIRTY 64u

struct dns;

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;		/* end of the turn: just before the loop goes to sleep */
	uv_idle_t idle;			/* active while work is left over: the next poll does not sleep */
	uv_timer_t timer;		/* wakes the wheel */
	uint64_t now_ns;
	uint64_t wall_ms;
	bool now_stale, wall_stale;	/* the turn is over: the next loop_now(), loop_wall_ms() reads the clock */
	bool stopped;
	struct wheel wheel;
	uint64_t armed_ms;		/* what `timer` is set for; UINT64_MAX: nothing */
	struct list tasks;
	struct list graves;
	struct list dirty;		/* streams with new output, stream.c */
	size_t dirty_n;
	struct list streams;		/* all that are not dead yet */
	struct dns *dns;		/* made by the first lookup */
	struct busy busy;
	uint64_t turns;
	uint64_t recvs, sends;		/* system calls of all streams */
	char *spares[LOOP_SPARES];	/* output buffers of LOOP_SPARE_BYTES */
	size_t spare_n;
	/* Bytes just read, handed on at once and never kept: every stream of this loop shares them. */
	char read[LOOP_READ_BYTES];
	char plain[LOOP_PLAIN_BYTES];
};

/* A socket of this turn was read (before the tasks) or written (after them), or a grave was dug (last). */
static inline void loop_touched(struct loop *l, enum loop_step what)
{
	if (busy_touch(&l->busy))
		busy_step(&l->busy, what, NULL, uv_hrtime());
}

/* That was the last of them. */
static inline void loop_touched_all(struct loop *l, enum loop_step what)
{
	if (l->busy.run > 0)
		busy_step(&l->busy, what, NULL, uv_hrtime());
}

#endif
