/* Alarms: the wheel plus the loop's clock.  Knows neither libuv nor the system, so the sim builds it too. */
#include "loop/alarm.h"

#include "base/must.h"
#include "base/span.h"
#include "loop/loop.h"
#include "loop/wheel.h"

/* Longer is for ever (about 300 years); keeps the sum below from overflowing. */
#define LONGEST_MS (UINT64_C(10000000000000))

void alarm_init(struct alarm *a, struct loop *l, void (*on_fire)(struct alarm *))
{
	list_init(&a->node);
	a->loop = l;
	a->due_ms = 0;
	a->on_fire = on_fire;
}

void alarm_set(struct alarm *a, uint64_t ms)
{
	struct wheel *w = loop_wheel(a->loop);

	wheel_remove(w, a);
	/* Rounded up (at or after the time, never before), and past the tick that may be firing right now. */
	uint64_t now_ns = loop_now(a->loop), now_ms = now_ns / SPAN_NS_PER_MS;
	uint64_t up_ms = now_ms + (now_ns % SPAN_NS_PER_MS != 0);
	wheel_add(w, a, MAX_OF(up_ms + MIN_OF(ms, LONGEST_MS), now_ms + 1));
}

void alarm_clear(struct alarm *a)
{
	if (list_linked(&a->node))
		wheel_remove(loop_wheel(a->loop), a);
}
