#include "route_world.h"

/* --- errors x plan -------------------------------------------------------------------------------------- */

#define TWO_TIERS PROVIDERS "models:\n  m: {retries: 0, tiers: [{targets: [a/m]}, {targets: [b/m]}]}\n"

/* Each row of errs.def, as the first attempt's end. */
static void test_every_error(void **state)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		const struct err_row *row = err_row(e);
		struct world w;
		open_world(&w, TWO_TIERS, 10);
		struct plan p = plan_for(&w, "m");
		struct plan_choice choice = expect_go(&w, &p, "a/m");
		struct health *h = choice.step->target->health;
		assert_int_equal(h->in_flight, 1);
		assert_false(end(&w, &p, &choice, e, 0));
		assert_int_equal(h->in_flight, 0);
		assert_int_equal(h->attempts, 1);
		assert_int_equal(h->failures, row->blame == ERR_BLAME_UPSTREAM ||
			row->blame == ERR_BLAME_GATEWAY);
		assert_int_equal(h->breaker.row, row->vote ? 1 : 0);
		bool rests = row->retry == ERR_RETRY_KEY || row->retry == ERR_RETRY_COOL;
		assert_true((health_key_rest(h, choice.key->health) != NULL) == rests);
		assert_true(health_may_use(h, w.now_ns));
		if (row->retry == ERR_RETRY_NO) {
			expect_stop(&w, &p, ERR_OK, 0);
		} else {
			choice = expect_go(&w, &p, "b/m");
			end(&w, &p, &choice, ERR_OK, 0);
		}
		close_world(&w);
	}
}

/* One target alone: what may follow each class of error. */
static void test_one_target(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	struct plan p = plan_for(&w, "m");
	struct plan_choice choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_FAILED, 0);
	w.now_ns += MS(expect_wait(&w, &p, 0, 49));
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_FAILED, 0);
	w.now_ns += MS(expect_wait(&w, &p, 0, 99));
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_FAILED, 0);
	expect_stop(&w, &p, ERR_OK, 0);				/* retries: 2 */

	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_CONTEXT, 0);
	expect_stop(&w, &p, ERR_OK, 0);

	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_OVERLOADED, 3000);		/* 503 with a Retry-After */
	w.now_ns += MS(expect_wait(&w, &p, 3000, 3049));
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_THROTTLED, 2000);
	w.now_ns += MS(expect_wait(&w, &p, 2000, 2099));
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_THROTTLED, 2000);
	expect_stop(&w, &p, ERR_OK, 2000);
	w.now_ns += S(2);

	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_THROTTLED, 60000);		/* longer than retry_after_max */
	expect_stop(&w, &p, ERR_OK, 60000);
	w.now_ns += S(60);

	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_KEY_DEAD, 0);
	expect_stop(&w, &p, ERR_OK, 0);
	close_world(&w);
}

/* Letters are targets, then how they fail: L later, N next, C cool (1 s), K key, X no.  W is a wait; . is
 * the end. */
static void play(struct world *w, const char *script)
{
	static const struct {
		char letter;
		enum err err;
	} fates[] = { { 'L', ERR_UP_RESET }, { 'N', ERR_UP_NO_MODEL }, { 'C', ERR_UP_THROTTLED },
		{ 'K', ERR_UP_KEY_DEAD },
		{ 'X', ERR_UP_BAD_REQUEST } };
	struct plan p = plan_for(w, "m");

	for (const char *s = script; *s; s++) {
		struct plan_choice choice = next(w, &p);
		if (*s == 'W' || *s == '.') {
			if (choice.verdict != (*s == 'W' ? PLAN_WAIT : PLAN_STOP))
				fail_msg("\"%s\": at \"%s\" verdict %d", script, s, choice.verdict);
			w->now_ns += *s == 'W' ? MS(choice.wait_ms) : 0;
			continue;
		}
		if (choice.verdict != PLAN_GO || choice.step->target->name.p[0] != *s)
			fail_msg("\"%s\": at \"%s\" verdict %d, target %.*s", script, s, choice.verdict,
				choice.step ? 1 : 0, choice.step ? choice.step->target->name.p : "");
		s++;
		for (size_t i = 0; i < COUNT_OF(fates); i++)
			if (fates[i].letter == *s)
				end(w, &p, &choice, fates[i].err, *s == 'C' ? 1000 : 0);
	}
	w->now_ns += S(1000);
}

