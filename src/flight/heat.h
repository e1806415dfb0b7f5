/* Which requests come often: a small sketch of arrivals by hash.  Only what several clients ask for within a second on
 * one node is worth asking the other nodes about. */
#ifndef FLIGHT_HEAT_H
#define FLIGHT_HEAT_H

#include <stdint.h>

#define HEAT_SLOTS 4096u	/* 16 bytes each; two requests that share a slot push each other out */

struct heat {
	struct heat_slot {
		uint64_t hash;
		uint32_t second, n;
	} slots[HEAT_SLOTS];
};

/* Counts this arrival; returns how many there were within this second and the one before, this one included. */
uint32_t heat_note(struct heat *h, uint64_t hash, uint64_t now_ns);

#endif
