#include "base/counter.h"

#include <string.h>

uint64_t counter_values[COUNTER_COUNT];

struct counter_row {
	const char *name, *help;
	bool gauge;
};

static const struct counter_row rows[COUNTER_COUNT] = {
#define COUNTER(n, h) { #n, h, false },
#define GAUGE(n, h) { #n, h, true },
#include "base/counters.def"
#undef COUNTER
#undef GAUGE
};

const char *counter_name(enum counter c)
{
	return rows[c].name;
}

const char *counter_help(enum counter c)
{
	return rows[c].help;
}

bool counter_is_gauge(enum counter c)
{
	return rows[c].gauge;
}

void counter_reset(void)
{
	memset(counter_values, 0, sizeof(counter_values));
}