static void test_scripts(void **state)
{
	static const char *const scripts[] = {
		"aLbLcLWaLbLcLWaLbLcL.",
		"aNbLcLWbLcLWbNcL.",
		"aNbNcN.",
		"aX.", "aLbX.", "aLbLcLWaX.",
		"aCbLcLWbLcLWbLcL.",			/* a rests longer than the back-offs last */
		"aCbNcNWaLWaN.",
		"aKbNcLWcLWcN.",
		"aKbKcLWcX.",
		"aCbCcCWaCbCcCWaNbNcN.",
	};
	struct world w;

	open_world(&w, PROVIDERS "breaker: {fails: 0}\nmodels:\n"
		"  m: {retries: 2, tiers: [{balance: ordered, targets: [a/m, b/m]}, {targets: [c/m]}]}\n",
		10);
	for (size_t i = 0; i < COUNT_OF(scripts); i++)
		play(&w, scripts[i]);
	close_world(&w);
}

/* --- pauses --------------------------------------------------------------------------------------------- */

static void test_retry_after_clamps(void **state)
{
	static const struct {
		uint64_t asked_ms, rests_ms;
	} rows[] = {
		{ 0, 5000 },			/* none, or garbage: the default */
		{ 1, 1000 }, { 999, 1000 }, { 1000, 1000 }, { 2000, 2000 },
		{ 300000, 300000 }, { 300001, 300000 }, { 1000000000000, 300000 }, { UINT64_MAX, 300000 },
	};
	struct world w;

	open_world(&w, PROVIDERS "models:\n  keyed: {targets: [a/m]}\n  bare: {targets: [c/m]}\n", 10);
	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		const uint64_t rests_ns = MS(rows[i / 2].rests_ms);
		struct plan p = plan_for(&w, i % 2 ? "bare" : "keyed");
		struct plan_choice choice = expect_go(&w, &p, i % 2 ? "c/m" : "a/m");
		end(&w, &p, &choice, ERR_UP_THROTTLED, rows[i / 2].asked_ms);
		w.now_ns += rests_ns - 1;
		p = plan_for(&w, i % 2 ? "bare" : "keyed");
		expect_stop(&w, &p, ERR_UP_THROTTLED, 1);	/* rounded up: never told to come too early */
		w.now_ns += 1;
		p = plan_for(&w, i % 2 ? "bare" : "keyed");
		choice = expect_go(&w, &p, i % 2 ? "c/m" : "a/m");
		end(&w, &p, &choice, ERR_OK, 0);
	}
	close_world(&w);
}

