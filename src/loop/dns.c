/* c-ares on the loop.  One channel; a lookup per name in progress, with everybody who waits for it.  A lookup outlives
 * its waiters: a late answer still fills the cache. */
#include "loop/dns.h"

#include <ares.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/must.h"
#include "base/span.h"
#include "loop/alarm.h"
#include "loop/loop_priv.h"
#include "loop/sys.h"
#include "loop/watch.h"

/* Names kept: far more than anyone configures providers. */
#define NAMES_MAX 1024
#define LOOKUPS_MAX 256
/* A server that is there answers within milliseconds; the first repeat goes to the next server. */
#define TRY_MS 1500
#define TRIES 2
/* How long anybody waits for an answer; with an old one at hand, RFC 8767 section 5 says 1.8 s. */
#define WAIT_MS 5000
#define WAIT_STALE_MS 1800

struct sock {
	struct list node;
	struct dns *dns;
	struct watch *watch;
};

struct lookup {
	struct list node;
	struct list waits;
	struct dns *dns;
	struct alarm deadline;
	bool starting;			/* still inside ares_getaddrinfo() */
	bool over;
	size_t len;
	char name[DNS_NAME_MAX + 1];
};

struct dns {
	struct loop *loop;
	struct dns_cache cache;
	ares_channel channel;		/* NULL: c-ares cannot start, every lookup fails */
	struct list socks;
	struct list lookups;
	size_t lookup_n;
	struct alarm clock;		/* c-ares' own time-outs */
	struct timespec conf_time;	/* of /etc/resolv.conf as read by the channel */
	uint64_t wait_ms, wait_stale_ms;
	bool fixed;			/* servers were set by hand */
};

static uint64_t now_ms(const struct dns *d)
{
	return loop_now(d->loop) / SPAN_NS_PER_MS;
}

/* --- c-ares on the loop --- */

static void set_clock(struct dns *d)
{
	struct timeval tv;

	alarm_clear(&d->clock);
	if (ares_timeout(d->channel, NULL, &tv))
		alarm_set(&d->clock, (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1);
}

static void on_clock(struct alarm *a)
{
	struct dns *d = CONTAINER(a, struct dns, clock);

	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_clock(d);
}

static struct sock *find_sock(struct dns *d, int fd)
{
	LIST_EACH(node, next, &d->socks) {
		struct sock *s = LIST_ITEM(node, struct sock, node);
		if (watch_fd(s->watch) == fd)
			return s;
	}
	return NULL;
}

static void on_sock_ready(void *arg, unsigned ready)
{
	struct sock *s = arg;
	struct dns *d = s->dns;
	int fd = watch_fd(s->watch);
	bool gone = ready & WATCH_GONE;

	ares_process_fd(d->channel, gone || (ready & WATCH_READ) ? fd : ARES_SOCKET_BAD,
		gone || (ready & WATCH_WRITE) ? fd : ARES_SOCKET_BAD);
	s = find_sock(d, fd);
	if (s && gone)
		watch_set(s->watch, watch_events(s->watch));	/* c-ares keeps it: watch on */
	set_clock(d);
}

static void on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *d = arg;
	struct sock *s = find_sock(d, fd);

	if (!readable && !writable) {
		if (s == NULL)
			return;
		watch_release(&s->watch);	/* c-ares closes it */
		list_remove(&s->node);
		free(s);
		return;
	}
	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		must(s != NULL);
		s->dns = d;
		s->watch = watch_new(d->loop, fd, on_sock_ready, s);
		if (s->watch == NULL) {
			free(s);
			return;			/* the lookup times out */
		}
		list_push_back(&d->socks, &s->node);
	}
	watch_set(s->watch, (readable ? WATCH_READ : 0u) | (writable ? WATCH_WRITE : 0u));
}

