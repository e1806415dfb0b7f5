#include "app/stalls.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/span.h"

static const char *const names[] = { [LOOP_STEP_READ] = "read", [LOOP_STEP_ALARM] = "alarm", [LOOP_STEP_TASK] = "task",
	[LOOP_STEP_WRITE] = "write", [LOOP_STEP_GRAVE] = "free" };

/* `at` is what `addr2line -f -e weir` wants. */
void stalls_note(void *arg, const struct loop_stall *stall)
{
	struct stalls *s = arg;
	const uint64_t now_ns = loop_now(s->loop);
	const bool due = s->warned_ns == 0 || now_ns - s->warned_ns >= STALLS_LINE_MS * SPAN_NS_PER_MS;
	char at[24];

	snprintf(at, sizeof(at), "0x%" PRIxPTR, stall->at);
	LOG_AT(due ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "loop_stall", LOG_Z("step", names[stall->what]), LOG_Z("at", at),
		LOG_NS("ms", stall->ns), LOG_I("unsaid", s->unsaid));
	s->unsaid = due ? 0 : s->unsaid + 1;
	s->warned_ns = due ? now_ns : s->warned_ns;
}

void stalls_open(struct stalls *s, struct loop *l)
{
	*s = (struct stalls){ .loop = l };
	loop_on_stall(l, stalls_note, s);
}
