/* The exact cache: whole answers by the digest of their request (chat/digest.h).  Kept in process, and in the shared
 * store where there is one: what another node was told is found here too.
 *
 * Only what a model has said completely is kept: finished by `stop`, nothing lossy on its tape.  One form serves
 * streams and whole answers in every dialect: the tape, packed, is replayed through the client's encoder, with a fresh
 * id.  The same bytes lie in the process and in the store. */
#ifndef CACHE_EXACT_H
#define CACHE_EXACT_H

#include "base/dice.h"
#include "chat/digest.h"
#include "chat/tape.h"
#include "store/shelf.h"

struct loop;
struct store;

/* What is kept beside the tape. */
struct exact_answer {
	char dialect;			/* tag of the dialect that answered: its signatures go back to it alone */
	struct slice target;		/* who answered, "openai/gpt-4.1" */
	struct slice tape;
	int64_t prompt_tok, completion_tok;	/* what it cost once, and a hit does not; -1: not known */
	uint64_t age_ms;		/* filled by exact_get */
};

/* Both clocks: entries in the process end by the monotonic one, their age is told by the wall's, which nodes share. */
struct exact_now {
	uint64_t ns, wall_ms;
};
struct exact_now exact_now_of(struct loop *l);

struct exact {
	struct shelf shelf;
	struct store *store;		/* borrowed; NULL: this process alone */
	struct buf entry, tape;		/* scratch: an entry as it is kept; a tape unpacked */
	struct dice *dice;
	uint64_t hits, misses, kept;
};

/* A process' and a node's entry have one name: "x:" and the digest in hexadecimal. */
#define EXACT_KEY_BYTES (2 + DIGEST_HEX_BYTES)
struct slice exact_key(const struct digest *d, char out[EXACT_KEY_BYTES]);

void exact_init(struct exact *x, size_t max_bytes, struct dice *dice);
void exact_done(struct exact *x);
/* From this process.  Slices are borrowed until the next call.  `max_age_ms`: an older answer does not count;
 * UINT64_MAX: any. */
bool exact_get(struct exact *x, const struct digest *d, uint64_t max_age_ms, struct exact_now now,
	struct exact_answer *out);
/* The same from an entry that the shared store gave for this digest; it is kept here too.  False for bytes that are no
 * entry of this digest (counted), whose tape cannot be read, or one that has ended. */
bool exact_take(struct exact *x, const struct digest *d, struct slice entry, uint64_t max_age_ms, struct exact_now now,
	struct exact_answer *out);
/* Here, and in the shared store without waiting for it.  It ends up to a tenth earlier than `ttl_ms` says, by
 * chance, so that what came together does not go together.  False when it is too big to be kept here. */
bool exact_put(struct exact *x, const struct digest *d, const struct exact_answer *a, uint64_t ttl_ms,
	struct exact_now now);
/* Forgets all that is here. */
void exact_purge(struct exact *x);

#endif
