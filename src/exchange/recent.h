/* Requests that were answered from the cache lately, by their very bytes: the next that is the same is neither parsed
 * nor digested again, which is a third of what a hit costs.  Nothing is taken for the same that differs in a byte, in
 * what its head says about its meaning, or in whose it is. */
#ifndef EXCHANGE_RECENT_H
#define EXCHANGE_RECENT_H

#include "chat/digest.h"

#define RECENT_SLOTS 256u	/* a power of two; each holds one, and a new one takes an old one's place */
#define RECENT_BODY_MAX 16384u	/* bytes; so that all of them are 4 MiB at most */
#define RECENT_WHOSE 3u		/* numbers in the digest beside the request: tenant, epoch, strictness */

/* What was found out about it. */
struct recent_entry {
	uint64_t hash;
	struct arena arena;
	struct request request;		/* its body and texts are in `arena`; of its door only what counts here */
	uint64_t whose[RECENT_WHOSE];
	struct digest digest;
};

struct recent {
	struct recent_entry *slots[RECENT_SLOTS];
	size_t n;		/* slots in use: none costs no hash */
};

struct join;

void recent_done(struct recent *c);
/* `j`: whose hash it uses.  The entry of a request with this body, this dialect and this door, or NULL; the caller looks
 * at `whose`.  Valid until the next recent_keep. */
const struct recent_entry *recent_find(const struct recent *c, const struct join *j, const struct request *r);
/* Copies the request; one whose body is too long is not kept. */
void recent_keep(struct recent *c, const struct join *j, const struct request *r, const uint64_t whose[RECENT_WHOSE],
	const struct digest *d);

#endif
