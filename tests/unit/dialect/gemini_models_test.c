#include "unit.h"

#include "dialect/gemini_models.h"

static void test_find(void **state)
{
	static const struct {
		const char *model, *row;
	} rows[] = {
		{ "gemini-2.5-flash", "gemini-2.5-flash" }, { "gemini-2.5-flash-lite-preview",
			"gemini-2.5-flash-lite" },
		{ "models/gemini-2.5-pro", "gemini-2.5" }, { "google/gemini-3-pro-preview", "gemini-3" },
		{ "publishers/google/models/gemini-3-flash", "gemini-3-flash" }, { "Gemini-3.1-Pro", "gemini-3.1" },
		{ "gemini-2.0-flash", "gemini-2" }, { "gemini-1.5-pro", "gemini-1" }, { "gemma-3-27b-it", "gemma-3" },
		{ "gemini-4-argon", "gemini-4" }, { "gemini-flash-latest", "" }, { "", "" }, { "models/", "" },
		{ "something-new", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(gemini_models_find(slice_str(rows[i].model))->name, rows[i].row) != 0)
			fail_msg("%s is %s", rows[i].model, gemini_models_find(slice_str(rows[i].model))->name);
}

static const char *level(const char *model, enum prompt_effort effort)
{
	return gemini_models_level(gemini_models_find(slice_str(model)), effort);
}

/* The next higher one where it is missing, so that no less is thought than asked for; the highest otherwise. */
static void test_levels(void **state)
{
	assert_null(level("gemini-3-pro", PROMPT_EFFORT_UNSET));
	assert_string_equal(level("gemini-3-pro", PROMPT_EFFORT_NONE), "LOW");
	assert_string_equal(level("gemini-3-pro", PROMPT_EFFORT_LOW), "LOW");
	assert_string_equal(level("gemini-3-pro", PROMPT_EFFORT_MEDIUM), "HIGH");
	assert_string_equal(level("gemini-3-pro", PROMPT_EFFORT_MAX), "HIGH");
	assert_string_equal(level("gemini-3-flash", PROMPT_EFFORT_NONE), "MINIMAL");
	assert_string_equal(level("gemini-3-flash", PROMPT_EFFORT_MINIMAL), "MINIMAL");
	assert_string_equal(level("gemini-3-flash", PROMPT_EFFORT_MEDIUM), "MEDIUM");
	assert_string_equal(level("gemini-3.8-flash", PROMPT_EFFORT_MINIMAL), "LOW");
	assert_string_equal(level("gemini-3-pro-image", PROMPT_EFFORT_LOW), "HIGH");
	assert_null(level("gemini-2.5-pro", PROMPT_EFFORT_LOW));
}

static int64_t budget(const char *model, int64_t tok)
{
	return gemini_models_budget(gemini_models_find(slice_str(model)), tok);
}

static void test_budgets(void **state)
{
	assert_int_equal(budget("gemini-2.5-flash", 0), 0);
	assert_int_equal(budget("gemini-2.5-flash", -1), -1);
	assert_int_equal(budget("gemini-2.5-flash", -7), -1);
	assert_int_equal(budget("gemini-2.5-flash", 100), 100);
	assert_int_equal(budget("gemini-2.5-flash", 99999), 24576);
	assert_int_equal(budget("gemini-2.5-flash-lite", 100), 512);
	assert_int_equal(budget("gemini-2.5-pro", 0), 128);
	assert_int_equal(budget("gemini-2.5-pro", 99999), 32768);
}

static void test_generations(void **state)
{
	const struct gemini_models *old = gemini_models_find(SLICE("gemini-2.0-flash"));
	const struct gemini_models *mid = gemini_models_find(SLICE("gemini-2.5-flash"));
	const struct gemini_models *now = gemini_models_find(SLICE("gemini-3-flash"));

	assert_true(!gemini_models_json_schema(old) && gemini_models_json_schema(mid)
		&& gemini_models_json_schema(now));
	assert_true(!gemini_models_signs(mid) && gemini_models_signs(now));
	assert_true(!gemini_models_mixes(mid) && gemini_models_mixes(now));
	assert_true(!gemini_models_result_media(mid) && gemini_models_result_media(now));
	assert_true(gemini_models_system(old) && !gemini_models_system(gemini_models_find(SLICE("gemma-3-1b"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_generations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
