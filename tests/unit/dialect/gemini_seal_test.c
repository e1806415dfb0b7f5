#include "unit.h"

#include "dialect/gemini_seal.h"

#define PART GEMINI_SEAL_PART
#define THOUGHTS GEMINI_SEAL_THOUGHTS
#define REDACTED GEMINI_SEAL_REDACTED

static void round_trip(enum prompt_part_kind kind, enum gemini_seal_kind of, const char *id, const char *bytes)
{
	struct prompt_part part = { .kind = kind };
	struct arena a;

	arena_init(&a, 0);
	struct slice text = gemini_seal_wrap(&a, 'a', of, slice_str(id), slice_str(bytes));
	assert_true(seal_in(text));
	assert_int_equal(gemini_seal_unwrap(&a, text, &part), of);
	assert_int_equal(part.seal.origin, 'a');
	assert_slice(part.seal.bytes, bytes);
	assert_slice(part.id, kind == PROMPT_PART_REASONING ? id : "");
	assert_int_equal(part.redacted, kind == PROMPT_PART_REASONING && of == REDACTED);
	arena_done(&a);
}

static void test_round_trips(void **state)
{
	round_trip(PROMPT_PART_REASONING, PART, "", "sig");
	round_trip(PROMPT_PART_REASONING, PART, "rs_1", "sig");
	round_trip(PROMPT_PART_REASONING, REDACTED, "", "data");
	round_trip(PROMPT_PART_REASONING, REDACTED, "rs_1", "data");
	round_trip(PROMPT_PART_REASONING, PART, "", "\x01odd");
	round_trip(PROMPT_PART_REASONING, PART, "", "a\x01odd");
	round_trip(PROMPT_PART_TOOL_CALL, PART, "fc_1", "sig");
	round_trip(PROMPT_PART_TOOL_CALL, THOUGHTS, "", "sig");
	round_trip(PROMPT_PART_TOOL_CALL, REDACTED, "rs_1", "sig");
}

/* A plain one is what every room of weir understands. */
static void test_plain(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	struct slice mine = gemini_seal_wrap(&a, 'a', PART, SLICE_EMPTY, SLICE("sig"));
	assert_true(slice_eq(mine, seal_wrap(&a, 'a', SLICE("sig"))));
	assert_int_equal(gemini_seal_wrap(&a, 'a', REDACTED, SLICE("x"), SLICE_EMPTY).n, 0);
	arena_done(&a);
}

/* Google's own passes; what a client made up gives no id. */
static void test_foreign_texts(void **state)
{
	static const char *const bytes[] = { "\x01", "\x01r", "\x01rid", "\x01r\x01" };
	struct prompt_part part = { .kind = PROMPT_PART_REASONING };
	struct arena a;

	arena_init(&a, 0);
	gemini_seal_unwrap(&a, SLICE("c2ln"), &part);
	assert_int_equal(part.seal.origin, 'g');
	assert_slice(part.seal.bytes, "c2ln");
	part = (struct prompt_part){ .kind = PROMPT_PART_REASONING };
	gemini_seal_unwrap(&a, SLICE_EMPTY, &part);
	assert_int_equal(part.seal.origin, 0);
	for (size_t i = 0; i < COUNT_OF(bytes); i++) {
		part = (struct prompt_part){ .kind = PROMPT_PART_REASONING };
		gemini_seal_unwrap(&a, seal_wrap(&a, 'r', slice_str(bytes[i])), &part);
		assert_int_equal(part.id.n, 0);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_foreign_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
