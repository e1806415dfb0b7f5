/* Renewing a kept answer in the background: an exchange without a client, so that its call is counted, recorded
 * and paid as any other.  One at a time for each answer, and of all nodes one. */
#ifndef EXCHANGE_REFRESH_H
#define EXCHANGE_REFRESH_H

#include "base/map.h"

#define REFRESH_MAX 256u	/* at once; more answers stay as they are until somebody asks again */

struct exchange;
struct refresh;
struct refreshes {
	struct map running;	/* digest -> struct refresh */
};

void refresh_init(struct refreshes *rs, uint64_t seed);
/* Ends those that run. */
void refresh_done(struct refreshes *rs);
/* Asks again what `of` asks, unless that is being done. */
void refresh_open(const struct exchange *of);

#endif
