#include "unit.h"

#include <math.h>

#include "conf/value.h"
#include "unit/conf/sample.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

union field { bool b; int64_t i; double d; uint64_t u; int e; struct slice s; struct secret k; };

static const struct row bools = { .kind = ROW_BOOL };
static const struct row ints = { .kind = ROW_INT, .min = (uint64_t)INT64_MIN, .max = INT64_MAX };
static const struct row ports = { .kind = ROW_INT, .min = (uint64_t)-5, .max = 65535 };
static const struct row ratios = { .kind = ROW_RATIO, .min = 290, .max = 1500 };
static const struct row times = { .kind = ROW_MS, .min = 10, .max = 600000 };
static const struct row any_time = { .kind = ROW_MS, .max = UINT64_MAX };
static const struct row pings = { .kind = ROW_MS, .min = 1000, .max = 60000, .dflt = "0" };
static const struct row sizes = { .kind = ROW_BYTES, .min = 10, .max = 1 << 20 };
static const struct row names = { .kind = ROW_ENUM, .names = "first|weighted|least_busy" };
static const struct row texts = { .kind = ROW_STR, .min = 2, .max = 5 };
static const struct row maybe_texts = { .kind = ROW_STR, .min = 2, .max = 5, .dflt = "" };
static const struct row secrets = { .kind = ROW_SECRET };
static const struct row maybe_secrets = { .kind = ROW_SECRET, .dflt = "" };

static union field good(const struct row *r, const char *text)
{
	union field f;
	struct value_fault why;

	memset(&f, 0, sizeof(f));
	if (!value_parse(&arena, r, slice_str(text), slice_str(text), &f, &why))
		fail_msg("\"%s\" %.*s", text, SLICE_ARG(why.what));
	return f;
}

static void bad_slice(const struct row *r, struct slice text, const char *want)
{
	union field f, before;
	struct value_fault why;

	memset(&f, 0x5a, sizeof(f));
	before = f;
	if (value_parse(&arena, r, text, text, &f, &why))
		fail_msg("\"%.*s\" was taken", SLICE_ARG(text));
	assert_slice(why.what, want);
	assert_memory_equal(&f, &before, sizeof(f));
}

static void bad(const struct row *r, const char *text, const char *want)
{
	bad_slice(r, slice_str(text), want);
}

static void test_bool(void **state)
{
	assert_true(good(&bools, "true").b);
	assert_false(good(&bools, "false").b);
	bad(&bools, "yes", "wants true or false, not \"yes\"");
	bad(&bools, "True", "wants true or false, not \"True\"");
	bad(&bools, "", "wants true or false, not \"\"");
}

static void test_int(void **state)
{
	assert_true(good(&ints, "-9223372036854775808").i == INT64_MIN);
	assert_true(good(&ints, "9223372036854775807").i == INT64_MAX);
	assert_true(good(&ports, "-5").i == -5);
	assert_true(good(&ports, "65535").i == 65535);
	assert_true(good(&ports, "0").i == 0);
	bad(&ints, "9223372036854775808", "wants a whole number, not \"9223372036854775808\"");
	bad(&ints, "-9223372036854775809", "wants a whole number, not \"-9223372036854775809\"");
	bad(&ports, "-6", "wants a whole number from -5 to 65535, not \"-6\"");
	bad(&ports, "65536", "wants a whole number from -5 to 65535, not \"65536\"");
	bad(&ports, "80.0", "wants a whole number from -5 to 65535, not \"80.0\"");
	bad(&ports, "+8", "wants a whole number from -5 to 65535, not \"+8\"");
	bad(&ports, "0x50", "wants a whole number from -5 to 65535, not \"0x50\"");
	bad(&ports, "1 000", "wants a whole number from -5 to 65535, not \"1 000\"");
	bad(&ports, "-", "wants a whole number from -5 to 65535, not \"-\"");
	bad(&ports, "", "wants a whole number from -5 to 65535, not \"\"");
}

