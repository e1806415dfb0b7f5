#include "unit.h"

#include "base/nearest.h"

static struct slice nearest_of(const char *typed)
{
	static const char *const valid[] = { "listen", "providers", "models", "first_token", "total" };
	struct nearest n;

	nearest_init(&n, slice_str(typed));
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
		nearest_offer(&n, slice_str(valid[i]));
	return nearest_name(&n);
}

static void test_near_and_far(void **state)
{
	assert_slice(nearest_of("lisen"), "listen");
	assert_slice(nearest_of("model"), "models");
	assert_slice(nearest_of("first-token"), "first_token");
	assert_slice(nearest_of("xyzzy"), "");
	assert_slice(nearest_of(""), "");
	assert_slice(nearest_of("ab"), "");
}

static void test_long_names_are_left_alone(void **state)
{
	char name[500];

	memset(name, 'l', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_slice(nearest_of(name), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near_and_far),
		cmocka_unit_test(test_long_names_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