static void test_backoff_is_jittered_and_capped(void **state)
{
	struct world w;
	uint64_t most[6] = { 0 }, sum = 0;

	open_world(&w, PROVIDERS "retry: {per_second: 100000, backoff: 100ms, backoff_max: 450ms}\n"
		"breaker: {fails: 0}\n"
		"models:\n  m: {retries: 5, targets: [a/m]}\n", 10);
	for (int i = 0; i < 2000; i++) {
		struct plan p = plan_for(&w, "m");
		for (int round = 0; round < 6; round++) {
			struct plan_choice choice = expect_go(&w, &p, "a/m");
			end(&w, &p, &choice, ERR_UP_RESET, 0);
			if (round == 5)
				break;
			uint64_t ms = expect_wait(&w, &p, 0, 450);
			most[round] = ms > most[round] ? ms : most[round];
			sum += round == 4 ? ms : 0;
			w.now_ns += MS(ms);
		}
		arena_done(&w.arena);
	}
	assert_in_range(most[0], 98, 99);
	assert_in_range(most[1], 195, 199);
	assert_in_range(most[2], 390, 399);
	assert_in_range(most[3], 440, 449);
	assert_in_range(most[4], 440, 449);
	assert_in_range(sum / 2000, 215, 235);		/* full jitter: half of the most on average */
	close_world(&w);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

static void test_keys_take_turns(void **state)
{
	struct world w;
	unsigned used[3] = { 0 };

	open_world(&w, PROVIDERS "models:\n  m: {targets: [many/m]}\n", 10);
	for (int i = 0; i < 3000; i++) {
		struct plan p = plan_for(&w, "m");
		struct plan_choice choice = expect_go(&w, &p, "many/m");
		used[choice.key - choice.step->target->provider->keys]++;
		assert_int_equal(choice.key->health->in_flight, 1);
		end(&w, &p, &choice, ERR_OK, 0);
		arena_done(&w.arena);
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(used[i], 900, 1100);
	close_world(&w);
}

/* Key after key at the same target, each once, then the next tier; later the dead ones are not tried
 * before key_rest is over. */
static void test_all_keys(enum err e)
{
	struct world w;
	bool used[3] = { 0 };

	open_world(&w, PROVIDERS "models:\n  m: {tiers: [{targets: [many/m]}, {targets: [c/m]}]}\n"
		"  other: {targets: [many/other]}\n", 10);
	struct plan p = plan_for(&w, "m");
	for (int i = 0; i < 3; i++) {
		struct plan_choice choice = expect_go(&w, &p, "many/m");
		bool *seen = &used[choice.key - choice.step->target->provider->keys];
		assert_false(*seen);
		*seen = true;
		end(&w, &p, &choice, e, 300000);
	}
	struct plan_choice choice = expect_go(&w, &p, "c/m");
	end(&w, &p, &choice, ERR_OK, 0);
	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "c/m");
	end(&w, &p, &choice, ERR_OK, 0);
	/* Limits and permissions are per model: the neighbour goes on with all keys. */
	p = plan_for(&w, "other");
	choice = expect_go(&w, &p, "many/other");
	end(&w, &p, &choice, ERR_OK, 0);
	w.now_ns += S(300);
	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "many/m");
	end(&w, &p, &choice, ERR_OK, 0);
	close_world(&w);
}

static void test_all_keys_dead(void **state)
{
	test_all_keys(ERR_UP_KEY_DEAD);
}

static void test_all_keys_throttled(void **state)
{
	test_all_keys(ERR_UP_THROTTLED);
}

static void test_soonest_key_counts(void **state)
{
	static const uint64_t asked_ms[] = { 7000, 4000, 9000 };
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {retries: 0, targets: [many/m]}\n", 10);
	struct plan p = plan_for(&w, "m");
	for (int i = 0; i < 3; i++) {
		struct plan_choice choice = expect_go(&w, &p, "many/m");
		end(&w, &p, &choice, ERR_UP_THROTTLED, asked_ms[i]);
	}
	expect_stop(&w, &p, ERR_OK, 4000);
	close_world(&w);
}

/* The request's own fault ends the plan; when its target would be ready again is of no use then. */
static void test_own_fault_beside_a_throttle(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	struct plan p = plan_for(&w, "m"), other = plan_for(&w, "m");
	struct plan_choice choice = expect_go(&w, &p, "a/m"), second = expect_go(&w, &other, "a/m");
	end(&w, &other, &second, ERR_UP_THROTTLED, 4000);
	end(&w, &p, &choice, ERR_UP_UNPROCESSABLE, 0);
	expect_stop(&w, &p, ERR_OK, 0);
	close_world(&w);
}

static void test_last_key_dead_spends_the_target(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [many/m]}\n", 10);
	struct plan p = plan_for(&w, "m");
	for (int i = 0; i < 3; i++) {
		struct plan_choice choice = expect_go(&w, &p, "many/m");
		end(&w, &p, &choice, ERR_UP_KEY_DEAD, 0);
	}
	assert_true(p.steps[0].spent);
	expect_stop(&w, &p, ERR_OK, 0);
	p = plan_for(&w, "m");
	expect_stop(&w, &p, ERR_UP_KEY_DEAD, 300000);
	close_world(&w);
}

/* A provider without keys of ours that says 401: nothing rests, but this request does not ask it again. */
static void test_key_refused_without_key(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [c/m]}\n", 10);
	for (int i = 0; i < 3; i++) {
		struct plan p = plan_for(&w, "m");
		struct plan_choice choice = expect_go(&w, &p, "c/m");
		assert_null(choice.key);
		end(&w, &p, &choice, ERR_UP_KEY_DEAD, 0);
		expect_stop(&w, &p, ERR_OK, 0);
	}
	close_world(&w);
}

