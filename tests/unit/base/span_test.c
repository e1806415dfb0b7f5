#include "unit.h"

#include "base/span.h"

static void test_durations(void **state)
{
	static const struct { const char *text; uint64_t ms; } good[] = { { "250ms", 250 }, { "1.5s", 1500 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "7d", 604800000 }, { "0", 0 }, { " 3 s ", 3000 },
		{ "0.001s", 1 } };
	static const char *const bad[] = { "", "5", "s", "-1s", "1.2345s", "1 week", "1e3s",
		"99999999999999999999s", "1..5s" };
	char out[32];
	uint64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(span_parse_ms(slice_str(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
		uint64_t again;
		assert_true(span_parse_ms(slice_str(span_print_ms(ms, out, sizeof(out))), &again));
		assert_int_equal(again, ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(span_parse_ms(slice_str(bad[i]), &ms));
	assert_string_equal(span_print_ms(90000, out, sizeof(out)), "90s");
	assert_string_equal(span_print_ms(120000, out, sizeof(out)), "2m");
}

static void test_sizes(void **state)
{
	uint64_t n;
	char out[32];

	assert_true(span_parse_bytes(SLICE("10"), &n) && n == 10);
	assert_true(span_parse_bytes(SLICE("64KiB"), &n) && n == 65536);
	assert_true(span_parse_bytes(SLICE("1.5MiB"), &n) && n == 1572864);
	assert_true(span_parse_bytes(SLICE("2MB"), &n) && n == 2000000);
	assert_false(span_parse_bytes(SLICE("2mb"), &n));
	assert_false(span_parse_bytes(SLICE("99999999999GiB"), &n));
	assert_string_equal(span_print_bytes(33554432, out, sizeof(out)), "32MiB");
	assert_string_equal(span_print_bytes(1000, out, sizeof(out)), "1000");
	assert_string_equal(span_print_bytes(0, out, sizeof(out)), "0");
}

static void test_dates(void **state)
{
	uint64_t s;
	char out[32];

	assert_true(span_parse_http_date(SLICE("Sun, 06 Nov 1994 08:49:37 GMT"), &s));
	assert_int_equal(s, 784111777);
	assert_false(span_parse_http_date(SLICE("Sun, 06 Nov 1994 08:49:37 PST"), &s));
	assert_false(span_parse_http_date(SLICE("120"), &s));
	assert_string_equal(span_print_wall(784111777123u, out, sizeof(out)), "1994-11-06T08:49:37.123Z");
	assert_string_equal(span_print_wall(784111778004u, out, sizeof(out)), "1994-11-06T08:49:38.004Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
