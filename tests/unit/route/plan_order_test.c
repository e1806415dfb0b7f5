#include "route_world.h"

/* The order in which a model's targets are tried: "a/x b/y ". */
static const char *order(struct world *w, const struct request *q)
{
	struct plan p = plan_of(w, q);
	struct buf out;

	buf_init(&out, 65536);
	for (size_t i = 0; i < p.n; i++)
		buf_addf(&out, "%.*s ", SLICE_ARG(p.steps[i].target->name));
	const char *text = arena_copy(&w->arena, buf_slice(&out)).p;
	buf_done(&out);
	return text;
}

static void test_tiers_in_order(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m:\n    tiers:\n"
		"      - {balance: ordered, targets: [b/2, a/1]}\n"
		"      - targets: [c/3]\n", 10);
	assert_string_equal(order(&w, &(struct request){ .model = SLICE("m") }), "b/2 a/1 c/3 ");
	struct plan p = plan_for(&w, "m");
	assert_string_equal(p.steps[0].why, "tier 1, in order");
	assert_string_equal(p.steps[2].why, "tier 2, only target");
	assert_slice(p.model->name, "m");
	close_world(&w);
}

static void test_weights(void **state)
{
	enum { N = 100000 };
	struct world w;
	unsigned first[3] = { 0 }, second_after_a[3] = { 0 };

	open_world(&w, PROVIDERS "models:\n  m:\n    targets:\n"
		"      - {target: a/x, weight: 70}\n      - {target: b/x, weight: 20}\n"
		"      - {target: c/x, weight: 10}\n"
		"      - {target: a/never, weight: 0}\n", 10);
	for (int i = 0; i < N; i++) {
		struct plan p = plan_for(&w, "m");
		assert_int_equal(p.n, 3);
		char one = p.steps[0].target->name.p[0], two = p.steps[1].target->name.p[0];
		assert_true(one != two && p.steps[2].target->name.p[0] != one &&
			p.steps[2].target->name.p[0] != two);
		first[one - 'a']++;
		second_after_a[two - 'a'] += one == 'a';
		arena_done(&w.arena);
	}
	/* Five standard deviations of a binomial with these shares: below 0.8 % of N. */
	assert_in_range(first[0], 0.70 * N - 0.008 * N, 0.70 * N + 0.008 * N);
	assert_in_range(first[1], 0.20 * N - 0.008 * N, 0.20 * N + 0.008 * N);
	assert_in_range(first[2], 0.10 * N - 0.008 * N, 0.10 * N + 0.008 * N);
	/* Without replacement: after a, b and c come 2 : 1. */
	double share = (double)second_after_a[1] / first[0];
	assert_true(share > 0.655 && share < 0.68);
	close_world(&w);
}

static void test_reasons(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  m:\n    targets:\n      - {target: a/x, weight: 70}\n"
		"      - {target: b/x, weight: 0}\n"
		"      - {target: c/x, weight: 30}\n    fallbacks: [n, a/direct]\n"
		"  n: {tiers: [{balance: round_robin, targets: [b/y, c/y]}]}\n", 10);
	struct plan p = plan_for(&w, "m");
	assert_int_equal(p.n, 5);
	bool is_heavy = p.steps[0].target->weight == 70;
	assert_string_equal(p.steps[0].why, is_heavy ? "tier 1, weight 70 of 100" : "tier 1, weight 30 of 100");
	assert_string_equal(p.steps[2].why, "fallback n, tier 1, round robin");
	assert_string_equal(p.steps[4].why, "fallback, named directly");
	p = plan_for(&w, "b/any/thing");
	assert_string_equal(p.steps[0].why, "named directly");
	assert_slice(p.steps[0].target->model, "any/thing");
	close_world(&w);
}

