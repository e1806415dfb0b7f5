#include "unit.h"

#include "base/dice.h"
#include "codec/base64.h"

static struct arena arena;

/* RFC 4648 section 10. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

static void test_vectors(void **state)
{
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct slice bytes = slice_str(vectors[i].bytes), back;
		assert_slice(base64_text(&arena, bytes), vectors[i].text);
		assert_int_equal(base64_size(bytes.n), strlen(vectors[i].text));
		assert_true(base64_decode(&arena, slice_str(vectors[i].text), &back));
		assert_slice(back, vectors[i].bytes);
	}
}

static void assert_decodes(const char *text, const char *want)
{
	struct slice got;

	assert_true(base64_decode(&arena, slice_str(text), &got));
	assert_slice(got, want);
}

static void test_both_alphabets_with_and_without_padding(void **state)
{
	assert_decodes("Zg", "f");
	assert_decodes("Zm8", "fo");
	assert_decodes("+/-_", "\xfb\xff\xbf");
	assert_decodes("-_+/", "\xfb\xff\xbf");
}

static void test_no_base64(void **state)
{
	static const char *const bad[] = { "Z", "Zm9vY", "Zg=a", "=", "===", "Zm9v====", "Zm 9v", "Zm9v\n",
		"Z\r\nm9v", "Zm9*",
		"Zm9\xc3", "====" };
	struct slice got;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (base64_decode(&arena, slice_str(bad[i]), &got))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_false(base64_decode(&arena, slice_of("Zg\0\0", 4), &got));
}

static void test_any_bytes(void **state)
{
	char bytes[300], text[400];
	struct slice back;
	struct dice d;

	dice_init(&d, 1);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)dice_u64(&d);
		base64_encode(slice_of(bytes, n), text);
		assert_true(base64_decode(&arena, slice_of(text, base64_size(n)), &back));
		assert_int_equal(back.n, n);
		assert_memory_equal(n ? back.p : "", bytes, n);
	}
}

static void test_no_room(void **state)
{
	struct arena small;
	struct slice got;

	arena_init(&small, 16);
	assert_null(base64_text(&small, SLICE("0123456789012345678901234567890123456789")).p);
	assert_false(base64_decode(&small, SLICE("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"), &got));
	arena_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_both_alphabets_with_and_without_padding),
		cmocka_unit_test(test_no_base64),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_no_room),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
