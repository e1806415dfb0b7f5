#include "unit.h"

#include "base/utf8.h"
#include "dialect/scrub.h"

static void check(const char *in, const char *want)
{
	struct arena a;

	arena_init(&a, 0);
	assert_slice(scrub_text(&a, slice_str(in)), want);
	arena_done(&a);
}

static void test_plain_text_stays(void **state)
{
	check("Unknown parameter: 'max_tokenz'.", "Unknown parameter: 'max_tokenz'.");
	check("gpt-4o-mini-2024-07-18 takes 128000 tokens", "gpt-4o-mini-2024-07-18 takes 128000 tokens");
	check("a key is needed", "a key is needed");
	check("keys of the map: alpha, beta", "keys of the map: alpha, beta");
	check("\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x89 \"q\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x89 \"q\"");
}

static void test_keys_are_masked(void **state)
{
	check("bad key sk-1234567890abcdef.", "bad key ***");
	check("sk-proj-aaaaaaaaaa", "***");
	check("(gsk_abcdefgh)", "(***)");
	check("use AIzaSyA1234567 or xai-abcdefgh", "use *** or ***");
	check("Authorization: Bearer abcdef", "Authorization: Bearer ***");
	check("BEARER abcdefgh ijklmnop", "BEARER *** ijklmnop");
	check("API key provided: 0123456789abcdef", "API key provided: ***");
	check("x-api-key=abcdefgh12345678&x=1", "x-api-key=***&x=1");
	check("the api key you sent was 0123456789abcdef0", "the api key you sent was ***");
	check("key abcd********wxyz is wrong", "key *** is wrong");
}

static void test_only_near_a_key(void **state)
{
	check("key one two three four 0123456789abcdef", "key one two three four 0123456789abcdef");
	check("request 0123456789abcdef failed", "request 0123456789abcdef failed");
	check("sk-1234", "sk-1234");		/* too short to be one */
}

static void test_bytes(void **state)
{
	check("a\r\n\tb\x01\x7f" "c", "a b c");
	check("\n a \n", "a");
	check("a\xff\xc3" "b\xed\xa0\x80", "ab");
	check(" \n\t ", "");
	check("", "");
}

static void test_markup(void **state)
{
	check("<html><body>no</body></html>", "");
	check(" \n<?xml version='1.0'?>", "");
	check("\x01\xff <p>", "");
	check("a <b> is missing", "a <b> is missing");
}

/* Cut at the limit, never inside a character, and a key at the limit does not show its start. */
static void test_limit(void **state)
{
	char text[3 * SCRUB_MAX_BYTES];
	struct arena a;

	arena_init(&a, 0);
	for (size_t shift = 0; shift < 3; shift++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = i < shift ? 'x' : "\xe2\x82\xac"[(i - shift) % 3];
		text[sizeof(text) - 1] = 'z';	/* would fit behind a character that does not */
		struct slice s = scrub_text(&a, slice_of(text, sizeof(text)));
		assert_true(utf8_valid(s) && s.n <= SCRUB_MAX_BYTES && s.n > SCRUB_MAX_BYTES - 3);
		assert_int_equal(slice_find(s, 'z'), s.n);
	}
	memset(text, '.', sizeof(text));
	text[SCRUB_MAX_BYTES - 11] = ' ';
	memcpy(text + SCRUB_MAX_BYTES - 10, "sk-0123456789abcdefghij", 23);
	struct slice s = scrub_text(&a, slice_of(text, sizeof(text)));
	assert_true(s.n <= SCRUB_MAX_BYTES);
	assert_int_equal(slice_find(s, 's'), s.n);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text_stays),
		cmocka_unit_test(test_keys_are_masked),
		cmocka_unit_test(test_only_near_a_key),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
