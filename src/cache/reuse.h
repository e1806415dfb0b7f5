/* What has been seen of prompt prefixes lately: which came again, how soon, and how often such prefixes do come again.
 * A bounded sketch: the oldest of a few rows gives way, and what is forgotten only costs money, never an answer.
 *
 * Keys are the hashes of a chain (chat/chain.h), whose salt tells tenants and places apart. */
#ifndef CACHE_REUSE_H
#define CACHE_REUSE_H

#include "chat/chain.h"

/* What kind of prefix: their chances differ. */
enum reuse_kind {
	REUSE_SYSTEM,		/* tools and system text */
	REUSE_FIRST,		/* a prompt of one message */
	REUSE_TURN,		/* a prompt with a dialogue before its last message */
	REUSE_KINDS,
};

struct reuse_row {
	uint64_t hash;		/* 0: free */
	uint32_t last_s;	/* when it was seen last */
	uint32_t gap_s;		/* between uses, averaged (weight of the newest: a quarter) */
	uint16_t uses;
	uint16_t rate, minute;	/* uses in that minute of the clock, the last one with any */
	uint8_t kind;
};

/* The chances at one place. */
struct reuse_odds {
	uint64_t place;
	struct {
		uint32_t n, again;	/* seen for the first time; of these, seen again in time */
	} of[REUSE_KINDS];
};

#define REUSE_WAYS 4u
#define REUSE_PLACES 256u

struct reuse {
	struct reuse_row *rows;
	size_t n_sets;		/* of REUSE_WAYS rows; a power of two */
	size_t max_bytes;
	struct reuse_odds odds[REUSE_PLACES];
};

/* `max_bytes`: of the rows; the memory is taken at the first use. */
void reuse_init(struct reuse *r, size_t max_bytes);
void reuse_done(struct reuse *r);
/* Another size, at a reload: what was learned goes when it differs. */
void reuse_limit(struct reuse *r, size_t max_bytes);

/* A prefix seen before; uses 0: it was not. */
struct reuse_seen {
	uint32_t age_s, gap_s, uses;
	uint32_t per_minute;	/* uses in the present or the last minute, this one not counted */
};
struct reuse_seen reuse_look(struct reuse *r, uint64_t hash, uint32_t now_s);
/* It is used now.  `life_s`: so long a provider would have kept it: a second use within this counts as one that came
 * again. */
void reuse_note(struct reuse *r, uint64_t place, uint64_t hash, enum reuse_kind kind, uint32_t life_s, uint32_t now_s);
/* The chance that a new prefix of this kind comes again in time, 0 to 1. */
double reuse_chance(const struct reuse *r, uint64_t place, enum reuse_kind kind);

#endif
