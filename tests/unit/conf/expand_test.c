#include "unit.h"

#include "conf/expand.h"
#include "unit/conf/sample.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

static void check(const char *text, const char *want)
{
	struct slice out = SLICE_EMPTY, why = SLICE_EMPTY;

	if (!expand_text(&arena, slice_str(text), &sample_source, 100, &out, &why))
		fail_msg("\"%s\": %.*s", text, SLICE_ARG(why));
	assert_slice(out, want);
}

static void check_fault(const char *text, const char *want)
{
	struct slice out = SLICE("untouched"), why = SLICE_EMPTY;

	if (expand_text(&arena, slice_str(text), &sample_source, 100, &out, &why))
		fail_msg("\"%s\" gave \"%.*s\"", text, SLICE_ARG(out));
	assert_slice(why, want);
	assert_slice(out, "untouched");
}

static void test_values(void **state)
{
	check("plain", "plain");
	check("", "");
	check("${PORT}", "9000");
	check("http://h:${PORT}/x${N}", "http://h:9000/x8");
	check("${PORT:-80}", "9000");
	check("${NONE:-80}", "80");
	check("${EMPTY:-80}", "80");
	check("${NONE:-}", "");
	check("a${EMPTY}b", "ab");
	check("${NONE:-a:-b c}", "a:-b c");
	check("}${PORT}}", "}9000}");
}

static void test_dollars(void **state)
{
	check("$$", "$");
	check("$$$$", "$$");
	check("$${PORT}", "${PORT}");
	check("$$${PORT}", "$9000");
	check("^a$", "^a$");
	check("$5 $(x) $", "$5 $(x) $");
}

static void test_data_stays_data(void **state)
{
	check("${YAML}", "{a: [b], c: \"d\"} # $x ${PORT}");
}

static void test_faults(void **state)
{
	check_fault("${NONE}",
		"needs the environment variable NONE, which is not set; set it or write ${NONE:-default}");
	check_fault("a ${PORT", "has a ${ without its closing brace");
	check_fault("${PORT:-x", "has a ${ without its closing brace");
	check_fault("${}", "has a reference that is neither ${NAME} nor ${NAME:-default}");
	check_fault("${1A}", "has a reference that is neither ${NAME} nor ${NAME:-default}");
	check_fault("${PORT-80}", "has a reference that is neither ${NAME} nor ${NAME:-default}");
	check_fault("${PORT:?no}", "has a reference that is neither ${NAME} nor ${NAME:-default}");
	check_fault("${A B}", "has a reference that is neither ${NAME} nor ${NAME:-default}");
	check_fault("${NONE:-${PORT}}", "has a dollar inside a default; a default is plain text");
	check_fault("pa$word", "has a dollar before a name: write ${NAME} for a variable, $$ for a dollar");
	check_fault("$HOME", "has a dollar before a name: write ${NAME} for a variable, $$ for a dollar");
}

static void test_bound(void **state)
{
	struct slice text = SLICE("${YAML}${YAML}${YAML}${YAML}"), out, why;
	char name[400];

	assert_false(expand_text(&arena, text, &sample_source, 100, &out, &why));
	assert_slice(why, "is longer than 100 bytes with its variables filled in");
	assert_false(expand_text(&arena, SLICE("12${PORT}"), &sample_source, 5, &out, &why));
	assert_true(expand_text(&arena, SLICE("1${PORT}"), &sample_source, 5, &out, &why));
	memset(name, 'A', sizeof(name));
	memcpy(name, "${", 2);
	name[sizeof(name) - 1] = '}';
	assert_false(expand_text(&arena, slice_of(name, sizeof(name)), &sample_source, 100, &out, &why));
	assert_slice(why, "has a reference that is neither ${NAME} nor ${NAME:-default}");
}

static void test_is_name(void **state)
{
	assert_true(expand_is_name(SLICE("${A_1}")));
	assert_false(expand_is_name(SLICE("${A}x")));
	assert_false(expand_is_name(SLICE("x${A}")));
	assert_false(expand_is_name(SLICE("${A:-sk}")));
	assert_false(expand_is_name(SLICE("${A")));
	assert_false(expand_is_name(SLICE("${}")));
	assert_false(expand_is_name(SLICE("")));
}

static void test_no_world(void **state)
{
	struct source nothing = { 0 };
	struct slice out, why;

	assert_false(expand_text(&arena, SLICE("${PATH}"), &nothing, 100, &out, &why));
	assert_true(expand_text(&arena, SLICE("${PATH:-x}"), &nothing, 100, &out, &why));
	assert_slice(out, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_dollars),
		cmocka_unit_test(test_data_stays_data),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_is_name),
		cmocka_unit_test(test_no_world),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