static void test_ratio(void **state)
{
	assert_true(fabs(good(&ratios, "0.29").d - 0.29) < 1e-12);
	assert_true(fabs(good(&ratios, "1.5").d - 1.5) < 1e-12);
	assert_true(fabs(good(&ratios, "1").d - 1) < 1e-12);
	assert_true(fabs(good(&ratios, "0.333333").d - 0.333333) < 1e-12);
	bad(&ratios, "0.289999", "wants a number such as 0.25, from 0.29 to 1.5, not \"0.289999\"");
	bad(&ratios, "1.500001", "wants a number such as 0.25, from 0.29 to 1.5, not \"1.500001\"");
	bad(&ratios, "-1", "wants a number such as 0.25, from 0.29 to 1.5, not \"-1\"");
	bad(&ratios, "1.", "wants a number such as 0.25, from 0.29 to 1.5, not \"1.\"");
	bad(&ratios, ".5", "wants a number such as 0.25, from 0.29 to 1.5, not \".5\"");
	bad(&ratios, "50%", "wants a number such as 0.25, from 0.29 to 1.5, not \"50%\"");
	bad(&ratios, "1e0", "wants a number such as 0.25, from 0.29 to 1.5, not \"1e0\"");
	bad(&ratios, "0.1234567", "wants a number such as 0.25, from 0.29 to 1.5, not \"0.1234567\"");
	bad(&ratios, "nan", "wants a number such as 0.25, from 0.29 to 1.5, not \"nan\"");
}

static void test_ms(void **state)
{
	assert_true(good(&times, "10ms").u == 10);
	assert_true(good(&times, "10m").u == 600000);
	assert_true(good(&times, "1.5s").u == 1500);
	assert_true(good(&any_time, "0").u == 0);
	bad(&times, "9ms", "wants a time such as 250ms or 2s, from 10ms to 10m, not \"9ms\"");
	bad(&times, "601s", "wants a time such as 250ms or 2s, from 10ms to 10m, not \"601s\"");
	bad(&times, "0", "wants a time with its unit: write 250ms or 2s, not 0");
	bad(&times, "2000", "wants a time with its unit: write 250ms or 2s, not 2000");
	bad(&times, "2 parsecs", "wants a time such as 250ms or 2s, from 10ms to 10m, not \"2 parsecs\"");
	bad(&times, "-2s", "wants a time such as 250ms or 2s, from 10ms to 10m, not \"-2s\"");
	bad(&any_time, "99999999999999999999d", "wants a time such as 250ms or 2s, not \"99999999999999999999d\"");
}

static void test_zero_is_off(void **state)
{
	assert_true(good(&pings, "0").u == 0);
	assert_true(good(&pings, "1s").u == 1000);
	bad(&pings, "999ms", "wants a time such as 250ms or 2s, 0 or from 1s to 1m, not \"999ms\"");
}

static void test_bytes(void **state)
{
	assert_true(good(&sizes, "10").u == 10);
	assert_true(good(&sizes, "1MiB").u == 1048576);
	assert_true(good(&sizes, "1KB").u == 1000);
	bad(&sizes, "9", "wants a size such as 64KiB or 32MiB, from 10 to 1MiB, not \"9\"");
	bad(&sizes, "1048577", "wants a size such as 64KiB or 32MiB, from 10 to 1MiB, not \"1048577\"");
	bad(&sizes, "64kb", "wants a size such as 64KiB or 32MiB, from 10 to 1MiB, not \"64kb\"");
}

static void test_enum(void **state)
{
	struct value_fault why;
	int e = 7;

	assert_int_equal(good(&names, "first").e, 0);
	assert_int_equal(good(&names, "least_busy").e, 2);
	bad(&names, "", "wants one of first, weighted, least_busy, not \"\"");
	assert_false(value_parse(&arena, &names, SLICE("wieghted"), SLICE("wieghted"), &e, &why));
	assert_slice(why.what, "wants one of first, weighted, least_busy, not \"wieghted\"");
	assert_slice(why.nearest, "weighted");
	assert_false(value_parse(&arena, &names, SLICE("chaos"), SLICE("chaos"), &e, &why));
	assert_slice(why.nearest, "");
	assert_int_equal(e, 7);
}

