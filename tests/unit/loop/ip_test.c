#include "unit.h"

#include "base/must.h"
#include "loop/ip.h"

static void shows(const char *text, uint16_t port, const char *want)
{
	char out[IP_TEXT];
	struct ip ip;

	if (!ip_parse(slice_str(text), port, &ip))
		fail_msg("%s is not taken", text);
	assert_string_equal(ip_print(&ip, out), want);
	assert_int_equal(ip_port(&ip), port);
}

static void test_literals(void **state)
{
	shows("127.0.0.1", 80, "127.0.0.1:80");
	shows("255.255.255.255", 65535, "255.255.255.255:65535");
	shows("::1", 443, "[::1]:443");
	shows("[::1]", 443, "[::1]:443");
	shows("2001:DB8::A", 1, "[2001:db8::a]:1");
	shows("::ffff:10.0.0.1", 7, "10.0.0.1:7");
	shows("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void test_no_literals(void **state)
{
	const char *bad[] = { "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "01.2.3.4x",
		"::g", "[::1", "[]", "::1%", "fe80::1%no-such-interface", "1:2:3:4:5:6:7:8:9", "12345::", "0x7f.1",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct ip ip = { .sa.sa_family = 77 };

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (ip_parse(slice_str(bad[i]), 1, &ip))
			fail_msg("\"%s\" is taken", bad[i]);
	assert_false(ip_parse(slice_of("1.2.3.4\0x", 9), 1, &ip));
	assert_int_equal(ip.sa.sa_family, 77);
}

static void test_zone(void **state)
{
	struct ip ip;
	assert_true(ip_parse(SLICE("fe80::1%7"), 1, &ip));
	assert_int_equal(ip.v6.sin6_scope_id, 7);
}

static void test_equal(void **state)
{
	struct ip a, b;
	assert_true(ip_parse(SLICE("10.0.0.1"), 1, &a) && ip_parse(SLICE("10.0.0.1"), 1, &b));
	assert_true(ip_eq(&a, &b));
	ip_set_port(&b, 2);
	assert_false(ip_eq(&a, &b));
	assert_true(ip_parse(SLICE("::ffff:10.0.0.1"), 1, &b));
	assert_false(ip_eq(&a, &b));
	assert_true(ip_parse(SLICE("::1"), 1, &a) && ip_parse(SLICE("::2"), 1, &b));
	assert_false(ip_eq(&a, &b));
	struct sockaddr odd = { .sa_family = AF_UNIX };
	assert_false(ip_from(&odd, &a));
	assert_true(ip_from(&b.sa, &a));
	assert_true(ip_eq(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_no_literals),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
