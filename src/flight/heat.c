#include "flight/heat.h"

#include "base/span.h"

uint32_t heat_note(struct heat *h, uint64_t hash, uint64_t now_ns)
{
	struct heat_slot *s = &h->slots[hash % HEAT_SLOTS];
	uint32_t second = (uint32_t)(now_ns / SPAN_NS_PER_S);

	if (s->hash != hash || second - s->second > 1)
		*s = (struct heat_slot){ .hash = hash, .second = second };
	else if (second != s->second)
		*s = (struct heat_slot){ .hash = hash, .second = second, .n = (s->n + 1) / 2 };
	return ++s->n;
}
