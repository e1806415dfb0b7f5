/* Targets that cannot do what is asked (ERR_UNSUPPORTED): nothing was sent there, so they cost nobody a retry and say
 * nothing about health; and what is told when no other one answers. */
#include "unit/route/route_world.h"

#define CONF PROVIDERS \
	"models:\n" \
	"  two: {tiers: [{targets: [a/x]}, {targets: [b/x]}], retries: 2}\n" \
	"  same: {tiers: [{targets: [a/x]}, {targets: [a/y]}], retries: 2}\n" \
	"  deep: {tiers: [{targets: [a/x]}, {targets: [a/y]}, {targets: [b/x]}], retries: 2}\n"
#define NO_RETRIES "retry: {share: 0, per_second: 0}\n"

static void test_the_next_one_is_no_retry(void **state)
{
	static const char *const models[] = { "two", "same" };
	static const char *const second[] = { "b/x", "a/y" };

	for (size_t i = 0; i < COUNT_OF(models); i++) {
		struct world w;
		open_world(&w, CONF NO_RETRIES, 100);
		for (int n = 0; n < 50; n++) {
			struct plan p = plan_for(&w, models[i]);
			struct plan_choice c = expect_go(&w, &p, "a/x");
			end(&w, &p, &c, ERR_UNSUPPORTED, 0);
			c = expect_go(&w, &p, second[i]);
			end(&w, &p, &c, ERR_OK, 0);
		}
		close_world(&w);
	}
}

/* The third one is the first retry. */
static void test_what_comes_after_needs_the_budget(void **state)
{
	struct world w;

	open_world(&w, CONF NO_RETRIES, 100);
	struct plan p = plan_for(&w, "deep");
	struct plan_choice c = expect_go(&w, &p, "a/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	c = expect_go(&w, &p, "a/y");
	end(&w, &p, &c, ERR_UP_FAILED, 0);
	expect_stop(&w, &p, ERR_OK, 0);
	close_world(&w);
}

static void test_no_vote(void **state)
{
	struct world w;

	open_world(&w, CONF, 100);
	for (int n = 0; n < 100; n++) {
		struct plan p = plan_for(&w, "two");
		struct plan_choice c = expect_go(&w, &p, "a/x");
		assert_false(end(&w, &p, &c, ERR_UNSUPPORTED, 0));
		c = expect_go(&w, &p, "b/x");
		end(&w, &p, &c, ERR_OK, 0);
	}
	const struct provider *a = map_find(&w.roster->providers, SLICE("a"));
	assert_int_equal(a->health->in_flight, 0);
	assert_int_equal(a->health->failures, 0);
	close_world(&w);
}

/* Never asked again in this flight, not after a pause either; and alone it makes no rounds. */
static void test_rounds(void **state)
{
	struct world w;

	open_world(&w, CONF, 100);
	struct plan p = plan_for(&w, "two");
	struct plan_choice c = expect_go(&w, &p, "a/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	c = expect_go(&w, &p, "b/x");
	end(&w, &p, &c, ERR_UP_FAILED, 0);
	expect_wait(&w, &p, 0, 100);
	w.now_ns += S(1);
	c = expect_go(&w, &p, "b/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	expect_stop(&w, &p, ERR_OK, 0);
	p = plan_for(&w, "two");
	c = expect_go(&w, &p, "a/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	c = expect_go(&w, &p, "b/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	expect_stop(&w, &p, ERR_OK, 0);		/* the first fault stands: nobody can */
	close_world(&w);
}

/* Where the one that can only rests, that is what the client must know: it may try again. */
static void test_the_able_one_rests(void **state)
{
	struct world w;
	struct plan_choice c;

	open_world(&w, CONF, 100);
	struct plan p = plan_for(&w, "b/x");
	c = expect_go(&w, &p, "b/x");
	end(&w, &p, &c, ERR_UP_THROTTLED, 60000);
	p = plan_for(&w, "two");
	c = expect_go(&w, &p, "a/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	expect_stop(&w, &p, ERR_UP_THROTTLED, 60000);
	/* nor is a short rest waited for, as when nobody was asked at all */
	w.now_ns += S(58);
	p = plan_for(&w, "two");
	c = expect_go(&w, &p, "a/x");
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	expect_stop(&w, &p, ERR_UP_THROTTLED, 2000);
	close_world(&w);
}

/* A probe that sent nothing has proven nothing: the next request may probe. */
static void test_a_probe(void **state)
{
	struct world w;
	struct plan_choice c;
	struct plan p;

	open_world(&w, CONF "breaker: {fails: 1, open: 10s}\n", 100);
	p = plan_for(&w, "a/x");
	c = expect_go(&w, &p, "a/x");
	assert_true(end(&w, &p, &c, ERR_UP_FAILED, 0));
	w.now_ns += S(11);
	p = plan_for(&w, "two");
	c = expect_go(&w, &p, "a/x");
	assert_true(c.probe);
	end(&w, &p, &c, ERR_UNSUPPORTED, 0);
	struct plan q = plan_for(&w, "a/x");
	c = expect_go(&w, &q, "a/x");
	assert_true(c.probe);
	assert_true(end(&w, &q, &c, ERR_OK, 0));
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_next_one_is_no_retry),
		cmocka_unit_test(test_what_comes_after_needs_the_budget),
		cmocka_unit_test(test_no_vote),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_the_able_one_rests),
		cmocka_unit_test(test_a_probe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
