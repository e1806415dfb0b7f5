/* Counters and gauges of the process: plain words, one thread.  Rows in counters.def. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

enum counter {
#define COUNTER(name, help) COUNTER_##name,
#define GAUGE(name, help) COUNTER_##name,
#include "base/counters.def"
#undef COUNTER
#undef GAUGE
	COUNTER_COUNT
};

extern uint64_t counter_values[COUNTER_COUNT];

static inline void counter_add(enum counter c, uint64_t n)
{
	counter_values[c] += n;
}

static inline void counter_sub(enum counter c, uint64_t n)
{
	counter_values[c] -= n;
}

const char *counter_name(enum counter c);
const char *counter_help(enum counter c);
bool counter_is_gauge(enum counter c);
/* Everything to zero: for tests. */
void counter_reset(void);

#endif
