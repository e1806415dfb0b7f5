#include "unit.h"

#include "base/span.h"
#include "route/breaker.h"

#define S(x) ((uint64_t)((x) * (double)SPAN_NS_PER_S))

static const struct breaker_conf conf = { .fails = 5, .share = 0.5, .min_calls = 20, .open_ms = 10000,
	.open_max_ms = 35000 };
static const struct breaker_conf only_row = { .fails = 5, .open_ms = 10000, .open_max_ms = 35000 };

static void votes(struct breaker *b, const struct breaker_conf *c, int n, bool good, uint64_t now_ns)
{
	for (int i = 0; i < n; i++)
		assert_false(breaker_vote(b, c, good, now_ns));
}

static struct breaker opened(uint64_t now_ns)
{
	struct breaker b = { 0 };

	votes(&b, &conf, 4, false, now_ns);
	assert_true(breaker_vote(&b, &conf, false, now_ns));
	return b;
}

static void test_opens_after_fails_in_a_row(void **state)
{
	struct breaker b = { 0 };
	bool probe;

	votes(&b, &only_row, 4, false, S(1));
	votes(&b, &only_row, 1, true, S(1));
	votes(&b, &only_row, 4, false, S(1));
	assert_true(breaker_allows(&b, S(1)));
	assert_true(breaker_vote(&b, &only_row, false, S(1)));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.since_ns, S(1));
	assert_false(breaker_take(&b, S(10.999), &probe));
	assert_true(breaker_allows(&b, S(11)));
}

static void test_opens_by_share(void **state)
{
	struct breaker b = { 0 };

	/* Every other call fails: never five in a row.  The 20th call makes it 10 of 20. */
	for (int i = 0; i < 19; i++)
		assert_false(breaker_vote(&b, &conf, i % 2, S(1)));
	assert_false(breaker_vote(&b, &conf, true, S(1)));
	assert_true(breaker_vote(&b, &conf, false, S(1)));
}

/* After a recovery the calls of before are forgotten. */
static void test_share_starts_anew(void **state)
{
	const struct breaker_conf quick = { .fails = 5, .share = 0.5, .min_calls = 20, .open_ms = 1000,
		.open_max_ms = 1000 };
	struct breaker b = { 0 };
	bool probe;

	for (int i = 0; i < 19; i++)
		assert_false(breaker_vote(&b, &quick, !(i % 2), S(1)));
	assert_true(breaker_vote(&b, &quick, false, S(1)));
	assert_true(breaker_take(&b, S(2), &probe));
	assert_true(breaker_vote(&b, &quick, true, S(2)));
	assert_false(breaker_vote(&b, &quick, false, S(2)));
	assert_int_equal(b.good[0] + b.good[1] + b.bad[0] + b.bad[1], 1);
}

static void test_share_needs_calls_and_can_be_off(void **state)
{
	struct breaker b = { 0 };

	for (int i = 0; i < 18; i++)
		assert_false(breaker_vote(&b, &conf, i % 2, S(1)));
	b = (struct breaker){ 0 };
	for (int i = 0; i < 1000; i++)
		assert_false(breaker_vote(&b, &only_row, i % 2, S(1)));
}

static void test_window_forgets(void **state)
{
	struct breaker b = { 0 };

	for (int i = 0; i < 18; i++)
		votes(&b, &conf, 1, i % 2, S(21));		/* 9 bad, 9 good */
	votes(&b, &conf, 1, true, S(25.9));			/* still the same bucket */
	assert_int_equal(b.good[0] + b.bad[0], 19);
	votes(&b, &conf, 1, true, S(26));			/* the next one */
	assert_int_equal(b.good[1] + b.bad[1], 19);
	votes(&b, &conf, 1, false, S(31));			/* the first is gone */
	assert_int_equal(b.bad[0] + b.bad[1], 1);
	votes(&b, &conf, 1, false, S(100));
	assert_int_equal(b.bad[0] + b.bad[1] + b.good[0] + b.good[1], 1);
}

