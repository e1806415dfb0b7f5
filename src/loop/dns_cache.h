/* What is known about names: a bounded table with time to live, failures remembered for a short while, and old answers
 * kept for the time when no server answers (RFC 8767, serve stale).  Pure: it knows no clock and no resolver. */
#ifndef LOOP_DNS_CACHE_H
#define LOOP_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"
#include "loop/ip.h"

/* Longest name in text form, the root's dot included (RFC 1035 section 3.1). */
#define DNS_NAME_MAX 254
/* More than a dial would ever try (dial.c); extra addresses of a name are dropped. */
#define DNS_ADDRS_MAX 8

struct dns_addrs {
	struct ip ip[DNS_ADDRS_MAX];	/* ports are 0; in order of preference */
	size_t n;
};

struct dns_cache {
	struct map names;		/* name -> struct entry */
	struct list used;		/* least recently used first */
	size_t n, max;
};

enum dns_known {
	DNS_CACHE_UNKNOWN,	/* ask the servers */
	DNS_CACHE_FRESH,
	DNS_CACHE_OLD,		/* fresh, but near its end: use it and ask again beside */
	DNS_CACHE_STALE,	/* use it only if the servers do not answer */
	DNS_CACHE_FAILED,	/* asked a moment ago: no such name */
};

void dns_cache_init(struct dns_cache *c, size_t max, uint64_t seed);
void dns_cache_done(struct dns_cache *c);
/* Names compare without case (RFC 4343).  *out is filled for FRESH, OLD and STALE. */
enum dns_known dns_cache_find(struct dns_cache *c, struct slice name, uint64_t now_ms, struct dns_addrs *out);
/* An answer with its time to live, which is clamped to 1 s .. 5 min. */
void dns_cache_put(struct dns_cache *c, struct slice name, const struct dns_addrs *a, uint64_t ttl_s, uint64_t now_ms);
/* `ip` was reached and others were not, maybe: it goes first until the next answer. */
void dns_cache_prefer(struct dns_cache *c, struct slice name, const struct ip *ip);
/* The servers say that there is no such name (or no address): forgets what was known. */
void dns_cache_put_none(struct dns_cache *c, struct slice name, uint64_t now_ms);
/* No usable answer came (SERVFAIL, time-out).  What was known goes on being used for a while: true, and *out is filled.
 * False when nothing is left to use; the failure is remembered like put_none(). */
bool dns_cache_put_failure(struct dns_cache *c, struct slice name, uint64_t now_ms, struct dns_addrs *out);

#endif
