/* Retries and what limits them: rounds with back-off, Retry-After, the retry budget under a full outage, breakers. */
#include "scene.h"

#define RETRIES(n) SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  m:\n    tiers: [{targets: [a/m1]}, {targets: [b/m2]}]\n    retries: " #n "\n" SCENE_CLOCKS \
	"  one:\n    targets: [a/m1]\n    retries: " #n "\n" SCENE_CLOCKS
/* No breaker, to see the budget alone. */
#define NO_BREAKER "breaker: {fails: 0, share: 0}\n"

#define THROTTLED(after) SIM_ERROR(429, "Retry-After: " after "\r\n", "requests", "rate_limit_exceeded")

static uint64_t took_ms(const struct sim_client *c)
{
	return c->answers[0].end_ms - c->answers[0].asked_ms;
}

static void a_second_round_comes_after_a_pause(void **state)
{
	struct sim *s = sim_new(SIM_SEED, RETRIES(2));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, scene_down, scene_good, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_down, NULL);
	struct sim_client *c = scene_ask(s, "m", SIM_STREAMED);

	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, a->n == 3 && b->n == 2);
	/* full jitter: at most 50 ms and then at most 100 ms, and not both nothing */
	sim_check(s, took_ms(c) <= 150 + 100);
	sim_check(s, a->seen[2]->at_ms > a->seen[0]->at_ms);
	sim_free(&s);
}

static void rounds_end(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct sim *s = sim_new(SIM_SEED, RETRIES(2));
		struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_down, NULL);
		struct sim_client *c = scene_ask(s, "m", i);

		sim_run(s);
		sim_check_error(s, c, 502, NULL);
		sim_check(s, a->n == 3 && b->n == 3);
		sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-should-retry"), SLICE("false")));
		sim_free(&s);
	}
}

static void jitter_differs_by_seed_only(void **state)
{
	uint64_t took[2][8];

	for (int round = 0; round < 2; round++)
		for (uint64_t seed = 0; seed < 8; seed++) {
			struct sim *s = sim_new(seed + 100, RETRIES(3));
			struct sim_client *c;
			sim_provider(s, "a.test", scene_down, NULL);
			c = scene_ask(s, "one", SIM_STREAMED);
			sim_run(s);
			took[round][seed] = took_ms(c);
			sim_free(&s);
		}
	assert_memory_equal(took[0], took[1], sizeof(took[0]));
	for (int i = 1; i < 8; i++)
		if (took[0][i] != took[0][0])
			return;
	fail_msg("every seed paused for %llu ms", (unsigned long long)took[0][0]);
}

