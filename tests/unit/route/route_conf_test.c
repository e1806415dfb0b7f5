#include "unit.h"

#include "conf/conf.h"
#include "route/route_conf.h"

static const struct source nothing = { 0 };

static void test_tables(void **state)
{
	row_proof(&route_conf);
}

static void test_defaults(void **state)
{
	struct conf *c = conf_parse(SLICE(""), "t", &route_conf, &nothing);
	struct plan_conf p;

	assert_true(conf_ok(c));
	p = route_conf_plan(c->root);
	assert_int_equal(p.breaker.fails, 5);
	assert_true(p.breaker.share == 0.5);
	assert_int_equal(p.breaker.min_calls, 20);
	assert_int_equal(p.breaker.open_ms, 10000);
	assert_int_equal(p.breaker.open_max_ms, 120000);
	assert_true(p.budget.share == 0.2 && p.budget.per_s == 10);
	assert_int_equal(p.backoff_ms, 50);
	assert_int_equal(p.backoff_max_ms, 2000);
	assert_int_equal(p.retry_after_max_ms, 10000);
	assert_int_equal(p.rest_max_ms, 300000);
	assert_int_equal(p.key_rest_ms, 300000);
	conf_free(&c);
}

static void test_each_key_arrives(void **state)
{
	struct conf *c = conf_parse(SLICE("breaker: {fails: 1, share: 0.25, min_calls: 2, open: 3ms, "
		"open_max: 4ms}\n"
		"retry: {share: 0.5, per_second: 2.5, backoff: 5ms, backoff_max: 6ms, retry_after_max: 7ms, "
		"rest_max: 8s, key_rest: 9s}\n"),
		"t", &route_conf, &nothing);
	struct plan_conf p;

	assert_true(conf_ok(c));
	p = route_conf_plan(c->root);
	assert_int_equal(p.breaker.fails, 1);
	assert_true(p.breaker.share == 0.25);
	assert_int_equal(p.breaker.min_calls, 2);
	assert_int_equal(p.breaker.open_ms, 3);
	assert_int_equal(p.breaker.open_max_ms, 4);
	assert_true(p.budget.share == 0.5 && p.budget.per_s == 2.5);
	assert_int_equal(p.backoff_ms, 5);
	assert_int_equal(p.backoff_max_ms, 6);
	assert_int_equal(p.retry_after_max_ms, 7);
	assert_int_equal(p.rest_max_ms, 8000);
	assert_int_equal(p.key_rest_ms, 9000);
	conf_free(&c);
}

/* Direct targets and a model that says nothing about clocks are treated alike. */
static void test_direct_defaults_are_the_rows(void **state)
{
	struct conf *c = conf_parse(SLICE("models: {m: {targets: [a/b]}}\n"), "t", &route_conf, &nothing);
	const struct route_conf *rc = c->root;
	const struct route_model_conf *m = row_item(&rc->models, &route_conf_model, 0);
	struct clocks d = route_conf_direct_clocks();

	assert_true(conf_ok(c));
	assert_int_equal(d.connect_ms, m->clocks.connect);
	assert_int_equal(d.first_token_ms, m->clocks.first_token);
	assert_int_equal(d.whole_ms, m->clocks.whole);
	assert_int_equal(d.idle_ms, m->clocks.idle);
	assert_int_equal(d.total_ms, m->clocks.total);
	assert_int_equal(route_conf_direct_retries(), m->retries);
	assert_true(d.connect_ms < d.idle_ms && d.idle_ms < d.first_token_ms &&
		d.first_token_ms < d.whole_ms &&
		d.whole_ms < d.total_ms);
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_each_key_arrives),
		cmocka_unit_test(test_direct_defaults_are_the_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