static void test_one_probe_of_a_thousand(void **state)
{
	struct breaker b = opened(S(1));
	int through = 0, probes = 0;

	for (int i = 0; i < 1000; i++) {
		bool probe = false;
		through += breaker_take(&b, S(11) + (uint64_t)i, &probe);
		probes += probe;
	}
	assert_int_equal(through, 1);
	assert_int_equal(probes, 1);
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_true(breaker_vote(&b, &conf, true, S(12)));
	for (int i = 0; i < 1000; i++) {
		bool probe = true;
		assert_true(breaker_take(&b, S(12), &probe));
		assert_false(probe);
	}
}

static void test_opens_longer_each_time(void **state)
{
	const uint64_t want_ms[] = { 20000, 35000, 35000 };
	struct breaker b = opened(S(1));
	bool probe;

	for (size_t i = 0; i < 3; i++) {
		uint64_t at = b.until_ns;
		assert_true(breaker_take(&b, at, &probe));
		assert_true(breaker_vote(&b, &conf, false, at));
		assert_int_equal(b.until_ns, at + want_ms[i] * SPAN_NS_PER_MS);
	}
	/* After a recovery the next opening is short again. */
	assert_true(breaker_take(&b, b.until_ns, &probe));
	assert_true(breaker_vote(&b, &conf, true, S(200)));
	votes(&b, &conf, 4, false, S(201));
	assert_true(breaker_vote(&b, &conf, false, S(201)));
	assert_int_equal(b.until_ns, S(211));
}

static void test_probe_given_back(void **state)
{
	struct breaker b = opened(S(1));
	bool probe = false;

	assert_true(breaker_take(&b, S(11), &probe));
	breaker_give_back(&b, false, S(12));			/* an old call that was no probe */
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	breaker_give_back(&b, true, S(12));
	assert_int_equal(b.state, BREAKER_OPEN);
	probe = false;
	assert_true(breaker_take(&b, S(12), &probe));
	assert_true(probe);
	assert_true(breaker_vote(&b, &conf, false, S(13)));
	assert_int_equal(b.until_ns, S(33));			/* given back is no failure, this was: 20 s */
}

static void test_given_back_too_late(void **state)
{
	struct breaker b = { 0 }, open = opened(S(1));

	breaker_give_back(&b, true, S(1));
	assert_int_equal(b.state, BREAKER_CLOSED);
	breaker_give_back(&open, true, S(2));
	assert_int_equal(open.since_ns, S(1));
}

static void test_late_votes_do_not_count(void **state)
{
	struct breaker b = opened(S(1));

	votes(&b, &conf, 100, true, S(2));
	votes(&b, &conf, 100, false, S(2));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.until_ns, S(11));
}

static void test_turned_off(void **state)
{
	const struct breaker_conf off = { .fails = 0, .share = 0.5, .min_calls = 1, .open_ms = 1000,
		.open_max_ms = 1000 };
	struct breaker b = { 0 }, was_open = opened(S(1));
	bool probe;

	votes(&b, &off, 1000, false, S(1));
	assert_int_equal(b.state, BREAKER_CLOSED);
	/* Turned off by a reload while it was open: the probe closes it, whatever it says. */
	assert_true(breaker_take(&was_open, S(11), &probe));
	assert_true(breaker_vote(&was_open, &off, false, S(12)));
	assert_int_equal(was_open.state, BREAKER_CLOSED);
}

static void test_names(void **state)
{
	assert_string_equal(breaker_state_name(BREAKER_CLOSED), "closed");
	assert_string_equal(breaker_state_name(BREAKER_OPEN), "open");
	assert_string_equal(breaker_state_name(BREAKER_HALF_OPEN), "half_open");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_after_fails_in_a_row),
		cmocka_unit_test(test_opens_by_share),
		cmocka_unit_test(test_share_starts_anew),
		cmocka_unit_test(test_share_needs_calls_and_can_be_off),
		cmocka_unit_test(test_window_forgets),
		cmocka_unit_test(test_one_probe_of_a_thousand),
		cmocka_unit_test(test_opens_longer_each_time),
		cmocka_unit_test(test_probe_given_back),
		cmocka_unit_test(test_given_back_too_late),
		cmocka_unit_test(test_late_votes_do_not_count),
		cmocka_unit_test(test_turned_off),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
