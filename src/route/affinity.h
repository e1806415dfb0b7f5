/* Who has which prompt prefix warm: learned from where requests were sent, so that the next one with the same beginning
 * goes there again.  What a provider's cache holds is never asked; that a target was restarted shows in its breaker,
 * and that it forgot in its usage.
 *
 * A home is a target with one of its keys: at many providers each key is a cache of its own.  The table is bounded, and
 * CLOCK picks what gives way.  Homes are named by a hash of names from the configuration, which is the same on every
 * node, so that a store that nodes share can hold the same rows: local first, the store as a source to warm up from.
 *
 * Bounded loads: Mirrokni, Thorup, Zadimoghaddam 2016, with the factor 1.25 (HAProxy's hash-balance-factor: 125 to 200
 * is sensible).  Unknown prefixes: rendezvous hashing (Thaler, Ravishankar 1998) of tools and system text. */
#ifndef ROUTE_AFFINITY_H
#define ROUTE_AFFINITY_H

#include "base/dice.h"
#include "chat/chain.h"
#include "route/roster.h"

#define AFFINITY_HOMES 4u
#define AFFINITY_SLOTS_MAX (256u << 10)
#define AFFINITY_LIFE_S 600u	/* an engine keeps an unused prefix about so long (algorithms.md D4) */

struct affinity_slot {
	uint64_t hash;
	struct {
		uint32_t who, last_s;	/* who 0: free */
	} homes[AFFINITY_HOMES];
	uint16_t hits, epoch;		/* requests with this prefix, halved in each epoch */
	uint16_t told;			/* seconds, when the other nodes were; wraps; 0: never */
	bool taken, used;		/* used: since the hand last passed */
};

struct affinity {
	struct affinity_slot *slots;	/* made at the first use */
	size_t n_slots;			/* a power of two */
	size_t max_bytes;
	uint64_t asked;			/* requests learned: the clock of epochs */
};

void affinity_init(struct affinity *a, size_t max_bytes);
void affinity_done(struct affinity *a);
/* Another size, at a reload: what was learned goes when it differs. */
void affinity_limit(struct affinity *a, size_t max_bytes);

/* The hashes of the request's prefixes, in `a`, where its model needs them; else NULL.  One tenant's are nobody else's.
 * */
const struct chain *affinity_chain(const struct roster *r, const struct request *q, struct arena *a,
	struct arena *scratch);

/* Orders the targets, best first: the home of the longest known prefix that is not loaded above its share; else by the
 * prompt's root.  Prefixes in a larger share of all requests than one target has get as many homes as that takes.  One
 * request in a hundred goes anywhere.  n > 0. */
void affinity_order(struct affinity *a, const struct chain *c, const struct target **targets, size_t n, uint64_t now_ns,
	struct dice *d);
/* Of the target's keys that may be used the one that has seen most of this prompt, within its share of load; else any.
 * */
const struct roster_key *affinity_key(struct affinity *a, const struct chain *c, const struct target *t,
	const struct roster_key *const *keys, size_t n, uint64_t now_ns, struct dice *d);
/* Bytes of the prompt that this home has seen. */
uint32_t affinity_known(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key,
	uint64_t now_ns);
/* The prompt is on its way there. */
void affinity_learn(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key,
	uint64_t now_ns);
/* It did not arrive, or is not kept there. */
void affinity_forget(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key);

/* For a store that nodes share (exchange/homes.h): what is known of one prefix, in bytes that mean the same on every
 * node.  The salt of chains must be the same on all nodes for that.  Clocks of nodes are not compared: what a row tells
 * counts from when it was written, so it may be believed for twice AFFINITY_LIFE_S. */
#define AFFINITY_PACKED (AFFINITY_HOMES * 8u)	/* each home: u32 name, u32 seconds since its last use, little-endian */
/* Returns how many bytes were written; 0: nothing is known. */
size_t affinity_pack(struct affinity *a, uint64_t hash, uint64_t now_ns, char out[AFFINITY_PACKED]);
/* What was known here stays when it is newer.  Bytes that are no such row do nothing.  True: something is known now
 * that was not. */
bool affinity_unpack(struct affinity *a, uint64_t hash, struct slice packed, uint64_t now_ns);

/* Which prefixes stand for a prompt among nodes: the ends of its last three messages, longest first, and of its first.
 * One turn of a chat adds two messages; one of an agent may add many, but its first stays. */
#define AFFINITY_MARKS 4u
#define AFFINITY_TELL_S 60u	/* a prefix is told again after this */
/* Those to ask other nodes about, because little is known here: nothing of this conversation, or less than half of the
 * prompt.  Returns how many; 0: enough is known, or what is not is shorter than CHAIN_STEP. */
size_t affinity_unknown(struct affinity *a, const struct chain *c, uint64_t now_ns, uint64_t out[AFFINITY_MARKS]);
/* Those to tell other nodes of: known here, and not told lately.  They count as told now. */
size_t affinity_news(struct affinity *a, const struct chain *c, uint64_t now_ns, uint64_t out[AFFINITY_MARKS]);

#endif
