/* Who is the master now: asks one sentinel after the other, every second (redis.io/docs/reference/sentinel-clients). */
#ifndef STORE_REDIS_SENTINEL_H
#define STORE_REDIS_SENTINEL_H

#include "store/redis_link.h"

struct redis_sentinel;

/* `env` is that of the servers: name and TLS are taken from it; sentinels have users of their own (an empty password:
 * none is shown).  `url` and texts are borrowed.  `on_master` comes with each answer, in later turns. */
struct redis_sentinel *redis_sentinel_open(const struct redis_link_env *env, const struct redis_url *url,
	struct slice user, struct slice password, void (*on_master)(void *arg, const struct redis_addr *addr),
	void *arg);
/* Sets *s to NULL; NULL is fine. */
void redis_sentinel_close(struct redis_sentinel **s);
/* Ask at once: the master we know is gone. */
void redis_sentinel_hurry(struct redis_sentinel *s);

#endif
