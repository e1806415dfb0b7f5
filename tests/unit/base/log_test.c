#include "unit.h"

#include "base/err.h"
#include "base/histo.h"
#include "base/log.h"
#include "base/secret.h"

static char last[4096];

static void take_line(void *arg, struct slice line)
{
	slice_copy(line, last, sizeof(last));
}

static uint64_t wall(void *arg)
{
	return 784111777123u;
}

static const struct log_sink sink = { take_line, wall, NULL };

static void test_json_line(void **state)
{
	log_open(&sink, LOG_LEVEL_INFO, LOG_FORM_JSON);
	log_info("started", LOG_S("name", SLICE("a \"b\"\n")), LOG_I("n", -5), LOG_NS("ms", 1234567));
	assert_string_equal(last, "{\"time\":\"1994-11-06T08:49:37.123Z\",\"level\":\"info\",\"event\":\"started\","
		"\"name\":\"a \\\"b\\\"\\n\",\"n\":-5,\"ms\":1.234}\n");
	log_open(NULL, LOG_LEVEL_OFF, LOG_FORM_JSON);
}

static void test_level_filters(void **state)
{
	last[0] = '\0';
	log_open(&sink, LOG_LEVEL_WARN, LOG_FORM_TEXT);
	log_info("quiet");
	assert_string_equal(last, "");
	log_warn("loud", LOG_Z("why", "two words"), LOG_Z("one", "word"));
	assert_non_null(strstr(last, "08:49:37.123 warn  loud"));
	assert_non_null(strstr(last, " why=\"two words\" one=word\n"));
	log_open(NULL, LOG_LEVEL_OFF, LOG_FORM_JSON);
	last[0] = '\0';
	log_error("nobody");
	assert_string_equal(last, "");
}

static void test_secret_tags_tell_nothing(void **state)
{
	char a[8], b[8];
	struct secret one = { SLICE("sk-canary-1") }, two = { SLICE("sk-canary-2") };

	assert_string_not_equal(secret_tag(one, a, sizeof(a)), secret_tag(two, b, sizeof(b)));
	assert_int_equal(strlen(a), 4);
	assert_string_equal(secret_tag((struct secret){ SLICE_EMPTY }, a, sizeof(a)), "none");
}

/* Each row says what retry, metrics and clients need; a slip of a column would show here. */
static void test_error_rows(void **state)
{
	for (enum err e = 1; e < ERR_COUNT; e++) {
		const struct err_row *r = err_row(e);
		assert_in_range(r->http, 400, 599);
		assert_true(r->text[0] && r->code[0]);
		if (r->vote)
			assert_int_equal(r->blame, ERR_BLAME_UPSTREAM);
		if (r->retry == ERR_RETRY_LATER)
			assert_int_equal(r->blame, ERR_BLAME_UPSTREAM);
		for (const char *p = err_name(e); *p; p++)
			assert_true((*p >= 'a' && *p <= 'z') || *p == '_');
		for (enum err other = 1; other < e; other++)
			assert_string_not_equal(err_name(e), err_name(other));
	}
}

static void test_histogram(void **state)
{
	static struct histo h;

	assert_int_equal(histo_quantile_us(&h, 0.5), 0);
	for (uint64_t us = 1; us <= 100000; us++)
		histo_add_ns(&h, us * 1000);
	uint64_t p50 = histo_quantile_us(&h, 0.5), p99 = histo_quantile_us(&h, 0.99);
	assert_in_range(p50, 50000, 53500);
	assert_in_range(p99, 99000, 105500);
	assert_in_range(histo_below(&h, 10000), 10000, 10700);
	histo_add_ns(&h, UINT64_MAX);
	assert_int_equal(h.count, 100001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_line),
		cmocka_unit_test(test_level_filters),
		cmocka_unit_test(test_secret_tags_tell_nothing),
		cmocka_unit_test(test_error_rows),
		cmocka_unit_test(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
