#include "unit.h"

#include "base/must.h"
#include "chat/drops.h"

static void assert_text(const struct drops *d, const char *want)
{
	char out[2048];

	assert_string_equal(drops_text(d, out, sizeof(out)), want);
}

static void test_each_name_once_in_order(void **state)
{
	struct drops d = { .n = 0 };

	assert_text(&d, "");
	drops_add_str(&d, "seed");
	drops_add_str(&d, "logit_bias");
	drops_add_str(&d, "seed");
	drops_add(&d, SLICE("n"));
	assert_text(&d, "seed, logit_bias, n");
	assert_true(drops_has(&d, "seed") && drops_has(&d, "n"));
	assert_false(drops_has(&d, "see") || drops_has(&d, "seeds") || drops_has(&d, ""));
}

/* Names are the client's own words and end in a header. */
static void test_bytes_unfit_for_a_header(void **state)
{
	struct drops d = { .n = 0 };

	drops_add(&d, SLICE("a\r\nx-evil: 1"));
	drops_add(&d, SLICE("b,c"));
	drops_add(&d, SLICE("\xc3\xa9"));
	drops_add(&d, SLICE("\x7f"));
	drops_add(&d, SLICE_EMPTY);
	assert_text(&d, "a??x-evil:?1, b?c, ??, ?");
}

static void test_long_names_are_cut(void **state)
{
	char name[200], want[DROPS_NAME];
	struct drops d = { .n = 0 };

	memset(name, 'x', sizeof(name));
	memset(want, 'x', sizeof(want));
	want[DROPS_NAME - 1] = '\0';
	drops_add(&d, slice_of(name, sizeof(name)));
	drops_add(&d, slice_of(name, sizeof(name) - 1));
	assert_int_equal(d.n, 1);
	assert_text(&d, want);
}

static void test_too_many(void **state)
{
	struct drops d = { .n = 0 };
	char name[8], out[2048];

	for (unsigned i = 0; i < DROPS_MAX; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drops_add_str(&d, name);
	}
	assert_false(d.more);
	drops_add_str(&d, "f0");
	assert_false(d.more);
	drops_add_str(&d, "last");
	assert_true(d.more && d.n == DROPS_MAX);
	drops_text(&d, out, sizeof(out));
	assert_string_equal(out + strlen(out) - 5, ", ...");
}

/* Cut between names, never inside one, and always closed. */
static void test_text_is_cut_to_its_place(void **state)
{
	struct drops d = { .n = 0 };
	char out[32];

	drops_add_str(&d, "seed");
	drops_add_str(&d, "stop");
	for (size_t cap = 1; cap <= sizeof(out); cap++) {
		memset(out, '#', sizeof(out));
		drops_text(&d, out, cap);
		assert_string_equal(out, cap > 10 ? "seed, stop" : cap > 4 ? "seed" : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_name_once_in_order),
		cmocka_unit_test(test_bytes_unfit_for_a_header),
		cmocka_unit_test(test_long_names_are_cut),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_text_is_cut_to_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