/* Past the table's bound direct targets share one health, which learns nothing: no endless tries, nobody
 * suffers for others. */
static void test_shared_health(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS, 0);
	for (int i = 0; i < 50; i++) {
		struct plan p = plan_for(&w, "many/unknown");
		assert_true(p.steps[0].target->health->shared);
		struct plan_choice choice = expect_go(&w, &p, "many/unknown");
		end(&w, &p, &choice, ERR_UP_KEY_DEAD, 0);
		expect_stop(&w, &p, ERR_OK, 0);
		p = plan_for(&w, "a/x");
		choice = expect_go(&w, &p, "a/x");
		end(&w, &p, &choice, ERR_UP_THROTTLED, 20000);
		expect_stop(&w, &p, ERR_OK, 20000);
		p = plan_for(&w, "b/x");
		choice = expect_go(&w, &p, "b/x");
		assert_false(end(&w, &p, &choice, ERR_UP_CONNECT_TIMEOUT, 0));
	}
	struct plan p = plan_for(&w, "c/x");
	struct plan_choice choice = expect_go(&w, &p, "c/x");
	assert_false(choice.probe);
	end(&w, &p, &choice, ERR_OK, 0);
	close_world(&w);
}

/* --- health --------------------------------------------------------------------------------------------- */

static void fail_times(struct world *w, const char *model, int n, enum err e)
{
	for (int i = 0; i < n; i++) {
		struct plan p = plan_for(w, model);
		struct plan_choice choice = next(w, &p);
		assert_int_equal(choice.verdict, PLAN_GO);
		end(w, &p, &choice, e, 0);
	}
}

static void test_one_probe(void **state)
{
	enum { TAKERS = 1000 };
	struct world w;
	struct plan_choice probe = { 0 };
	struct plan *probing = NULL;
	int through = 0;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	fail_times(&w, "m", 5, ERR_UP_RESET);
	struct plan p = plan_for(&w, "m");
	expect_stop(&w, &p, ERR_NO_TARGET, 10000);
	w.now_ns += S(10);
	struct plan *plans = ARENA_ARRAY(&w.arena, struct plan, TAKERS);
	for (int i = 0; i < TAKERS; i++) {
		plans[i] = plan_for(&w, "m");
		struct plan_choice choice = next(&w, &plans[i]);
		if (choice.verdict == PLAN_STOP)
			assert_int_equal(choice.why, ERR_NO_TARGET);
		if (choice.verdict != PLAN_GO)
			continue;
		through++;
		probe = choice;
		probing = &plans[i];
	}
	assert_int_equal(through, 1);
	assert_true(probe.probe);
	p = plan_for(&w, "m");
	expect_stop(&w, &p, ERR_NO_TARGET, 1000);		/* nobody knows how long a probe takes: soon */
	assert_true(end(&w, probing, &probe, ERR_OK, 0));
	for (int i = 0; i < 10; i++) {
		p = plan_for(&w, "m");
		assert_false(expect_go(&w, &p, "a/m").probe);
	}
	close_world(&w);
}

static struct plan_choice probe_of(struct world *w, struct plan *p)
{
	fail_times(w, "m", 5, ERR_UP_RESET);
	w->now_ns += S(10);
	*p = plan_for(w, "m");
	struct plan_choice choice = expect_go(w, p, "a/m");
	assert_true(choice.probe);
	return choice;
}

static void test_probe_given_back(void **state)
{
	static const enum err ends[] = { ERR_CLIENT_GONE, ERR_CLIENT_DEADLINE, ERR_UP_BAD_REQUEST,
		ERR_UP_QUEUE_FULL,
		ERR_UP_TOTAL_TIMEOUT };

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct world w;
		struct plan p;
		open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
		struct plan_choice choice = probe_of(&w, &p);
		assert_false(end(&w, &p, &choice, ends[i], 0));
		p = plan_for(&w, "m");
		choice = expect_go(&w, &p, "a/m");
		assert_true(choice.probe);			/* at once, and not 20 s later */
		assert_true(end(&w, &p, &choice, ERR_UP_RESET, 0));
		p = plan_for(&w, "m");
		expect_stop(&w, &p, ERR_NO_TARGET, 20000);
		close_world(&w);
	}
}

