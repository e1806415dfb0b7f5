/* The exact cache: whole answers by the digest of their request (chat/digest.h).  Kept in process.
 *
 * Only what a model has said completely is kept: finished by `stop`, nothing lossy on its tape.  One form serves
 * streams and whole answers in every dialect: the tape is replayed through the client's encoder, with a fresh id. */
#ifndef CACHE_EXACT_H
#define CACHE_EXACT_H

#include "chat/digest.h"
#include "chat/tape.h"
#include "store/shelf.h"

/* What is kept beside the tape. */
struct exact_answer {
	char dialect;			/* tag of the dialect that answered: its signatures go back to it alone */
	struct slice target;		/* who answered, "openai/gpt-4.1" */
	struct slice tape;
	uint64_t age_ms;
};

struct exact {
	struct shelf shelf;
	uint64_t hits, misses, kept;
};

void exact_init(struct exact *x, size_t max_bytes, uint64_t seed);
void exact_done(struct exact *x);
/* Slices are borrowed until the cache changes.  `max_age_ms`: an older answer does not count; UINT64_MAX: any. */
bool exact_get(struct exact *x, const struct digest *d, uint64_t max_age_ms, uint64_t now_ns, struct exact_answer *out);
/* False when it is too big to be kept. */
bool exact_put(struct exact *x, const struct digest *d, const struct exact_answer *a, uint64_t ttl_ms, uint64_t now_ns);
/* Forgets all. */
void exact_purge(struct exact *x);

#endif
