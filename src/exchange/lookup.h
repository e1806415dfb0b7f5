/* Answers that are there already: in this process, or in the store that the nodes share. */
#ifndef EXCHANGE_LOOKUP_H
#define EXCHANGE_LOOKUP_H

#include "exchange/exchange_priv.h"

/* The same bytes were answered from the cache lately: fills in what parsing would (no tree), and the digest.  `r` has
 * body, dialect and door. */
bool lookup_known(struct exchange *ex, struct request *r);
/* Makes the request's name for the caches while its tree is there, and only where a cache will ask for it. */
void lookup_digest(struct exchange *ex, const struct request *r, const struct model *m);
/* True: the reader has an answer, and the rest of the exchange is as for any other. */
bool lookup_here(struct exchange *ex);
/* Asks the shared store.  False: there is none to ask.  Else `ex->recalled` becomes true in a later task, which
 * posts the driver, and the reader has an answer or not. */
bool lookup_shared(struct exchange *ex);
/* Harmless when nothing is asked. */
void lookup_cancel(struct exchange *ex);

#endif
