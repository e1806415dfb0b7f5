/* One-shot timers on a hierarchical timer wheel with 1 ms ticks: set and clear cost a list move, so every stream can
 * have several.  An alarm fires in a later turn at or after its time, never inside alarm_set(). */
#ifndef LOOP_ALARM_H
#define LOOP_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct loop;

/* Embedded in its owner. */
struct alarm {
	struct list node;	/* in a slot of the wheel while set */
	struct loop *loop;
	uint64_t due_ms;	/* tick of the loop's clock */
	void (*on_fire)(struct alarm *);
};

/* Needed before anything else: a zeroed alarm is not a cleared one. */
void alarm_init(struct alarm *a, struct loop *l, void (*on_fire)(struct alarm *));
/* Fires once, `ms` from now (0: next tick), never early.  Alarms of one tick fire in the order in which they were set.
 * Setting again moves it.  An alarm alone does not keep loop_run() going. */
void alarm_set(struct alarm *a, uint64_t ms);
/* Harmless when not set. */
void alarm_clear(struct alarm *a);
static inline bool alarm_is_set(const struct alarm *a)
{
	return list_linked(&a->node);
}

#endif
