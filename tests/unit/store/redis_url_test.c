/* Where Redis is, as people write it. */
#include "unit.h"

#include "store/redis_url.h"

static bool parse(struct arena *a, const char *text, struct redis_url *u)
{
	const char *why = NULL;
	bool ok = redis_url_parse(a, slice_str(text), u, &why);

	assert_true(ok == (why == NULL));
	return ok;
}

static void one_server(void **state)
{
	struct redis_url u;
	struct arena a;

	arena_init(&a, 0);
	assert_true(parse(&a, "redis://cache", &u));
	assert_int_equal(u.n, 1);
	assert_string_equal(u.addrs[0].host, "cache");
	assert_int_equal(u.addrs[0].port, 6379);
	assert_false(u.tls);
	assert_int_equal(u.db, 0);
	assert_int_equal(u.password.n, 0);
	assert_true(parse(&a, "rediss://me:s%2Fcr%40t@[fe80::1]:7000/12", &u));
	assert_true(u.tls);
	assert_string_equal(u.addrs[0].host, "fe80::1");
	assert_int_equal(u.addrs[0].port, 7000);
	assert_int_equal(u.db, 12);
	assert_slice(u.user, "me");
	assert_slice(u.password, "s/cr@t");
	assert_true(parse(&a, "valkey://:pw@h:1/", &u));
	assert_int_equal(u.user.n, 0);
	assert_slice(u.password, "pw");
	arena_done(&a);
}

static void many_and_other_kinds(void **state)
{
	struct redis_url u;
	struct arena a;

	arena_init(&a, 0);
	assert_true(parse(&a, "redis://u:p@a:1,b,c:3/2", &u));
	assert_int_equal(u.n, 3);
	assert_string_equal(u.addrs[2].host, "c");
	assert_int_equal(u.addrs[1].port, 6379);
	assert_int_equal(u.addrs[2].port, 3);
	assert_int_equal(u.db, 2);
	assert_true(parse(&a, "sentinel://:p@s1,s2:5/boss/4", &u));
	assert_int_equal(u.addrs[0].port, 26379);
	assert_int_equal(u.addrs[1].port, 5);
	assert_slice(u.master, "boss");
	assert_int_equal(u.db, 4);
	assert_true(parse(&a, "sentinels://s1/boss", &u) && u.tls);
	assert_true(parse(&a, "unix://:pw@/run/redis.sock", &u));
	assert_string_equal(u.addrs[0].host, "/run/redis.sock");
	assert_slice(u.password, "pw");
	arena_done(&a);
}

static void mistakes(void **state)
{
	static const char *const bad[] = { "", "localhost:6379", "http://h", "redis://", "redis://h:0", "redis://h:70000",
		"redis://h:x", "redis://h/x", "redis://h/1?a=b", "redis://h#f", "redis://user@h", "redis://:%zz@h",
		"redis://[::1", "redis://[::1]x", "sentinel://h", "sentinel://h/", "unix://run/x", "unix://",
		"redis://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "redis://h/99999999999", "redis://a,redis://b" };
	char deep[400] = "redis://";
	struct redis_url u;
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (parse(&a, bad[i], &u))
			fail_msg("taken: %s", bad[i]);
	memset(deep + 8, 'h', 300);
	assert_false(parse(&a, deep, &u));
	arena_done(&a);
}

/* As servers say it: IPv6 without brackets, a host that is left out. */
static void addresses_of_servers(void **state)
{
	struct redis_addr at = { .host = "before", .port = 1 };

	assert_true(redis_url_addr(SLICE("10.0.0.1:7001"), &at));
	assert_string_equal(at.host, "10.0.0.1");
	assert_int_equal(at.port, 7001);
	assert_true(redis_url_addr(SLICE("::1:7002"), &at));
	assert_string_equal(at.host, "::1");
	assert_true(redis_url_addr(SLICE(":7003"), &at));
	assert_string_equal(at.host, "::1");
	assert_int_equal(at.port, 7003);
	assert_false(redis_url_addr(SLICE("host"), &at));
	assert_false(redis_url_addr(SLICE("host:"), &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_server),
		cmocka_unit_test(many_and_other_kinds),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(addresses_of_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