static void open_channel(struct dns *d)
{
	struct stat st = { 0 };
	struct ares_options o = {
		.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = on_sock_state,
		.sock_state_cb_data = d,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_QUERY_CACHE
	o.qcache_max_ttl = 0;		/* one cache is enough: ours */
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	(void)stat("/etc/resolv.conf", &st);
	d->conf_time = st.st_mtim;
	if (ares_init_options(&d->channel, &o, mask) != ARES_SUCCESS)
		d->channel = NULL;
}

static struct dns *dns_of(struct loop *l)
{
	struct dns *d = l->dns;

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	must(d != NULL);
	l->dns = d;
	d->loop = l;
	d->wait_ms = WAIT_MS;
	d->wait_stale_ms = WAIT_STALE_MS;
	dns_cache_init(&d->cache, NAMES_MAX, sys_seed());
	list_init(&d->socks);
	list_init(&d->lookups);
	alarm_init(&d->clock, l, on_clock);
	must(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
	open_channel(d);
	return d;
}

/* A laptop that moved, a container whose resolver changed: c-ares would ask the old servers for ever. */
static void refresh_channel(struct dns *d)
{
	struct stat st;

	if (d->fixed || d->lookup_n > 0 || stat("/etc/resolv.conf", &st) != 0)
		return;
	if (d->channel && st.st_mtim.tv_sec == d->conf_time.tv_sec && st.st_mtim.tv_nsec == d->conf_time.tv_nsec)
		return;
	if (d->channel)
		ares_destroy(d->channel);
	open_channel(d);
}

/* --- lookups --- */

static void answer(struct lookup *k, const struct dns_addrs *found)
{
	struct list waits, *node;

	alarm_clear(&k->deadline);
	list_init(&waits);
	list_move_all(&waits, &k->waits);
	while ((node = list_pop_front(&waits)) != NULL) {
		struct dns_wait *w = LIST_ITEM(node, struct dns_wait, node);
		w->on_answer(w, found);
	}
}

static void on_deadline(struct alarm *a)
{
	struct lookup *k = CONTAINER(a, struct lookup, deadline);
	struct slice name = slice_of(k->name, k->len);
	struct dns_addrs found;
	bool any = dns_cache_put_failure(&k->dns->cache, name, now_ms(k->dns), &found);

	answer(k, any ? &found : NULL);
}

/* The shortest time to live counts for all. */
static uint64_t collect(const struct ares_addrinfo *res, struct dns_addrs *out)
{
	uint64_t ttl_s = UINT64_MAX;

	out->n = 0;
	for (const struct ares_addrinfo_node *n = res->nodes; n && out->n < DNS_ADDRS_MAX; n = n->ai_next) {
		if (!ip_from(n->ai_addr, &out->ip[out->n]))
			continue;
		out->n++;
		ttl_s = MIN_OF(ttl_s, (uint64_t)MAX_OF(n->ai_ttl, 0));
	}
	return ttl_s;
}

/* What the answer means for the cache; false: there is nothing to use. */
static bool keep(struct lookup *k, int status, struct ares_addrinfo *res, struct dns_addrs *found)
{
	struct dns_cache *c = &k->dns->cache;
	struct slice name = slice_of(k->name, k->len);

	if (status == ARES_SUCCESS) {
		uint64_t ttl_s = collect(res, found);
		if (found->n > 0) {
			dns_cache_put(c, name, found, ttl_s, now_ms(k->dns));
			return true;
		}
		status = ARES_ENODATA;
	}
	if (status != ARES_ENOTFOUND && status != ARES_ENODATA && status != ARES_EBADNAME)
		return dns_cache_put_failure(c, name, now_ms(k->dns), found);
	dns_cache_put_none(c, name, now_ms(k->dns));
	return false;
}

static void free_lookup(struct lookup *k)
{
	alarm_clear(&k->deadline);
	list_remove(&k->node);
	k->dns->lookup_n--;
	free(k);
}

static void on_ares(void *arg, int status, int timeouts, struct ares_addrinfo *res)
{
	struct lookup *k = arg;
	struct dns_addrs found;

	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
		k->over = true;
		if (!k->starting)
			free_lookup(k);
		return;
	}
	bool any = keep(k, status, res, &found);
	if (res)
		ares_freeaddrinfo(res);
	k->over = true;
	if (k->starting)
		return;
	answer(k, any ? &found : NULL);
	free_lookup(k);
}

static struct lookup *find_lookup(struct dns *d, struct slice name)
{
	LIST_EACH(node, next, &d->lookups) {
		struct lookup *k = LIST_ITEM(node, struct lookup, node);
		if (slice_case_eq(slice_of(k->name, k->len), name))
			return k;
	}
	return NULL;
}

/* NULL when it is over already (the hosts file, or no server to ask): the cache knows the outcome. */
static struct lookup *start_lookup(struct dns *d, struct slice name)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct lookup *k = calloc(1, sizeof(*k));

	must(k != NULL);
	k->dns = d;
	k->len = name.n;
	slice_copy(name, k->name, sizeof(k->name));
	list_init(&k->waits);
	alarm_init(&k->deadline, d->loop, on_deadline);
	list_push_back(&d->lookups, &k->node);
	d->lookup_n++;
	k->starting = true;
	ares_getaddrinfo(d->channel, k->name, NULL, &hints, on_ares, k);
	k->starting = false;
	if (k->over) {
		free_lookup(k);
		k = NULL;
	}
	set_clock(d);
	return k;
}