static void test_round_robin(void **state)
{
	struct world w;
	const struct request m = { .model = SLICE("m") }, n = { .model = SLICE("n") };

	open_world(&w, PROVIDERS "models:\n  m:\n"
		"    tiers: [{balance: round_robin, targets: [a/1, b/1, c/1]}]\n    fallbacks: [n]\n"
		"  n: {tiers: [{balance: round_robin, targets: [a/2, b/2]}]}\n", 10);
	assert_string_equal(order(&w, &m), "a/1 b/1 c/1 a/2 b/2 ");
	assert_string_equal(order(&w, &m), "b/1 c/1 a/1 a/2 b/2 ");	/* n's own wheel has not turned */
	assert_string_equal(order(&w, &n), "a/2 b/2 ");
	assert_string_equal(order(&w, &m), "c/1 a/1 b/1 b/2 a/2 ");
	assert_string_equal(order(&w, &n), "b/2 a/2 ");
	assert_string_equal(order(&w, &m), "a/1 b/1 c/1 a/2 b/2 ");
	close_world(&w);
}

static void test_fallbacks(void **state)
{
	struct world w;
	struct slice asked[] = { SLICE("x"), SLICE("m"), SLICE("nobody"), SLICE("c/direct/1"),
		SLICE("c/direct/1") };
	struct request q = { .model = SLICE("m"), .fallbacks = asked, .n_fallbacks = COUNT_OF(asked) };

	open_world(&w, PROVIDERS "models:\n"
		"  m: {tiers: [{targets: [a/1]}, {targets: [a/2]}], fallbacks: [y, z]}\n"
		"  x: {targets: [a/3]}\n"
		"  y: {tiers: [{balance: ordered, targets: [a/2, a/4]}], fallbacks: [deep]}\n"
		"  z: {targets: [a/5]}\n"
		"  deep: {targets: [a/6]}\n", 10);
	/* The model, the request's own, the configured ones, and theirs; a/2 once. */
	assert_string_equal(order(&w, &q), "a/1 a/2 a/3 c/direct/1 a/4 a/5 a/6 ");
	q.no_fallbacks = true;
	assert_string_equal(order(&w, &q), "a/1 ");
	struct plan p = plan_of(&w, &q);
	assert_int_equal(p.n, 1);
	q = (struct request){ .model = SLICE("nobody"), .fallbacks = asked, .n_fallbacks = 1 };
	assert_string_equal(order(&w, &q), "a/3 ");
	p = plan_of(&w, &q);
	assert_slice(p.model->name, "x");
	assert_string_equal(p.steps[0].why, "fallback x, tier 1, only target");
	close_world(&w);
}

static void test_first_tier_in_use(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n"
		"  m: {tiers: [{targets: [{target: a/1, weight: 0}]}, {targets: [b/1]}, {targets: [c/1]}]}\n", 10);
	const struct request q = { .model = SLICE("m"), .no_fallbacks = true };
	assert_string_equal(order(&w, &q), "b/1 ");
	close_world(&w);
}

static void test_bounded(void **state)
{
	struct world w;
	struct buf text;
	struct slice names[40];

	/* 20 models of 30 targets, each the fallback of the one before. */
	buf_init(&text, 1 << 20);
	buf_add(&text, SLICE(PROVIDERS "models:\n"));
	for (int i = 0; i < 20; i++) {
		buf_addf(&text, "  m%d:\n    fallbacks: [m%d]\n    targets: [", i, i + 1);
		for (int k = 0; k < 30; k++)
			buf_addf(&text, "%sa/%d-%d", k ? ", " : "", i, k);
		buf_add(&text, SLICE("]\n"));
	}
	buf_add(&text, SLICE("  m20: {targets: [a/x]}\n"));
	buf_add_char(&text, '\0');
	open_world(&w, buf_slice(&text).p, 10);
	struct plan p = plan_for(&w, "m0");
	assert_int_equal(p.n, PLAN_MAX);
	assert_slice(p.steps[PLAN_MAX - 1].model->name, "m2");
	/* More fallbacks in a request than a plan follows. */
	for (int i = 0; i < 40; i++)
		names[i] = arena_printf(&w.arena, "b/%d", i);
	p = plan_of(&w, &(struct request){ .model = SLICE("m20"), .fallbacks = names, .n_fallbacks = 40 });
	assert_int_equal(p.n, 16);
	buf_done(&text);
	close_world(&w);
}

