#include "unit.h"

#include "loop/dns_cache.h"

#define NAME SLICE("api.test")

static struct dns_cache cache;
static struct dns_addrs out;

static struct dns_addrs addrs(const char *text)
{
	struct dns_addrs a = { .n = 1 };
	assert_true(ip_parse(slice_str(text), 0, &a.ip[0]));
	return a;
}

static void put(struct slice name, const char *text, uint64_t ttl_s, uint64_t now_ms)
{
	struct dns_addrs a = addrs(text);
	dns_cache_put(&cache, name, &a, ttl_s, now_ms);
}

static void is(const char *text)
{
	struct dns_addrs a = addrs(text);
	assert_int_equal(out.n, 1);
	assert_true(ip_eq(&out.ip[0], &a.ip[0]));
}

static int setup(void **state)
{
	dns_cache_init(&cache, 4, 42);
	return 0;
}

static int teardown(void **state)
{
	dns_cache_done(&cache);
	return 0;
}

static void test_life(void **state)
{
	assert_int_equal(dns_cache_find(&cache, NAME, 1000, &out), DNS_CACHE_UNKNOWN);
	put(NAME, "10.0.0.1", 60, 1000);
	assert_int_equal(dns_cache_find(&cache, SLICE("API.Test"), 1000, &out), DNS_CACHE_FRESH);
	is("10.0.0.1");
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 44999, &out), DNS_CACHE_FRESH);
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 45000, &out), DNS_CACHE_OLD);
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 59999, &out), DNS_CACHE_OLD);
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 60000, &out), DNS_CACHE_STALE);
	is("10.0.0.1");
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 60000 + 3600000 - 1, &out), DNS_CACHE_STALE);
	assert_int_equal(dns_cache_find(&cache, NAME, 1000 + 60000 + 3600000, &out), DNS_CACHE_UNKNOWN);
	put(NAME, "10.0.0.2", 60, 99999);
	assert_int_equal(dns_cache_find(&cache, NAME, 99999, &out), DNS_CACHE_FRESH);
	is("10.0.0.2");
}

static void test_ttl_limits(void **state)
{
	put(NAME, "10.0.0.1", 0, 0);
	assert_int_equal(dns_cache_find(&cache, NAME, 999, &out), DNS_CACHE_OLD);
	assert_int_equal(dns_cache_find(&cache, NAME, 1000, &out), DNS_CACHE_STALE);
	put(NAME, "10.0.0.1", UINT64_MAX, 0);
	assert_int_equal(dns_cache_find(&cache, NAME, 299999, &out), DNS_CACHE_OLD);
	assert_int_equal(dns_cache_find(&cache, NAME, 300000, &out), DNS_CACHE_STALE);
}

static void test_no_such_name(void **state)
{
	put(NAME, "10.0.0.1", 60, 0);
	dns_cache_put_none(&cache, NAME, 70000);	/* the servers are sure: nothing stale is used */
	assert_int_equal(dns_cache_find(&cache, NAME, 70000 + 4999, &out), DNS_CACHE_FAILED);
	assert_int_equal(dns_cache_find(&cache, NAME, 70000 + 5000, &out), DNS_CACHE_UNKNOWN);
}

static void test_failure(void **state)
{
	assert_false(dns_cache_put_failure(&cache, NAME, 0, &out));
	assert_int_equal(dns_cache_find(&cache, NAME, 4999, &out), DNS_CACHE_FAILED);
	put(NAME, "10.0.0.1", 60, 5000);
	assert_int_equal(dns_cache_find(&cache, NAME, 5000, &out), DNS_CACHE_FRESH);
	out.n = 0;
	assert_true(dns_cache_put_failure(&cache, NAME, 70000, &out));
	is("10.0.0.1");
	/* For a while nobody asks again, then everybody does. */
	assert_int_equal(dns_cache_find(&cache, NAME, 74999, &out), DNS_CACHE_FRESH);
	assert_int_equal(dns_cache_find(&cache, NAME, 75000, &out), DNS_CACHE_STALE);
	/* Too old to be of use. */
	assert_false(dns_cache_put_failure(&cache, NAME, 65000 + 3600000, &out));
	assert_int_equal(dns_cache_find(&cache, NAME, 65000 + 3600000, &out), DNS_CACHE_FAILED);
}

static void test_prefer(void **state)
{
	struct dns_addrs a = { .n = 3 };
	const char *text[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3" };
	struct ip ip;

	for (int i = 0; i < 3; i++)
		assert_true(ip_parse(slice_str(text[i]), 0, &a.ip[i]));
	dns_cache_put(&cache, NAME, &a, 60, 0);
	assert_true(ip_parse(SLICE("10.0.0.3"), 443, &ip));
	dns_cache_prefer(&cache, NAME, &ip);
	assert_int_equal(dns_cache_find(&cache, NAME, 1, &out), DNS_CACHE_FRESH);
	assert_int_equal(out.n, 3);
	assert_true(ip_eq(&out.ip[0], &a.ip[2]) && ip_eq(&out.ip[1], &a.ip[0]) && ip_eq(&out.ip[2], &a.ip[1]));
	assert_true(ip_parse(SLICE("10.9.9.9"), 443, &ip));
	dns_cache_prefer(&cache, NAME, &ip);		/* not one of them */
	dns_cache_prefer(&cache, SLICE("unknown.test"), &ip);
	assert_int_equal(dns_cache_find(&cache, NAME, 1, &out), DNS_CACHE_FRESH);
	assert_true(ip_eq(&out.ip[0], &a.ip[2]));
}

static void test_bounded(void **state)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		put(slice_str(name), "10.0.0.1", 60, 0);
		put(SLICE("kept.test"), "10.0.0.2", 60, 0);	/* used all the time */
		assert_true(cache.n <= 4);
	}
	assert_int_equal(dns_cache_find(&cache, SLICE("kept.test"), 1, &out), DNS_CACHE_FRESH);
	assert_int_equal(dns_cache_find(&cache, SLICE("n99.test"), 1, &out), DNS_CACHE_FRESH);
	assert_int_equal(dns_cache_find(&cache, SLICE("n95.test"), 1, &out), DNS_CACHE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ttl_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_such_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prefer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
