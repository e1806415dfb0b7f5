/* Names in all the ways in which providers and routers write them. */
#include "unit.h"

#include "dialect/anthropic_models.h"

static void expect(const char *model, const char *row)
{
	const struct anthropic_models_row *got = anthropic_models_find(slice_str(model));
	if (strcmp(got->name, row) != 0)
		fail_msg("%s is %s, not %s", model, got->name, row);
}

static void test_names(void **state)
{
	expect("claude-sonnet-4-5-20250929", "sonnet-4-5");
	expect("claude-sonnet-4-20250514", "sonnet-4");
	expect("claude-sonnet-4-0", "sonnet-4");
	expect("claude-3-5-sonnet-20241022", "sonnet-3-5");
	expect("claude-3-7-sonnet-latest", "sonnet-3-7");
	expect("claude-3-haiku-20240307", "haiku-3");
	expect("claude-opus-4-1@20250805", "opus-4-1");
	expect("us.anthropic.claude-opus-4-6-v1", "opus-4-6");
	expect("anthropic.claude-haiku-4-5-20251001-v1:0", "haiku-4-5");
	expect("anthropic/claude-sonnet-4.5", "sonnet-4-5");
	expect("anthropic/claude-3.7-sonnet:thinking", "sonnet-3-7");
	expect("Claude-Opus-5-5", "opus-5-5");
	expect("claude-mythos-5-1", "mythos-5-1");
}

/* What is not in the table is as the newest before it in its family; what is older than all, as the oldest. */
static void test_between(void **state)
{
	expect("claude-opus-4-9", "opus-4-8");
	expect("claude-opus-5-1", "opus-5");
	expect("claude-opus-7", "opus-5-5");
	expect("claude-haiku-6", "haiku-4-5");
	expect("claude-haiku-2", "haiku-3");
	expect("claude-opus-latest", "opus-5-5");
	expect("claude-mythos-preview", "mythos-5-1");
}

static void test_unknown(void **state)
{
	expect("claude-saga-1", "claude");
	expect("claude-2.1", "claude");
	expect("claude", "claude");
	expect("", "");
	expect("gpt-5", "");
	expect("qwen3", "");
	expect("Qwen3-14B-Claude-4.5-Opus-Distill", "");
	expect("claudia-1", "");
}

static void test_rows_rise(void **state)
{
	assert_int_equal(anthropic_models_find(SLICE("claude-3-opus"))->max_tok, 4096);
	assert_int_equal(anthropic_models_find(SLICE("local"))->max_tok, 4096);
	assert_true(anthropic_models_find(SLICE("claude-opus-4-5"))->flags & ANTHROPIC_MODELS_BUDGET);
	assert_false(anthropic_models_find(SLICE("claude-opus-4-7"))->flags & ANTHROPIC_MODELS_BUDGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_rows_rise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