static void test_str(void **state)
{
	assert_slice(good(&texts, "ab").s, "ab");
	assert_slice(good(&texts, "abcde").s, "abcde");
	assert_slice(good(&maybe_texts, "").s, "");
	bad(&texts, "", "must not be empty");
	bad(&texts, "a", "wants from 2 to 5 bytes, not 1");
	bad(&maybe_texts, "abcdef", "wants from 2 to 5 bytes, not 6");
	bad(&texts, "a\xff", "is not valid UTF-8");
	bad_slice(&texts, SLICE("a\0b"), "holds a zero byte");
}

static void test_secret(void **state)
{
	char big[ROW_SECRET_MAX + 2];

	assert_slice(good(&secrets, "sk").k.bytes, "sk");
	assert_slice(good(&maybe_secrets, "").k.bytes, "");
	bad(&secrets, "", "must not be empty");
	bad(&secrets, "a\nb", "holds a line end or another control character; a secret is one line");
	bad(&secrets, "a\x7f", "holds a line end or another control character; a secret is one line");
	bad_slice(&secrets, SLICE("a\0"), "holds a line end or another control character; a secret is one line");
	memset(big, 'k', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	bad(&secrets, big, "is longer than 64KiB");
	big[sizeof(big) - 2] = '\0';
	assert_int_equal(good(&secrets, big).k.bytes.n, ROW_SECRET_MAX);
}

/* A value out of a variable may be a key that went astray. */
static void test_expanded_is_not_shown(void **state)
{
	struct value_fault why;
	union field f;

	assert_false(value_parse(&arena, &ports, SLICE(CANARY), SLICE("${KEY}"), &f, &why));
	assert_slice(why.what, "wants a whole number from -5 to 65535, which is not what \"${KEY}\" stands for");
	assert_false(value_parse(&arena, &names, SLICE("frist"), SLICE("${X}"), &f, &why));
	assert_slice(why.nearest, "");
	assert_false(value_parse(&arena, &times, SLICE("2000"), SLICE("${X}"), &f, &why));
	assert_null(strstr(why.what.p, "2000"));
}

static void check_print(const struct row *r, const char *text)
{
	union field f = good(r, text);
	struct buf b;

	buf_init(&b, 100);
	value_print(r, &f, &b);
	assert_slice(buf_slice(&b), text);
	buf_done(&b);
}

static void test_print(void **state)
{
	check_print(&bools, "true");
	check_print(&ints, "-9223372036854775808");
	check_print(&ratios, "0.3");
	check_print(&ratios, "1");
	check_print(&ratios, "0.333333");
	check_print(&times, "90s");
	check_print(&any_time, "0");
	check_print(&sizes, "64KiB");
	check_print(&names, "weighted");
	check_print(&(struct row){ .kind = ROW_BYTES, .max = UINT64_MAX }, "1000000001");
	check_print(&(struct row){ .kind = ROW_BYTES, .max = UINT64_MAX }, "1048576GiB");
	check_print(&any_time, "1000000001ms");
	check_print(&(struct row){ .kind = ROW_RATIO, .max = UINT64_MAX }, "999999999.999999");
	check_print(&(struct row){ .kind = ROW_RATIO, .max = UINT64_MAX }, "100");
}

static void test_sample(void **state)
{
	assert_slice(value_sample(&arena, SLICE("a\x1b[31m\n")), "a?[31m?");
	assert_slice(value_sample(&arena, SLICE("0123456789012345678901234567890123456789x")),
		"0123456789012345678901234567890123456789...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bool), cmocka_unit_test(test_int), cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_ms), cmocka_unit_test(test_zero_is_off), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_enum), cmocka_unit_test(test_str), cmocka_unit_test(test_secret),
		cmocka_unit_test(test_expanded_is_not_shown), cmocka_unit_test(test_print),
		cmocka_unit_test(test_sample),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
