#include "ledger/waits.h"

#include <string.h>

#include "base/must.h"

static struct histo histos[WAITS_PLACES][REQUEST_BATCH];

static struct histo *at(enum waits_place place, enum request_priority priority)
{
	enum request_priority p = priority == REQUEST_PRIORITY_UNSAID ? REQUEST_NORMAL : priority;

	must(place < WAITS_PLACES && p <= REQUEST_BATCH);
	return &histos[place][p - REQUEST_REALTIME];
}

void waits_add(enum waits_place place, enum request_priority priority, uint64_t ns)
{
	histo_add_ns(at(place, priority), ns);
}

const struct histo *waits_of(enum waits_place place, enum request_priority priority)
{
	return at(place, priority);
}

const char *waits_name(enum waits_place place)
{
	return place == WAITS_WINDOW ? "window" : "line";
}

void waits_reset(void)
{
	memset(histos, 0, sizeof(histos));
}
