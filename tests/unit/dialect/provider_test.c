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

/* `provider/model` and the environment must lead to one row. */
static void test_names_and_variables_are_unique(void **state)
{
	const struct provider_row *a, *b;

	for (size_t i = 0; (a = provider_at(i)) != NULL; i++)
		for (size_t k = i + 1; (b = provider_at(k)) != NULL; k++) {
			assert_string_not_equal(a->name, b->name);
			if (a->env[0])
				assert_string_not_equal(a->env, b->env);
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
		cmocka_unit_test(test_names_and_variables_are_unique),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
