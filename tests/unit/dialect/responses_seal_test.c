#include "unit.h"

#include "chat/seal.h"
#include "dialect/dialect.h"
#include "dialect/responses_seal.h"

static const struct dialect other = { .tag = 'a' };

static void test_of_this_dialect(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	assert_slice(responses_seal_write(&a, RESPONSES_SEAL_REASONING, NULL, SLICE("gAAA=")), "gAAA=");
	assert_slice(responses_seal_write(&a, RESPONSES_SEAL_REASONING, &openai_responses, SLICE("gAAA=")), "gAAA=");
	assert_int_equal(responses_seal_write(&a, RESPONSES_SEAL_CALL, NULL, SLICE_EMPTY).n, 0);
	arena_done(&a);
}

/* base64("weir1:asig") */
static void test_of_another(void **state)
{
	static const char *const texts[] = { "d2VpcjE6YXNpZw==", "redacted.d2VpcjE6YXNpZw==", "call.d2VpcjE6YXNpZw==" };
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct slice text = responses_seal_write(&a, (enum responses_seal_of)i, &other, SLICE("sig"));
		assert_slice(text, texts[i]);
		assert_true(seal_in(text));	/* such a body never passes untouched */
		assert_int_equal(responses_seal_cut(&text), i);
		struct prompt_seal seal = seal_unwrap(&a, 'r', text);
		assert_int_equal(seal.origin, 'a');
		assert_slice(seal.bytes, "sig");
	}
	arena_done(&a);
}

/* A word alone is not weir's. */
static void test_cut(void **state)
{
	static const char *const texts[] = { "", "call.", "call.abc", "redacted.gAAA", "call.d2VpcjE6",
		"calld2VpcjE6abc",
		"d2VpcjE6abc" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct slice text = slice_str(texts[i]);
		assert_int_equal(responses_seal_cut(&text), RESPONSES_SEAL_REASONING);
		assert_slice(text, texts[i]);
	}
}

#define SEALED "d2VpcjE6YXg="

static void test_back(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	assert_slice(responses_seal_back(&a, RESPONSES_SEAL_REASONING, SLICE("x")), "x");
	assert_slice(responses_seal_back(&a, RESPONSES_SEAL_CALL, SLICE(SEALED)), "call." SEALED);
	assert_slice(responses_seal_back(&a, RESPONSES_SEAL_REDACTED, SLICE(SEALED)), "redacted." SEALED);
	/* a provider's own text comes back as it was */
	assert_slice(responses_seal_back(&a, RESPONSES_SEAL_CALL, SLICE("x")), "x");
	assert_slice(responses_seal_back(&a, RESPONSES_SEAL_REDACTED, SLICE("x")), "x");
	arena_done(&a);
}

static void test_no_room(void **state)
{
	struct arena a;

	arena_init(&a, 1);
	assert_int_equal(responses_seal_write(&a, RESPONSES_SEAL_CALL, &other, SLICE("sig")).n, 0);
	assert_int_equal(responses_seal_write(&a, RESPONSES_SEAL_REASONING, &other, SLICE("sig")).n, 0);
	assert_int_equal(responses_seal_back(&a, RESPONSES_SEAL_CALL, SLICE(SEALED)).n, 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_this_dialect),
		cmocka_unit_test(test_of_another),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
