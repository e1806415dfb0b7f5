#include "route/tariff.h"

#include "route_world.h"

#define MODELS "models: {m: {targets: [a/x, openai/gpt-4o]}}\n"

static const struct price *price_of(const struct world *w, const char *target)
{
	return tariff_of(w->roster, slice_str(target));
}

static void test_whose_price_counts(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS
		"  openai: {key: sk-1}\n"
		"  mine: {like: openai, key: sk-1}\n"
		"  proxy: {like: openai, url: http://proxy.test/v1, key: sk-1}\n"
		"prices:\n"
		"  a/x: {input: 2.5, output: 10, cached_input: 0, cache_write: 0.003625}\n"
		"  a/y: {input: 2.5}\n"
		"  openai/gpt-4o-mini: {input: 1}\n" MODELS, 100);
	const struct price *p = price_of(&w, "a/x");
	assert_true(p->input == 2500000 && p->output == 10000000 && p->cached == 0 && p->cache_write == 3625);
	assert_int_equal(p[1].above_tok, 0);
	/* what is not given is as input, but output */
	p = price_of(&w, "a/y");
	assert_true(p->input == 2500000 && p->output == 0 && p->cached == 2500000 && p->cache_write == 2500000);
	/* the configuration, then the list; of a provider at its own address, whatever its name here */
	assert_int_equal(price_of(&w, "openai/gpt-4o-mini")->input, 1000000);
	assert_int_equal(price_of(&w, "openai/gpt-4o")->input, 2500000);
	assert_ptr_equal(price_of(&w, "mine/gpt-4o"), price_of(&w, "openai/gpt-4o"));
	assert_null(price_of(&w, "proxy/gpt-4o"));
	assert_null(price_of(&w, "b/gpt-4o"));
	assert_null(price_of(&w, "nobody/gpt-4o"));
	assert_null(price_of(&w, "gpt-4o"));
	close_world(&w);
}

static void test_targets_have_theirs(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "  openai: {key: sk-1}\nprices: {a/x: {input: 1}}\n" MODELS, 100);
	const struct model *m = roster_find(w.roster, SLICE("m"), &w.arena);
	assert_ptr_equal(m->tiers[0].targets[0].price, price_of(&w, "a/x"));
	assert_ptr_equal(m->tiers[0].targets[1].price, price_of(&w, "openai/gpt-4o"));
	m = roster_find(w.roster, SLICE("openai/gpt-4.1"), &w.arena);
	assert_int_equal(m->tiers[0].targets[0].price->input, 2000000);
	close_world(&w);
}

static void test_a_price_of_nothing(void **state)
{
	static const char *const bad[] = { "gpt-4o", "nobody/gpt-4o", "a/", "/x" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct source nothing = { 0 };
		struct health_table health;
		char text[512];
		struct buf out;

		snprintf(text, sizeof(text), "%sprices:\n  %s: {input: 1}\n", PROVIDERS, bad[i]);
		struct conf *c = conf_parse(slice_str(text), "t", &route_conf, &nothing);
		health_init(&health, 10, 7);
		assert_null(roster_new(c, c->root, &health));
		buf_init(&out, FLAW_PRINT_MAX);
		conf_faults(c, &out);
		assert_true(slice_starts(buf_slice(&out), SLICE("t:7:3: ")));
		buf_done(&out);
		health_done(&health);
		conf_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_price_counts),
		cmocka_unit_test(test_targets_have_theirs),
		cmocka_unit_test(test_a_price_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