static void expect_no_model(struct world *w, const char *name, const char *want)
{
	struct plan p;
	struct fault f = { 0 };

	const struct request q = { .model = slice_str(name) };
	assert_int_equal(plan_make(&p, w->roster, &q, w->now_ns, &w->dice, &w->arena, &f), ERR_NO_MODEL);
	assert_int_equal(f.err, ERR_NO_MODEL);
	assert_slice(f.message, want);
	assert_slice(f.param, "model");
}

static void test_no_such_model(void **state)
{
	struct world w;
	char big[600];

	open_world(&w, PROVIDERS "models:\n  gpt-fast: {targets: [a/1]}\n", 10);
	expect_no_model(&w, "gpt-fest", "there is no model \"gpt-fest\"; did you mean \"gpt-fast\"?");
	expect_no_model(&w, "zzzzzzzzzz", "there is no model \"zzzzzzzzzz\"");
	expect_no_model(&w, "mony/gpt-4/x", "there is no provider for \"mony/gpt-4/x\"; did you mean "
		"\"many/gpt-4/x\"?");
	expect_no_model(&w, "a/", "there is no model \"a/\"");
	expect_no_model(&w, "", "there is no model \"\"");
	expect_no_model(&w, "/", "there is no model \"/\"");
	memset(big, 'x', sizeof(big));
	memcpy(big, "a/", 2);
	big[sizeof(big) - 1] = '\0';
	char want[200];
	snprintf(want, sizeof(want), "there is no model \"%.100s\"", big);
	expect_no_model(&w, big, want);
	close_world(&w);
	open_world(&w, "providers:\n  a: {url: http://a.test/v1}\n", 10);
	expect_no_model(&w, "gpt-4o", "there is no model \"gpt-4o\"; no models are configured, so name the "
		"provider too: \"a/gpt-4o\"");
	close_world(&w);
}

/* Whatever fails how, inside a round no target is tried after one of a later tier, and none twice without
 * another key. */
static void test_tier_order_is_kept(void **state)
{
	static const enum err outcomes[] = { ERR_UP_FAILED, ERR_UP_THROTTLED, ERR_UP_KEY_DEAD, ERR_UP_CONTEXT,
		ERR_UP_RESET };
	struct world w;

	open_world(&w, PROVIDERS "breaker: {fails: 3}\nretry: {per_second: 100000}\nmodels:\n  m:\n"
		"    tiers:\n"
		"      - {balance: round_robin, targets: [a/1, b/1, many/1]}\n"
		"      - targets: [many/2, c/2]\n"
		"      - {balance: ordered, targets: [a/3, b/3]}\n", 10);
	for (int i = 0; i < 3000; i++) {
		struct plan p = plan_for(&w, "m");
		struct plan_choice choice;
		unsigned round = 0, attempts = 0;
		const struct plan_step *last = NULL;
		while ((choice = next(&w, &p)).verdict != PLAN_STOP) {
			if (choice.verdict == PLAN_WAIT) {
				round++;
				last = NULL;
				w.now_ns += MS(choice.wait_ms);
				continue;
			}
			assert_true(last == NULL || choice.step > last ||
				(choice.step == last && choice.step->target->provider->n_keys > 1));
			assert_int_equal(choice.step->round, round + 1);
			last = choice.step;
			assert_true(++attempts <= 3 * (7 + 4));
			end(&w, &p, &choice, outcomes[dice_below(&w.dice, COUNT_OF(outcomes))],
				dice_below(&w.dice, 3) * 1000);
		}
		assert_true(round <= 2);
		w.now_ns += S(dice_below(&w.dice, 8));
		arena_done(&w.arena);
	}
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiers_in_order),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_round_robin),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_first_tier_in_use),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_no_such_model),
		cmocka_unit_test(test_tier_order_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