/* A long stream proves its target with the first token, not with the last. */
static void test_probe_proven_early(void **state)
{
	struct world w;
	struct plan p, other;
	bool changed;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	struct plan_choice choice = probe_of(&w, &p);
	plan_proven(&w.pc, &choice, w.now_ns, &changed);
	assert_true(changed);
	other = plan_for(&w, "m");
	struct plan_choice second = expect_go(&w, &other, "a/m");
	assert_false(second.probe);
	plan_proven(&w.pc, &second, w.now_ns, &changed);
	assert_false(changed);
	assert_false(end(&w, &other, &second, ERR_OK, 0));
	assert_false(end(&w, &p, &choice, ERR_UP_IDLE_TIMEOUT, 0));	/* one vote, as any call */
	assert_int_equal(choice.step->target->health->breaker.row, 1);
	close_world(&w);

	/* Proven, it is a probe no more: its end is no news about a later one. */
	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	choice = probe_of(&w, &p);
	plan_proven(&w.pc, &choice, w.now_ns, &changed);
	second = probe_of(&w, &other);
	assert_false(end(&w, &p, &choice, ERR_CLIENT_GONE, 0));
	assert_int_equal(choice.step->target->health->breaker.state, BREAKER_HALF_OPEN);
	assert_true(end(&w, &other, &second, ERR_OK, 0));
	close_world(&w);
}

/* Calls that began before the opening end during the probe: their news is old. */
static void test_stragglers_do_not_vote(void **state)
{
	struct world w;
	struct plan p, old[2];
	struct plan_choice straggler[2];

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	for (int i = 0; i < 2; i++) {
		old[i] = plan_for(&w, "m");
		straggler[i] = expect_go(&w, &old[i], "a/m");
	}
	struct plan_choice choice = probe_of(&w, &p);
	assert_false(end(&w, &old[0], &straggler[0], ERR_UP_RESET, 0));
	assert_false(end(&w, &old[1], &straggler[1], ERR_OK, 0));
	assert_int_equal(choice.step->target->health->breaker.state, BREAKER_HALF_OPEN);
	assert_true(end(&w, &p, &choice, ERR_OK, 0));
	close_world(&w);
}

/* faults.md 38 and 67: what callers do wrong never changes what others get. */
static void test_callers_change_nothing(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {targets: [a/m]}\n", 10);
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++)
		if (err_row(e)->blame == ERR_BLAME_CLIENT)
			fail_times(&w, "m", 100, e);
	struct health *h = health_get(&w.health, "target", SLICE("a/m"));
	assert_false(h->shared);
	assert_true(h->attempts > 1000);
	assert_int_equal(h->failures, 0);
	assert_int_equal(h->breaker.state, BREAKER_CLOSED);
	assert_int_equal(h->breaker.row + h->breaker.bad[0] + h->breaker.bad[1], 0);
	assert_int_equal(h->rest_until_ns, 0);
	assert_null(h->key_rests);
	assert_int_equal(h->in_flight, 0);
	close_world(&w);
}

static void test_why_nothing_can_be_tried(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m: {tiers: [{targets: [a/m]}, {targets: [b/m]}]}\n"
		"  one: {targets: [a/m]}\n"
		"  two: {targets: [b/m]}\n", 10);
	struct plan p = plan_for(&w, "one");
	struct plan_choice choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_THROTTLED, 8000);
	p = plan_for(&w, "two");
	choice = expect_go(&w, &p, "b/m");
	end(&w, &p, &choice, ERR_UP_THROTTLED, 3000);
	p = plan_for(&w, "m");
	expect_stop(&w, &p, ERR_UP_THROTTLED, 3000);		/* faults.md 70: the soonest */
	w.now_ns += S(3);
	p = plan_for(&w, "two");
	choice = expect_go(&w, &p, "b/m");
	end(&w, &p, &choice, ERR_UP_KEY_DEAD, 0);
	p = plan_for(&w, "m");
	expect_stop(&w, &p, ERR_NO_TARGET, 5000);		/* a mixture */
	p = plan_for(&w, "two");
	expect_stop(&w, &p, ERR_UP_KEY_DEAD, 300000);
	w.now_ns += S(300);
	fail_times(&w, "two", 5, ERR_UP_REFUSED);
	p = plan_for(&w, "two");
	expect_stop(&w, &p, ERR_NO_TARGET, 10000);
	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");			/* it has recovered: no failover needed */
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	expect_wait(&w, &p, 0, 49);				/* for a: b is open and not waited for */
	close_world(&w);
}

