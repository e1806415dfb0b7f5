#include "store/store_conf.h"

#include "conf/conf.h"
#include "store/redis_url.h"

static const struct row tls_rows[] = {
	ROW_STR(struct store_tls_conf, ca, 0, 4096, "", ROW_RESTART,
		"PEM file of the authorities to trust; empty: the system's"),
	ROW_BOOL(struct store_tls_conf, insecure, "false", ROW_RESTART,
		"take any certificate: for tests on one machine only"),
};
static const struct section tls_section = ROW_TABLE("redis_tls", struct store_tls_conf, tls_rows);

static const struct row rows[] = {
	ROW_SECRET(struct store_conf, url, ROW_OPTIONAL, ROW_RESTART,
		"redis://[user:password@]host:port/db, rediss:// with TLS, unix:///path, sentinel://h1,h2/name; se"
			"veral hosts with commas; a Redis Cluster is recognised; empty: everything stays in this pr"
			"ocess"),
	ROW_STR(struct store_conf, user, 0, 256, "", ROW_RESTART, "ACL user; beats the one in the URL"),
	ROW_SECRET(struct store_conf, password, ROW_OPTIONAL, ROW_RESTART, "beats the one in the URL"),
	ROW_STR(struct store_conf, sentinel_user, 0, 256, "", ROW_RESTART, "ACL user of the sentinels"),
	ROW_SECRET(struct store_conf, sentinel_password, ROW_OPTIONAL, ROW_RESTART,
		"of the sentinels; the URL's is the servers' alone"),
	ROW_STR(struct store_conf, prefix, 0, 64, "weir", ROW_RESTART,
		"stands before every key and channel, with a colon"),
	ROW_SECTION(struct store_conf, tls, &tls_section, ROW_OPTIONAL, "for rediss://"),
	ROW_MS(struct store_conf, deadline, 1, 10000, "20ms", ROW_RESTART,
		"longest wait of a request for one operation; then it goes on without"),
	ROW_MS(struct store_conf, connect, 10, 60000, "2s", ROW_RESTART,
		"longest time for name, connection, TLS and greeting"),
	ROW_BYTES(struct store_conf, value, 1024, 64u << 20, "1MiB", ROW_RESTART,
		"largest value; larger ones are not kept"),
	ROW_BYTES(struct store_conf, queue, 65536, 1u << 30, "16MiB", ROW_RESTART,
		"most bytes that wait to leave for one server; operations beyond are not made"),
	ROW_INT(struct store_conf, operations, 1, 1000000, "10000", ROW_RESTART,
		"most operations under way; those beyond are not made"),
	ROW_INT(struct store_conf, tails, 1, 100000, "1000", ROW_RESTART,
		"most logs followed, and most channels heard, at a time"),
	ROW_BYTES(struct store_conf, memory, 0, 1ull << 40, "64MiB", ROW_RESTART,
		"without a URL: what this process keeps in its place"),
};
const struct section store_conf = ROW_TABLE("redis", struct store_conf, rows);

void store_conf_check(struct conf *c, const struct store_conf *s)
{
	const char *why = NULL;
	struct redis_url url;
	struct arena a;

	if (s->url.bytes.n == 0)
		return;
	arena_init(&a, 0);
	if (!redis_url_parse(&a, s->url.bytes, &url, &why))
		conf_fault(c, &s->url, "redis.url %s", why);
	else if (s->sentinel_password.bytes.n && url.master.n == 0)
		conf_fault(c, &s->sentinel_password, "sentinel_password has no effect: redis.url names no sentinels");
	if (s->sentinel_user.n && s->sentinel_password.bytes.n == 0)
		conf_fault(c, &s->sentinel_user, "sentinel_user needs a sentinel_password");
	arena_wipe(&a);
}
