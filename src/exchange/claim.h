/* Asking the other nodes, for requests that come often, whether one of them is at it already (flight/abroad.h). */
#ifndef EXCHANGE_CLAIM_H
#define EXCHANGE_CLAIM_H

#include "exchange/exchange_priv.h"

/* Counts the arrival, while the tree is there; a request that comes often gets its digest. */
void claim_note(struct exchange *ex, const struct request *r, const struct model *m);
/* Asks for the lease.  False: there is nobody to ask, or nothing to ask for.  Else `ex->claim.asked` is over in a later
 * task, which posts the driver. */
bool claim_open(struct exchange *ex);
/* Gives back a lease that is not used; stops asking. */
void claim_close(struct exchange *ex);

#endif
