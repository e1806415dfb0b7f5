#include "unit.h"

#include "dialect/anthropic_seal.h"

static struct arena a;

static struct slice put(enum anthropic_seal_of of, char origin, const char *id, const char *text)
{
	return anthropic_seal_write(&a, of, origin, slice_str(id), slice_str(text));
}

/* Its own stays as it is, byte by byte. */
static void test_own(void **state)
{
	arena_init(&a, 0);
	struct slice field = put(ANTHROPIC_SEAL_REASONING, 'a', "", "EqQB+/=");
	assert_slice(field, "EqQB+/=");
	struct anthropic_seal s = anthropic_seal_read(&a, field);
	assert_true(s.seal.origin == 'a' && !s.is_sealed && !s.is_call && s.id.n == 0);
	assert_slice(s.seal.bytes, "EqQB+/=");
	s = anthropic_seal_read(&a, SLICE("@call:x"));
	assert_true(!s.is_call && s.seal.origin == 'a');
	arena_done(&a);
}

static void round_trip(enum anthropic_seal_of of, char origin, const char *id, const char *text)
{
	struct slice field = put(of, origin, id, text);
	struct anthropic_seal s = anthropic_seal_read(&a, field);

	assert_true(seal_in(field));
	assert_true(s.is_sealed && s.seal.origin == origin);
	assert_int_equal(s.is_call, of == ANTHROPIC_SEAL_CALL);
	assert_slice(s.seal.bytes, text);
	assert_slice(s.id, id);
	/* sealed again it is the same */
	struct slice inner = seal_wrap(&a, origin, slice_str(text));
	assert_true(slice_eq(anthropic_seal_write(&a, of, 'x', slice_str(id), inner), field));
}

static void test_foreign(void **state)
{
	arena_init(&a, 0);
	round_trip(ANTHROPIC_SEAL_REASONING, 'g', "", "sig");
	round_trip(ANTHROPIC_SEAL_REASONING, 'r', "rs_1", "gAAA");
	round_trip(ANTHROPIC_SEAL_REASONING, 'c', "", "{\"a\":1}\n");
	round_trip(ANTHROPIC_SEAL_CALL, 'g', "", "sig");
	round_trip(ANTHROPIC_SEAL_CALL, 'a', "", "sig");
	arena_done(&a);
}

static void test_odd(void **state)
{
	arena_init(&a, 0);
	assert_int_equal(put(ANTHROPIC_SEAL_CALL, 'g', "", "").n, 0);
	assert_int_equal(anthropic_seal_read(&a, SLICE_EMPTY).seal.origin, 0);
	assert_int_equal(anthropic_seal_read(&a, SLICE("d2VpcjE6!!!")).seal.origin, 0);
	struct slice no_end = seal_wrap(&a, 'r', SLICE("@id:rs_1"));
	assert_slice(anthropic_seal_read(&a, no_end).seal.bytes, "@id:rs_1");
	arena_done(&a);
	arena_init(&a, 64);
	assert_int_equal(put(ANTHROPIC_SEAL_REASONING, 'g', "",
		"0123456789012345678901234567890123456789012345678901234567").n, 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_odd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
