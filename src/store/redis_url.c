#include "store/redis_url.h"

#include "codec/url.h"

#define PORT 6379		/* redis.conf */
#define SENTINEL_PORT 26379	/* sentinel.conf */
#define DB_MAX 1000000		/* beyond any `databases` */

static const struct {
	struct slice name;
	bool tls, sentinel, path;
} schemes[] = {
	{ SLICE("redis://"), false, false, false },
	{ SLICE("rediss://"), true, false, false },
	{ SLICE("valkey://"), false, false, false },
	{ SLICE("valkeys://"), true, false, false },
	{ SLICE("unix://"), false, false, true },
	{ SLICE("sentinel://"), false, true, false },
	{ SLICE("sentinels://"), true, true, false },
};

/* In the manner of fallible parsers here: sets the sentence, returns false. */
static bool no(const char **out_why, const char *why)
{
	*out_why = why;
	return false;
}

static bool set_host(struct redis_addr *out, struct slice host)
{
	if (host.n == 0 || host.n >= sizeof(out->host) || memchr(host.p, '\0', host.n))
		return false;
	slice_copy(host, out->host, sizeof(out->host));
	return true;
}

static bool set_port(struct redis_addr *out, struct slice text)
{
	uint64_t port;

	if (!slice_u64(text, &port) || port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	return true;
}

bool redis_url_addr(struct slice text, struct redis_addr *out)
{
	size_t colon = text.n;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	struct slice host = slice_of(text.p, colon - 1);
	return (host.n == 0 || set_host(out, host)) && set_port(out, slice_skip(text, colon));
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static bool one_host(struct slice text, uint16_t port, struct redis_addr *out)
{
	struct slice host = text, rest;

	out->port = port;
	if (text.n && text.p[0] == '[') {
		size_t end = slice_find(text, ']');
		if (end == text.n)
			return false;
		host = slice_of(text.p + 1, end - 1);
		rest = slice_skip(text, end + 1);
	} else {
		host.n = slice_find(text, ':');
		rest = slice_skip(text, host.n);
	}
	if (rest.n && (rest.p[0] != ':' || !set_port(out, slice_skip(rest, 1))))
		return false;
	return set_host(out, host);
}

static bool hosts(struct slice text, uint16_t port, struct redis_url *out, const char **out_why)
{
	struct slice piece;

	while (slice_next(&text, ',', &piece)) {
		if (out->n == REDIS_URL_ADDRS_MAX)
			return no(out_why, "names more than 16 hosts");
		if (!one_host(piece, port, &out->addrs[out->n++]))
			return no(out_why, "has a host or a port that cannot be read");
	}
	return out->n > 0 || no(out_why, "wants a host");
}

/* Cuts "user:password@" off the front; ":password@" and "password" alone are common too. */
static bool login(struct arena *a, struct slice *rest, struct redis_url *out, const char **out_why)
{
	size_t at = rest->n;

	while (at > 0 && rest->p[at - 1] != '@')
		at--;
	if (at == 0)
		return true;
	struct slice info = slice_of(rest->p, at - 1);
	size_t colon = slice_find(info, ':');
	*rest = slice_skip(*rest, at);
	if (colon == info.n)
		return no(out_why, "has a user without a password: write user:password@ or :password@");
	if (!url_decode(a, slice_of(info.p, colon), &out->user)
		|| !url_decode(a, slice_skip(info, colon + 1), &out->password))
		return no(out_why, "has a user or password with a bad percent sign");
	return true;
}

static bool tail(struct arena *a, struct slice path, bool sentinel, struct redis_url *out, const char **out_why)
{
	struct slice name;
	uint64_t db = 0;

	if (sentinel) {
		name = slice_of(path.p, slice_find(path, '/'));
		path = slice_skip(path, name.n + 1);
		if (name.n == 0 || !url_decode(a, name, &out->master))
			return no(out_why, "wants the master's name after the sentinels: sentinel://host/name");
	}
	if (path.n && (!slice_u64(path, &db) || db > DB_MAX))
		return no(out_why, "ends with something that is no database number");
	out->db = (unsigned)db;
	return true;
}

bool redis_url_parse(struct arena *a, struct slice text, struct redis_url *out, const char **out_why)
{
	size_t i = 0;

	while (i < COUNT_OF(schemes) && !slice_starts(text, schemes[i].name))
		i++;
	if (i == COUNT_OF(schemes))
		return no(out_why, "must begin with redis://, rediss://, unix:// or sentinel://");
	if (memchr(text.p, '?', text.n) || memchr(text.p, '#', text.n))
		return no(out_why, "has a query or a fragment; put options into the section redis");
	*out = (struct redis_url){ .tls = schemes[i].tls };
	struct slice rest = slice_skip(text, schemes[i].name.n);
	/* A password may hold a slash only when it is encoded, so the first one ends the hosts. */
	if (schemes[i].path) {
		if (!login(a, &rest, out, out_why))
			return false;
		out->n = 1;
		return (rest.n && rest.p[0] == '/' && set_host(&out->addrs[0], rest))
			|| no(out_why, "wants a path: unix:///run/redis.sock");
	}
	struct slice names = slice_of(rest.p, slice_find(rest, '/'));
	struct slice path = slice_skip(rest, names.n + 1);
	return login(a, &names, out, out_why)
		&& hosts(names, schemes[i].sentinel ? SENTINEL_PORT : PORT, out, out_why)
		&& tail(a, path, schemes[i].sentinel, out, out_why);
}