/* One target, 429 with Retry-After 2: the request waits for it, since nothing else is left (faults.md 35). */
static void retry_after_is_waited_for(void **state)
{
	static const struct sim_act throttled[] = { THROTTLED("2"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, RETRIES(2));
	struct sim_provider *a = sim_provider(s, "a.test", throttled, scene_good, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, a->n == 2);
	assert_in_range(a->seen[1]->at_ms - a->seen[0]->at_ms, 2000, 2300);
	sim_free(&s);
}

static void a_throttled_target_rests(void **state)
{
	static const struct sim_act throttled[] = { THROTTLED("20"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, RETRIES(2));
	struct sim_provider *a = sim_provider(s, "a.test", throttled, scene_good, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c = NULL;

	for (int i = 0; i < 25; i++) {
		c = scene_client(s, "m", i % 2, .at_ms = 1000);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		if (i < 18)
			sim_check(s, a->n == 1);
	}
	sim_check(s, a->n > 1 && b->n >= 19);
	assert_in_range(a->seen[1]->at_ms - a->seen[0]->at_ms, 20000, 22000);
	sim_free(&s);
}

/* A longer wait than a request waits for goes to the client, as the soonest recovery (faults.md 70). */
static void a_long_retry_after_is_passed_on(void **state)
{
	static const struct sim_act throttled[] = { THROTTLED("60"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, RETRIES(2));
	struct sim_provider *a = sim_provider(s, "a.test", throttled, NULL);

	for (int i = 0; i < 2; i++) {	/* the second one does not even reach the provider */
		struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);
		uint64_t after = 0;

		sim_run(s);
		sim_check_error(s, c, 429, "rate_limit_exceeded");
		sim_check(s, took_ms(c) < 100);
		sim_check(s, slice_u64(sim_http_field(&c->answers[0].http, "retry-after"), &after));
		assert_in_range(after, 55, 60);
	}
	sim_check(s, a->n == 1);
	sim_free(&s);
}

static void odd_retry_after_values_do_no_harm(void **state)
{
	static const char *const values[] = { "-5", "1000000000", "soon", "", "Sun, 06 Nov 1994 08:49:37 GMT",
		"1e3", "99999999999999999999" };

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct sim *s = sim_new(SIM_SEED, RETRIES(0));
		const struct sim_act odd[] = { SIM_ERROR(429, sim_printf(s, "Retry-After: %s\r\n", values[i]),
			"requests", "rate_limit_exceeded"),
			SIM_STOP };
		struct sim_client *c;
		struct sim_provider *a = sim_provider(s, "a.test", odd, scene_good, NULL);

		c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
		sim_check_error(s, c, 429, NULL);
		/* rests are clamped (rest_max: 5m) */
		sim_run_for(s, 5 * 60 * 1000 + 1000);
		c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, a->n == 2);
		sim_free(&s);
	}
}

/* Everything is down under load: attempts stay within requests + 20 % + 10/s and the burst of ten seconds. */
static void an_outage_is_not_multiplied(void **state)
{
	struct sim *s = sim_new(SIM_SEED, NO_BREAKER RETRIES(3));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_down, NULL);
	size_t requests = 2000, attempts, seconds = 20;

	for (size_t i = 0; i < requests; i++)
		scene_client(s, "m", i % 2, .at_ms = i * seconds * 1000 / requests);
	sim_run(s);
	attempts = a->n + b->n;
	LIST_EACH(node, tmp, &s->clients)
		sim_check_error(s, LIST_ITEM(node, struct sim_client, node), 0, NULL);
	/* without a budget it would be 8 attempts each */
	sim_check(s, attempts >= requests + requests / 10);
	sim_check(s, attempts <= requests + requests / 5 + 10 * seconds + 100 + 10);
	sim_free(&s);
}

static void a_breaker_opens_and_recovers_with_one_probe(void **state)
{
	struct sim *s = sim_new(SIM_SEED, RETRIES(0));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, scene_down, scene_down, scene_down,
		scene_down, scene_slow, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	uint64_t opened;
	size_t before;

	for (int i = 0; i < 30; i++) {
		struct sim_client *c = scene_ask(s, "m", i % 2);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	/* five in a row, then nobody */
	sim_check(s, a->n == 5 && b->n == 30);
	sim_run_for(s, 100);
	sim_check(s, sim_log_count(s, "\"event\":\"breaker\"") == 1);
	opened = a->seen[4]->at_ms;
	sim_run_for(s, opened + 10000 - sim_now_ms(s) + 100);
	/* time is over: of twenty at once only one goes there, until it has proven itself */
	before = b->n;
	for (int i = 0; i < 20; i++)
		scene_ask(s, "m", SIM_STREAMED);
	sim_run(s);
	sim_check(s, a->n == 6 && b->n == before + 19);
	sim_check(s, a->seen[5]->fate == SIM_SERVED);
	for (int i = 0; i < 5; i++) {
		struct sim_client *c = scene_ask(s, "m", i % 2);
		sim_run(s);
		sim_check(s, c->answers[0].end == SIM_CLEAN);
	}
	sim_check(s, a->n == 11);
	sim_run_for(s, 100);
	sim_check(s, sim_log_count(s, "\"event\":\"breaker\"") == 2);	/* open, closed */
	sim_free(&s);
}

static void a_failed_probe_doubles_the_stop(void **state)
{
	struct sim *s = sim_new(SIM_SEED, RETRIES(0));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);

	sim_provider(s, "b.test", scene_good, NULL);
	for (int i = 0; i < 100; i++) {
		struct sim_client *c = scene_client(s, "m", i % 2, .at_ms = 1000);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	/* 5 at first, then probes after 10, 20 and 40 s */
	sim_check(s, a->n == 8);
	assert_in_range(a->seen[5]->at_ms - a->seen[4]->at_ms, 10000, 11100);
	assert_in_range(a->seen[6]->at_ms - a->seen[5]->at_ms, 20000, 21100);
	assert_in_range(a->seen[7]->at_ms - a->seen[6]->at_ms, 40000, 41100);
	sim_free(&s);
}

/* A client that leaves takes its probe with it: the next one may try at once, and nothing is held against the
 * target. */
static void a_probe_whose_client_leaves_is_given_back(void **state)
{
	static const struct sim_act thinks[] = { SIM_WAIT(3000), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, RETRIES(0));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, scene_down, scene_down, scene_down,
		scene_down, thinks, scene_good, NULL);
	struct sim_client *c;

	sim_provider(s, "b.test", scene_good, NULL);
	for (int i = 0; i < 6; i++) {
		scene_ask(s, "m", SIM_STREAMED);
		sim_run(s);
	}
	sim_check(s, a->n == 5);
	sim_run_for(s, 10100);
	scene_client(s, "m", SIM_STREAMED, .leave = SIM_RESETS, .leave_at_ms = 500);
	sim_run(s);
	sim_run_for(s, 100);
	sim_check(s, a->n == 6 && a->seen[5]->fate == SIM_LEFT);
	c = scene_ask(s, "m", SIM_STREAMED);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, a->n == 7);
	sim_free(&s);
}