/* An open breaker is no reason to wait: the request fails fast and says when to come back. */
static void test_open_is_not_waited_for(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "breaker: {fails: 1, open: 3s}\nmodels:\n  m: {targets: [a/m]}\n", 10);
	struct plan p = plan_for(&w, "m");
	struct plan_choice choice = expect_go(&w, &p, "a/m");
	assert_true(end(&w, &p, &choice, ERR_UP_RESET, 0));
	expect_stop(&w, &p, ERR_OK, 3000);
	close_world(&w);
}

/* --- budgets -------------------------------------------------------------------------------------------- */

static void test_budget_ends_retries(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "breaker: {fails: 0}\nretry: {share: 0.5, per_second: 0}\n"
		"models:\n  m: {tiers: [{targets: [a/m]}, {targets: [b/m]}]}\n", 10);
	struct plan p = plan_for(&w, "m");
	struct plan_choice choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	expect_stop(&w, &p, ERR_OK, 0);				/* half a token */
	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/m");
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	choice = expect_go(&w, &p, "b/m");
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	expect_stop(&w, &p, ERR_OK, 0);				/* and no useless wait */
	close_world(&w);
}

/* A failover to a provider that has not seen this request costs it no retry: a pure fallback gets little
 * share of its own. */
static void test_provider_budget(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "breaker: {fails: 0}\nretry: {share: 1, per_second: 0}\n"
		"models:\n"
		"  m: {tiers: [{balance: ordered, targets: [a/1, a/2]}, {targets: [b/m]}]}\n", 10);
	struct health *a = health_get(&w.health, "provider", SLICE("a")),
		*b = health_get(&w.health, "provider", SLICE("b"));
	struct health *m = health_get(&w.health, "model", SLICE("m"));
	m->budget = (struct budget){ .tokens = 50, .last_ns = w.now_ns };
	struct plan p = plan_for(&w, "m");
	struct plan_choice choice = expect_go(&w, &p, "a/1");
	assert_int_equal(a->budget.tokens, 1);
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	choice = expect_go(&w, &p, "a/2");			/* a retry there: its token goes */
	assert_int_equal(a->budget.tokens, 0);
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	choice = expect_go(&w, &p, "b/m");
	assert_int_equal(b->budget.tokens, 1);
	assert_int_equal(m->budget.tokens, 49);			/* 50 + 1 - 2 */
	end(&w, &p, &choice, ERR_OK, 0);
	/* Without a token a/2 is passed over, the model's goes back, and b is fresh. */
	a->budget.tokens = -1;
	p = plan_for(&w, "m");
	choice = expect_go(&w, &p, "a/1");
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	choice = expect_go(&w, &p, "b/m");
	assert_int_equal(m->budget.tokens, 49);			/* 49 + 1 - 1 */
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	expect_stop(&w, &p, ERR_OK, 0);				/* a wait would not bring a/2 its token */
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error),
		cmocka_unit_test(test_one_target),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_retry_after_clamps),
		cmocka_unit_test(test_backoff_is_jittered_and_capped),
		cmocka_unit_test(test_keys_take_turns),
		cmocka_unit_test(test_all_keys_dead),
		cmocka_unit_test(test_all_keys_throttled),
		cmocka_unit_test(test_soonest_key_counts),
		cmocka_unit_test(test_own_fault_beside_a_throttle),
		cmocka_unit_test(test_last_key_dead_spends_the_target),
		cmocka_unit_test(test_key_refused_without_key),
		cmocka_unit_test(test_shared_health),
		cmocka_unit_test(test_one_probe),
		cmocka_unit_test(test_probe_given_back),
		cmocka_unit_test(test_probe_proven_early),
		cmocka_unit_test(test_stragglers_do_not_vote),
		cmocka_unit_test(test_callers_change_nothing),
		cmocka_unit_test(test_why_nothing_can_be_tried),
		cmocka_unit_test(test_open_is_not_waited_for),
		cmocka_unit_test(test_budget_ends_retries),
		cmocka_unit_test(test_provider_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
