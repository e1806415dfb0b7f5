/* The timer wheel under the alarms: eight levels of 64 slots, one tick a millisecond.  Pure: it knows no clock and no
 * system, whoever owns it says what time it is (the loop, or the sim's virtual clock).
 *
 * An alarm sits in the level of the highest base-64 digit in which its due tick differs from the wheel's time, in the
 * slot of that digit, so everything in a level is later than everything in the levels below.  When time reaches the
 * start of a slot, its alarms move down (cascade); alarms of one tick always travel together and fire in the order in
 * which they were added. */
#ifndef LOOP_WHEEL_H
#define LOOP_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "loop/alarm.h"

/* 64^8 ms are 8,900 years: no clock gets there, so no slot ever wraps. */
#define WHEEL_LEVELS 8
#define WHEEL_SLOTS 64
#define WHEEL_BITS 6

struct loop;

struct wheel {
	uint64_t now_ms;			/* all ticks up to here have fired */
	uint64_t used[WHEEL_LEVELS];		/* bit s: slot s holds something */
	struct list slots[WHEEL_LEVELS * WHEEL_SLOTS];
	struct list due;			/* taken out of its slot, fires in this wheel_advance() */
	size_t n;				/* alarms in it */
};

void wheel_init(struct wheel *w, uint64_t now_ms);
/* Sets a->due_ms; a tick that has passed becomes the next one.  `a` must not be in a wheel. */
void wheel_add(struct wheel *w, struct alarm *a, uint64_t due_ms);
/* Harmless when `a` is in no wheel. */
void wheel_remove(struct wheel *w, struct alarm *a);
/* Earliest time at which wheel_advance() would do anything: the tick of the next alarm, or earlier when the wheel must
 * cascade first.  UINT64_MAX when it is empty. */
uint64_t wheel_next_ms(const struct wheel *w);
/* Moves time to `now_ms` and fires all that is due, in order.  on_fire may add and remove any alarm, itself too; what
 * it adds fires in this call only if it is due by `now_ms`. */
void wheel_advance(struct wheel *w, uint64_t now_ms);

/* The wheel of a loop: defined by whoever defines struct loop, so that alarm.c serves the sim's loop too. */
struct wheel *loop_wheel(struct loop *l);

#endif