/* The clients' own faults never open a breaker (faults.md 38). */
static void bad_requests_open_no_breaker(void **state)
{
	static const struct sim_act refuses[] = { SIM_ERROR(400, "", "invalid_request_error", "invalid_value"),
		SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, RETRIES(0));
	struct sim_provider *a = sim_provider(s, "a.test", refuses, NULL);

	for (int i = 0; i < 50; i++) {
		struct sim_client *c = scene_ask(s, "one", i % 2);
		sim_run(s);
		sim_check_error(s, c, 400, NULL);
	}
	sim_check(s, a->n == 50);
	sim_check(s, sim_log_count(s, "\"event\":\"breaker\"") == 0);
	sim_free(&s);
}

/* All targets rest: an answer at once that says when to come back. */
static void everything_resting_says_when_to_come_back(void **state)
{
	struct sim *s = sim_new(SIM_SEED, RETRIES(0));
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
	uint64_t after = 0;
	struct sim_client *c = NULL;

	for (int i = 0; i < 8; i++) {
		c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
	}
	sim_check(s, a->n == 5);
	sim_check_error(s, c, 503, "no_target_available");
	sim_check(s, slice_u64(sim_http_field(&c->answers[0].http, "retry-after"), &after));
	assert_in_range(after, 8, 10);
	sim_free(&s);
}

/* A key that is refused rests, the next key of the same provider is asked at once. */
static void a_dead_key_is_replaced_by_the_next(void **state)
{
	static const struct sim_act unknown_key[] = { SIM_ERROR(401, "", "invalid_request_error",
		"invalid_api_key"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_LISTEN "providers:\n"
		"  a: {dialect: openai, url: \"https://a.test/v1\", keys: [\"${SIM_KEY}\", \"${SIM_KEY2}\"]}\n"
		"models: {one: {targets: [a/m1], retries: 0}}\n");
	struct sim_provider *a = sim_provider(s, "a.test", unknown_key, scene_good, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, a->n == 2);
	sim_check(s, !slice_eq(sim_http_field(&a->seen[0]->http, "authorization"),
		sim_http_field(&a->seen[1]->http, "authorization")));
	/* no key ever shows in a log or an answer */
	sim_run_for(s, 100);
	sim_check(s, !sim_log_has(s, "sim-key"));
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_round_comes_after_a_pause),
		cmocka_unit_test(rounds_end),
		cmocka_unit_test(jitter_differs_by_seed_only),
		cmocka_unit_test(retry_after_is_waited_for),
		cmocka_unit_test(a_throttled_target_rests),
		cmocka_unit_test(a_long_retry_after_is_passed_on),
		cmocka_unit_test(odd_retry_after_values_do_no_harm),
		cmocka_unit_test(an_outage_is_not_multiplied),
		cmocka_unit_test(a_breaker_opens_and_recovers_with_one_probe),
		cmocka_unit_test(a_failed_probe_doubles_the_stop),
		cmocka_unit_test(a_probe_whose_client_leaves_is_given_back),
		cmocka_unit_test(bad_requests_open_no_breaker),
		cmocka_unit_test(everything_resting_says_when_to_come_back),
		cmocka_unit_test(a_dead_key_is_replaced_by_the_next),
	};
	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
