/* Money: what tokens cost, to the picodollar. */
#include "unit.h"

#include "ledger/price.h"

static const struct price *listed(const char *provider, const char *model)
{
	return price_listed(slice_str(provider), slice_str(model));
}

static void test_listed(void **state)
{
	const struct price *p = listed("openai", "gpt-4o-mini");

	assert_non_null(p);
	assert_int_equal(p->input, 150000);
	assert_int_equal(p->output, 600000);
	assert_int_equal(p->cached, 75000);
	assert_int_equal(p->cache_write, p->input);	/* none is published */
	assert_int_equal(listed("anthropic", "claude-sonnet-4-5")->cache_write, 3750000);
	assert_int_equal(listed("deepseek", "deepseek-v4-pro")->cached, 3625);
	assert_ptr_equal(listed("gemini-openai", "gemini-2.5-pro"), listed("gemini", "gemini-2.5-pro"));
	assert_null(listed("openai", "claude-sonnet-4-5"));
	assert_null(listed("nobody", "gpt-4o"));
	assert_null(listed("openai", ""));
	assert_null(listed("", ""));
}

static void test_a_dated_name_costs_as_the_model_does(void **state)
{
	assert_ptr_equal(listed("openai", "gpt-4o-2024-08-06"), listed("openai", "gpt-4o"));
	assert_ptr_equal(listed("anthropic", "claude-sonnet-4-5-20250929"), listed("anthropic", "claude-sonnet-4-5"));
	assert_ptr_equal(listed("anthropic", "claude-sonnet-4-5@20250929"), listed("anthropic", "claude-sonnet-4-5"));
	/* the first one is dearer than its successors */
	assert_int_equal(listed("openai", "gpt-4o-2024-05-13")->output, 15000000);
	/* its date is a part of its name */
	assert_non_null(listed("cohere", "command-a-03-2025"));
	assert_null(listed("openai", "gpt-4o-2024-08"));
	assert_null(listed("openai", "gpt-4o-preview"));
	assert_null(listed("openai", "-2024-08-06"));
}

static void test_a_request(void **state)
{
	const struct price p[] = { { 2500000, 10000000, 1250000, 3000000, 0 }, { 0 } };

	assert_int_equal(price_cost(p, &(struct usage){ 9, 2, -1, -1, -1 }), 9 * 2500000 + 2 * 10000000);
	/* cached and written tokens are a part of the prompt; reasoning is a part of the completion */
	assert_int_equal(price_cost(p, &(struct usage){ 100, 50, 60, 30, 40 }),
		10 * 2500000 + 60 * 1250000 + 30 * 3000000 + 50 * 10000000);
	assert_int_equal(price_cost(p, &(struct usage){ 5, -1, -1, -1, -1 }), 5 * 2500000);
	assert_int_equal(price_cost(p, &USAGE_NONE), PRICE_UNKNOWN);
	assert_int_equal(price_cost(NULL, &(struct usage){ 9, 2, -1, -1, -1 }), PRICE_UNKNOWN);
	/* a provider's nonsense: more of a part than there is of the whole */
	assert_int_equal(price_cost(p, &(struct usage){ 10, 0, 20, -1, -1 }), 20 * 1250000);
	/* and counts that no sum could hold */
	assert_true(price_cost(p, &(struct usage){ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, 0 }) > 0);
	const struct price dear[] = { { price_per_token(PRICE_MAX), price_per_token(PRICE_MAX),
		price_per_token(PRICE_MAX), price_per_token(PRICE_MAX), 0 }, { 0 } };
	assert_true(price_cost(dear, &(struct usage){ INT64_MAX, INT64_MAX, 1, 1, 0 }) > 0);
}

static void test_long_prompts(void **state)
{
	const struct price *p = listed("openai", "gpt-5.4");

	assert_int_equal(price_cost(p, &(struct usage){ 272000, 1, -1, -1, -1 }), 272000LL * 2500000 + 15000000);
	assert_int_equal(price_cost(p, &(struct usage){ 272001, 1, -1, -1, -1 }), 272001LL * 5000000 + 22500000);
	/* half of a long one */
	const struct usage whole = { 300000, 2, -1, -1, -1 }, half = { 150000, 1, -1, -1, -1 };
	assert_int_equal(price_part(p, &half, &whole), 150000LL * 5000000 + 22500000);
	/* the next row is another model's, not a dearer price */
	assert_int_equal(price_cost(listed("openai", "gpt-4o"), &(struct usage){ 400000, 0, -1, -1, -1 }),
		400000LL * 2500000);
}

static void test_text(void **state)
{
	char b[PRICE_TEXT_MAX];

	assert_slice(price_text(0, b), "0");
	assert_slice(price_text(1, b), "0.000000000001");
	assert_slice(price_text(12500000, b), "0.0000125");
	assert_slice(price_text(1000000000000, b), "1");
	assert_slice(price_text(10000000000000, b), "10");
	assert_slice(price_text(1500000000000, b), "1.5");
	assert_slice(price_text(UINT64_MAX, b), "18446744.073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_a_dated_name_costs_as_the_model_does),
		cmocka_unit_test(test_a_request),
		cmocka_unit_test(test_long_prompts),
		cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
