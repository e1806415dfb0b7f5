/* Names to addresses, never blocking: c-ares on the loop, and the cache before it (dns_cache.h).  Lookups of one name
 * at the same time are one lookup. */
#ifndef LOOP_DNS_H
#define LOOP_DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/slice.h"
#include "loop/dns_cache.h"

struct dns;
struct loop;

/* One who waits; embedded in its owner. */
struct dns_wait {
	struct list node;
	/* NULL: no such name, or nobody answered in time.  `found` is borrowed until return. */
	void (*on_answer)(struct dns_wait *, const struct dns_addrs *found);
};

enum dns_state {
	DNS_KNOWN,	/* *out is filled */
	DNS_NONE,	/* known to have no address, or too many lookups are in progress */
	DNS_LATER,	/* w->on_answer comes in a later turn */
};

void dns_wait_init(struct dns_wait *w, void (*on_answer)(struct dns_wait *, const struct dns_addrs *));
enum dns_state dns_ask(struct loop *l, struct slice name, struct dns_wait *w, struct dns_addrs *out);
/* Stops waiting; harmless when not waiting. */
void dns_forget(struct dns_wait *w);

/* A connection to this address of `name` was made: the next dial tries it first. */
void dns_prefer(struct loop *l, struct slice name, const struct ip *ip);

/* Called by loop_free().  Sets *d to NULL; NULL is fine. */
void dns_free(struct dns **d);

/* For tests.  Other servers than those of /etc/resolv.conf ("127.0.0.1:5353") and another longest wait; and a name
 * whose answer is known, as if it had come `age_ms` ago. */
void dns_set_servers(struct loop *l, const char *servers, uint64_t wait_ms);
void dns_preset(struct loop *l, struct slice name, const struct dns_addrs *addrs, uint64_t ttl_s, uint64_t age_ms);

#endif
