#include "unit.h"

#include "codec/url.h"
#include "dialect/dialect.h"
#include "dialect/provider.h"

static void test_rows_are_sound(void **state)
{
	const struct provider_row *row;
	struct url url;
	const char *why = "";

	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		assert_non_null(dialect_find(slice_str(row->dialect)));
		if (row->url[0] && !url_parse(slice_str(row->url), &url, &why))
			fail_msg("%s: %s: %s", row->name, row->url, why);
		/* A key must not travel in the clear. */
		if (row->env[0] && row->url[0])
			assert_true(url.tls);
		assert_true(slice_find(slice_str(row->name), '/') == strlen(row->name));
	}
}

static bool same_host(const struct provider_row *a, const struct provider_row *b)
{
	struct url first, second;
	const char *why = "";

	return url_parse(slice_str(a->url), &first, &why) && url_parse(slice_str(b->url), &second, &why)
		&& slice_eq(first.host, second.host);
}

/* Every name is a dialect's; the main one stands in no list of further ones. */
static void test_also(void **state)
{
	const struct provider_row *row;

	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		struct slice rest = slice_str(row->also), name;
		while (slice_next(&rest, ' ', &name)) {
			if (dialect_find(name) == NULL)
				fail_msg("%s: no dialect %.*s", row->name, SLICE_ARG(name));
			assert_false(slice_eq(name, slice_str(row->dialect)));
		}
	}
}

/* The operators that the README promises. */
static void test_everyone_is_there(void **state)
{
	static const char *const names[] = { "openai", "anthropic", "gemini", "gemini-openai", "mistral",
		"deepseek", "qwen", "groq",
		"together", "fireworks", "xai", "cohere", "perplexity", "openrouter", "tokenmix", "azure",
		"ollama", "llamacpp",
		"vllm", "sglang", "trtllm", "lmstudio", "tabbyapi", "litellm", "portkey" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (provider_find(slice_str(names[i])) == NULL)
			fail_msg("no %s", names[i]);
	assert_int_equal(provider_find(SLICE("anthropic"))->auth, PROVIDER_AUTH_X_API_KEY);
	assert_string_equal(provider_find(SLICE("anthropic"))->url, "https://api.anthropic.com/v1");
	assert_int_equal(provider_find(SLICE("gemini"))->auth, PROVIDER_AUTH_X_GOOG_API_KEY);
	assert_int_equal(provider_find(SLICE("portkey"))->auth, PROVIDER_AUTH_PORTKEY);
	assert_int_equal(provider_find(SLICE("tabbyapi"))->auth, PROVIDER_AUTH_X_API_KEY);
	assert_int_equal(provider_find(SLICE("azure"))->auth, PROVIDER_AUTH_API_KEY);
}

/* `provider/model` must lead to one row; one key may open several doors of one house. */
static void test_names_and_variables_are_unique(void **state)
{
	const struct provider_row *a, *b;

	for (size_t i = 0; (a = provider_at(i)) != NULL; i++)
		for (size_t k = i + 1; (b = provider_at(k)) != NULL; k++) {
			assert_string_not_equal(a->name, b->name);
			if (a->env[0] && strcmp(a->env, b->env) == 0)
				assert_true(same_host(a, b));
		}
}

static void test_find(void **state)
{
	const struct provider_row *row = provider_find(SLICE("mistral"));

	assert_non_null(row);
	assert_string_equal(row->url, "https://api.mistral.ai/v1");
	assert_string_equal(row->env, "MISTRAL_API_KEY");
	assert_int_equal(row->auth, PROVIDER_AUTH_BEARER);
	assert_int_equal(row->usage, PROVIDER_USAGE_NEVER);
	assert_null(provider_find(SLICE("mistra")));
	assert_null(provider_find(SLICE("mistrall")));
	assert_null(provider_find(SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_sound),
		cmocka_unit_test(test_also),
		cmocka_unit_test(test_everyone_is_there),
		cmocka_unit_test(test_names_and_variables_are_unique),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
