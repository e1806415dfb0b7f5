/* TLS sessions to resume, by destination: a resumed handshake costs less than half (dependencies.md 2.5).  Bounded;
 * the destination used longest ago goes first. */
#ifndef LOOP_TICKETS_H
#define LOOP_TICKETS_H

#include <openssl/ssl.h>

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"

struct tickets {
	struct map names;		/* destination -> struct book */
	struct list used;		/* least recently used first */
	size_t n;
};

void tickets_init(struct tickets *t, uint64_t seed);
void tickets_done(struct tickets *t);
/* Takes over the caller's reference to `session`, which has just come.  `now_s`: of any clock that never goes back. */
void tickets_put(struct tickets *t, struct slice name, SSL_SESSION *session, uint64_t now_s);
/* The newest usable session, the reference now the caller's, or NULL.  TLS 1.3 tickets are handed out once, so that
 * nobody can tie two connections together (RFC 8446 appendix C.4); a TLS 1.2 session stays. */
SSL_SESSION *tickets_take(struct tickets *t, struct slice name, uint64_t now_s);
/* None of them is to be used again. */
void tickets_drop(struct tickets *t, struct slice name);

#endif
