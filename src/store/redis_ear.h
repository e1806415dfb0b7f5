/* Channels heard: SUBSCRIBE on one connection of its own, made with the first ear; subscribed again when it was lost.
 *  Each channel is subscribed once, however many listen.  In a cluster any node will do: words go to all of them. */
#ifndef STORE_REDIS_EAR_H
#define STORE_REDIS_EAR_H

#include "base/map.h"
#include "store/redis_nodes.h"
#include "store/store.h"

struct channel;

struct redis_ears {
	struct redis_nodes *nodes;
	struct redis_link *link;	/* NULL: nobody ever listened */
	struct map channels;		/* name -> struct channel */
	size_t n, max;			/* ears */
	struct channel *telling;	/* whose word is being handed round; NULL: none */
	struct list *next;		/* the next to hear it */
};

void redis_ear_open(struct redis_ears *es, struct redis_nodes *nodes, size_t max);
void redis_ear_close(struct redis_ears *es);
/* With too many already, counted and deaf for ever. */
void redis_ear_add(struct redis_ears *es, struct store_ear *e, struct slice channel);
/* May be called from its own callback. */
void redis_ear_remove(struct store_ear *e);
/* Another server may be the right one now. */
void redis_ear_moved(struct redis_ears *es);

#endif
