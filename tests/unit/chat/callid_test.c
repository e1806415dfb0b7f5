#include "unit.h"

#include "chat/callid.h"

static struct arena arena;

static const char long_id[] = "call_0123456789012345678901234567890123456789012345678901234567890123456789";

static void test_an_id_that_fits_stays(void **state)
{
	static const struct {
		enum callid_rule rule;
		const char *id;
	} rows[] = {
		{ CALLID_ANY, "x" }, { CALLID_ANY, "a b\"c" }, { CALLID_ANY, long_id },
		{ CALLID_OPENAI, "call_0123456789012345678901234567890abcd" },	/* 40 bytes */
		{ CALLID_OPENAI, "toolu/01:a" },
		{ CALLID_RESPONSES, "call_01234567890123456789012345678901234567890123456789012345678" },	/* 64 */
		{ CALLID_ANTHROPIC, "toolu_01-AZaz09" },
		{ CALLID_MISTRAL, "aB3456789" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice id = slice_str(rows[i].id), got = callid_fit(&arena, rows[i].rule, id);
		assert_slice(got, rows[i].id);
		assert_ptr_equal(got.p, id.p);
	}
}

static void assert_made(enum callid_rule rule, struct slice id)
{
	struct slice got = callid_fit(&arena, rule, id);

	assert_false(slice_eq(got, id));
	assert_true(got.n > 0 && got.n <= 40);
	for (size_t i = 0; i < got.n; i++)
		assert_true(got.p[i] == '_' ? rule != CALLID_MISTRAL : strchr(" -/\"", got.p[i]) == NULL);
	assert_true(rule != CALLID_MISTRAL || got.n == 9);
	/* what is made fits, so a second rewriting changes nothing */
	struct slice again = callid_fit(&arena, rule, got);
	assert_ptr_equal(again.p, got.p);
}

static void test_another_is_made(void **state)
{
	static const struct {
		enum callid_rule rule;
		const char *id;
	} rows[] = {
		{ CALLID_ANY, "" }, { CALLID_OPENAI, "" }, { CALLID_OPENAI, long_id }, { CALLID_RESPONSES, long_id },
		{ CALLID_ANTHROPIC, "" }, { CALLID_ANTHROPIC, long_id }, { CALLID_ANTHROPIC, "a.b" },
		{ CALLID_ANTHROPIC, "call:1" }, { CALLID_ANTHROPIC, "\xc3\xa9" }, { CALLID_MISTRAL, "" },
		{ CALLID_MISTRAL, "12345678" }, { CALLID_MISTRAL, "1234567890" }, { CALLID_MISTRAL, "call_1234" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_made(rows[i].rule, slice_str(rows[i].id));
	assert_made(CALLID_ANTHROPIC, slice_of("a\0b", 3));
}

/* The call and its result are rewritten apart, in other turns and other processes. */
static void test_the_same_id_gives_the_same(void **state)
{
	struct slice a = callid_fit(&arena, CALLID_MISTRAL, SLICE("call_abc"));
	struct slice b = callid_fit(&arena, CALLID_MISTRAL, SLICE("call_abc"));

	assert_true(slice_eq(a, b));
	/* pinned: histories kept by clients hold it */
	assert_slice(a, "0FlaHyokP");
	assert_slice(callid_fit(&arena, CALLID_ANTHROPIC, SLICE("a.b")), "call_nrAAw3eoV");
}

static void test_different_ids_stay_different(void **state)
{
	enum { IDS = 2000 };
	static struct slice made[IDS];

	for (int i = 0; i < IDS; i++) {
		made[i] = callid_fit(&arena, CALLID_MISTRAL, arena_printf(&arena, "call_%d", i));
		for (int before = 0; before < i; before++)
			assert_false(slice_eq(made[i], made[before]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_id_that_fits_stays),
		cmocka_unit_test(test_another_is_made),
		cmocka_unit_test(test_the_same_id_gives_the_same),
		cmocka_unit_test(test_different_ids_stay_different),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