/* Joins or starts the lookup of `name`. */
static struct lookup *lookup(struct dns *d, struct slice name)
{
	struct lookup *k = find_lookup(d, name);

	if (k)
		return k;
	refresh_channel(d);
	if (d->channel == NULL || d->lookup_n >= LOOKUPS_MAX)
		return NULL;
	return start_lookup(d, name);
}

void dns_wait_init(struct dns_wait *w, void (*on_answer)(struct dns_wait *, const struct dns_addrs *))
{
	list_init(&w->node);
	w->on_answer = on_answer;
}

static bool good_name(struct slice name)
{
	return name.n > 0 && name.n <= DNS_NAME_MAX && memchr(name.p, 0, name.n) == NULL;
}

enum dns_state dns_ask(struct loop *l, struct slice name, struct dns_wait *w, struct dns_addrs *out)
{
	struct dns *d = dns_of(l);

	if (!good_name(name))
		return DNS_NONE;
	enum dns_known known = dns_cache_find(&d->cache, name, now_ms(d), out);
	if (known == DNS_CACHE_FAILED)
		return DNS_NONE;
	if (known == DNS_CACHE_FRESH)
		return DNS_KNOWN;
	struct lookup *k = lookup(d, name);
	if (known == DNS_CACHE_OLD)
		return DNS_KNOWN;
	if (k == NULL) {
		known = dns_cache_find(&d->cache, name, now_ms(d), out);
		return known == DNS_CACHE_UNKNOWN || known == DNS_CACHE_FAILED ? DNS_NONE : DNS_KNOWN;
	}
	list_push_back(&k->waits, &w->node);
	if (!alarm_is_set(&k->deadline))
		alarm_set(&k->deadline, known == DNS_CACHE_STALE ? d->wait_stale_ms : d->wait_ms);
	return DNS_LATER;
}

void dns_forget(struct dns_wait *w)
{
	list_remove(&w->node);
}

void dns_prefer(struct loop *l, struct slice name, const struct ip *ip)
{
	if (good_name(name))
		dns_cache_prefer(&dns_of(l)->cache, name, ip);
}

void dns_free(struct dns **dp)
{
	struct dns *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	if (d->channel)
		ares_destroy(d->channel);
	must(list_empty(&d->socks) && list_empty(&d->lookups));
	alarm_clear(&d->clock);
	ares_library_cleanup();
	dns_cache_done(&d->cache);
	free(d);
}

void dns_set_servers(struct loop *l, const char *servers, uint64_t wait_ms)
{
	struct dns *d = dns_of(l);

	must(d->channel != NULL);
	must(ares_set_servers_ports_csv(d->channel, servers) == ARES_SUCCESS);
	d->fixed = true;
	d->wait_ms = d->wait_stale_ms = wait_ms;
}

void dns_preset(struct loop *l, struct slice name, const struct dns_addrs *addrs, uint64_t ttl_s, uint64_t age_ms)
{
	struct dns *d = dns_of(l);
	dns_cache_put(&d->cache, name, addrs, ttl_s, now_ms(d) - age_ms);
}
