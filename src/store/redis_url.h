/* Where Redis is, as people write it:
 *
 *	redis://[user:password@]host[:port][,host[:port]...][/db]	valkey:// means the same
 *	rediss://...							with TLS; valkeys:// means the same
 *	unix://[user:password@]/path
 *	sentinel://[user:password@]host[:port][,...]/name[/db]		sentinels:// with TLS; default port 26379
 *
 * User and password are for the server itself; they are percent-encoded (RFC 3986 section 2.1).  IPv6 in brackets. */
#ifndef STORE_REDIS_URL_H
#define STORE_REDIS_URL_H

#include "base/arena.h"
#include "base/slice.h"

/* More seeds or sentinels than anyone runs. */
#define REDIS_URL_ADDRS_MAX 16
/* A DNS name or an IP literal; a path of a Unix socket (sun_path, unix(7)) is shorter. */
#define REDIS_URL_HOST 256

struct redis_addr {
	char host[REDIS_URL_HOST];	/* begins with '/': a Unix socket */
	uint16_t port;
};

struct redis_url {
	struct redis_addr addrs[REDIS_URL_ADDRS_MAX];
	size_t n;
	bool tls;
	struct slice master;		/* sentinel: the name to ask for; else empty */
	struct slice user, password;
	unsigned db;
};

/* Slices live in `a`.  False with the rest of a sentence in *out_why ("wants a host"). */
bool redis_url_parse(struct arena *a, struct slice text, struct redis_url *out, const char **out_why);
/* "host:port" with a host that may be an IPv6 literal without brackets, as CLUSTER SLOTS and MOVED say it: the last
 * colon counts.  False when it is none; an empty host leaves out->host as it is. */
bool redis_url_addr(struct slice text, struct redis_addr *out);

#endif
