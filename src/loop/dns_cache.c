#include "loop/dns_cache.h"

#include <stdlib.h>

#include "base/must.h"

/* Below 1 s every request would ask; above 5 min a moved provider would stay lost for too long (dependencies.md 2.7;
 * pgbouncer's dns_max_ttl has the same purpose). */
#define TTL_MIN_S 1
#define TTL_MAX_S 300
/* pgbouncer's dns_nxdomain_ttl is 15 s; a name that just came into being should work sooner. */
#define FAILED_MS 5000
/* RFC 8767 section 5 allows days; after an hour without any name server the trouble is of another kind. */
#define STALE_MS 3600000

struct entry {
	struct list used;
	struct dns_addrs addrs;		/* n 0: a failure */
	uint64_t old_ms, fresh_ms, stale_ms;
	uint64_t failed_ms;		/* do not ask again before */
	size_t len;
	char name[];			/* lower case */
};

static struct slice lower(struct slice name, char out[DNS_NAME_MAX])
{
	size_t n = name.n;

	must(n <= DNS_NAME_MAX);
	for (size_t i = 0; i < n; i++)
		out[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
	return slice_of(out, n);
}

void dns_cache_init(struct dns_cache *c, size_t max, uint64_t seed)
{
	must(max > 0);
	map_init(&c->names, max, seed);
	list_init(&c->used);
	c->n = 0;
	c->max = max;
}

static void drop(struct dns_cache *c, struct entry *e)
{
	must(map_take(&c->names, slice_of(e->name, e->len)) == e);
	list_remove(&e->used);
	c->n--;
	free(e);
}

void dns_cache_done(struct dns_cache *c)
{
	while (!list_empty(&c->used))
		drop(c, LIST_ITEM(c->used.next, struct entry, used));
	map_done(&c->names);
}

static struct entry *find(struct dns_cache *c, struct slice name)
{
	char low[DNS_NAME_MAX];
	struct entry *e = map_find(&c->names, lower(name, low));

	if (e) {
		list_remove(&e->used);
		list_push_back(&c->used, &e->used);
	}
	return e;
}

static struct entry *make(struct dns_cache *c, struct slice name)
{
	char low[DNS_NAME_MAX];
	struct entry *e = find(c, name);

	if (e)
		return e;
	if (c->n == c->max)
		drop(c, LIST_ITEM(c->used.next, struct entry, used));
	name = lower(name, low);
	e = calloc(1, sizeof(*e) + name.n);
	must(e != NULL);
	e->len = name.n;
	memcpy(e->name, name.p, name.n);
	list_push_back(&c->used, &e->used);
	must(map_put(&c->names, slice_of(e->name, e->len), e));
	c->n++;
	return e;
}

enum dns_known dns_cache_find(struct dns_cache *c, struct slice name, uint64_t now_ms, struct dns_addrs *out)
{
	struct entry *e = find(c, name);

	if (e == NULL)
		return DNS_CACHE_UNKNOWN;
	if (e->addrs.n == 0)
		return now_ms < e->failed_ms ? DNS_CACHE_FAILED : DNS_CACHE_UNKNOWN;
	if (now_ms >= e->stale_ms)
		return DNS_CACHE_UNKNOWN;
	*out = e->addrs;
	if (now_ms < e->failed_ms)
		return DNS_CACHE_FRESH;		/* the servers were asked a moment ago: nothing better is to be had */
	if (now_ms >= e->fresh_ms)
		return DNS_CACHE_STALE;
	return now_ms >= e->old_ms ? DNS_CACHE_OLD : DNS_CACHE_FRESH;
}

void dns_cache_put(struct dns_cache *c, struct slice name, const struct dns_addrs *a, uint64_t ttl_s, uint64_t now_ms)
{
	struct entry *e = make(c, name);
	uint64_t ttl_ms = MIN_OF(MAX_OF(ttl_s, TTL_MIN_S), TTL_MAX_S) * 1000;

	must(a->n > 0 && a->n <= DNS_ADDRS_MAX);
	e->addrs = *a;
	e->old_ms = now_ms + ttl_ms / 4 * 3;
	e->fresh_ms = now_ms + ttl_ms;
	e->stale_ms = e->fresh_ms + STALE_MS;
	e->failed_ms = 0;
}

void dns_cache_prefer(struct dns_cache *c, struct slice name, const struct ip *ip)
{
	struct entry *e = find(c, name);
	struct ip first = *ip;

	ip_set_port(&first, 0);
	for (size_t i = 1; e && i < e->addrs.n; i++) {
		if (!ip_eq(&e->addrs.ip[i], &first))
			continue;
		memmove(&e->addrs.ip[1], &e->addrs.ip[0], i * sizeof(first));
		e->addrs.ip[0] = first;
		return;
	}
}

void dns_cache_put_none(struct dns_cache *c, struct slice name, uint64_t now_ms)
{
	struct entry *e = make(c, name);

	e->addrs.n = 0;
	e->failed_ms = now_ms + FAILED_MS;
}

bool dns_cache_put_failure(struct dns_cache *c, struct slice name, uint64_t now_ms, struct dns_addrs *out)
{
	struct entry *e = make(c, name);

	e->failed_ms = now_ms + FAILED_MS;
	if (e->addrs.n > 0 && now_ms < e->stale_ms) {
		*out = e->addrs;
		return true;
	}
	e->addrs.n = 0;
	return false;
}
