/* The tokenizer's rules one by one; tests/embed compares whole models with the library that defines them. */
#include "unit.h"

#include "base/must.h"
#include "cache/wordpiece.h"

#define NORMALIZER "\"normalizer\":{\"type\":\"BertNormalizer\"}"
#define PRE "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}"
#define ADDED "\"added_tokens\":[{\"id\":20,\"content\":\"[P\",\"normalized\":false},{\"id\":0,\"content\":\"[PAD]\"}]"
#define VOCABULARY "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"un\":2,\"##aff\":3,\"##able\":4,\"cafe\":5,\"?\":6," \
	"\"\xe6\x9d\xb1\":7,\"a\":8,\"##a\":9,\"unaff\":10,\"+\":11,\"\xc3\x9f\":12}"
#define MODEL(more) "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\"," more VOCABULARY "}"

#define WITH(option) "{\"normalizer\":{\"type\":\"BertNormalizer\"," option "}," PRE "," MODEL("") "}"

static struct arena a;

static struct wordpiece *read(const char *json)
{
	const char *why = NULL;
	struct wordpiece *w = wordpiece_new(&a, slice_str(json), &why);

	if (w == NULL)
		fail_msg("%s", why);
	return w;
}

static void want(const struct wordpiece *w, const char *text, const char *ids)
{
	uint32_t got[WORDPIECE_TOKENS_MAX];
	const uint32_t n = wordpiece_cut(w, slice_str(text), got, WORDPIECE_TOKENS_MAX);
	char line[8192] = "";
	size_t at = 0;

	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, i ? " %u" : "%u", got[i]);
	if (strcmp(line, ids) != 0)
		fail_msg("\"%s\": got %s, want %s", text, line, ids);
}

static void test_rules(void **state)
{
	static const struct { const char *text, *ids; } rows[] = {
		{ "", "" }, { " \t\n", "" },
		{ "unaffable", "10 4" },			/* the longest first, though "un" fits too */
		{ "una", "2 9" }, { "unx", "1" }, { "ununa", "1" },
		{ "CAF\xc3\x89 cafe\xcc\x81?", "5 5 6" },	/* lower case, accents gone */
		{ "a?a", "8 6 8" }, { "a+a", "8 11 8" },
		{ "a\xe6\x9d\xb1" "a", "8 7 8" },		/* Han stands alone */
		{ "a\xe2\x80\x8b\x01" "a", "8 9" },		/* format and control characters are gone */
		{ "a\xe3\x80\x80" "a", "8 8" }, { "\xff" "a", "8" },
		{ "[PAD]a", "0 8" }, { "a[PAD]", "8 0" }, { "[Pa", "20 8" },	/* the longest added token */
		{ "[PA", "20 8" }, { "\xc3\x9f\xe1\xba\x9e", "1" },
	};
	const struct wordpiece *w = read("{" NORMALIZER "," PRE "," ADDED "," MODEL("") "}");

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		want(w, rows[i].text, rows[i].ids);
	assert_int_equal(wordpiece_ids(w), 21);
	assert_int_equal(wordpiece_unknown(w), 1);
	assert_int_equal(wordpiece_median(w), 2);	/* 1 1 1 1 1 2 2 | 3 4 5 5 5 5 6, rounded down */
}

static void test_options(void **state)
{
	want(read(WITH("\"lowercase\":false")), "A caf\xc3\xa9", "1 1");
	want(read(WITH("\"lowercase\":false,\"strip_accents\":true")), "caf\xc3\xa9", "5");
	want(read(WITH("\"handle_chinese_chars\":false")), "\xe6\x9d\xb1" "a", "7 9");
	want(read(WITH("\"clean_text\":false")), "a\x01" "a", "1");
	want(read("{" NORMALIZER "," PRE "," MODEL("\"continuing_subword_prefix\":\"u\",") "}"), "a", "8");
	want(read("{" NORMALIZER "," PRE "," MODEL("\"max_input_chars_per_word\":3,") "}"),
		"una unaf\xc3\xa9 a", "2 9 1 8");
}

/* As many as were asked for, also when a word would go on. */
static void test_bounds(void **state)
{
	const struct wordpiece *w = read("{" NORMALIZER "," PRE "," MODEL("") "}");
	uint32_t ids[4] = { 99, 99, 99, 99 };
	char word[1000];

	assert_int_equal(wordpiece_cut(w, SLICE("a unaffable a"), ids, 2), 2);
	assert_int_equal(ids[1], 10);
	assert_int_equal(ids[2], 99);
	memset(word, 'a', sizeof(word));
	assert_int_equal(wordpiece_cut(w, slice_of(word, 100), ids, 4), 4);
	assert_int_equal(ids[3], 9);
	assert_int_equal(wordpiece_cut(w, slice_of(word, 101), ids, 4), 1);
	assert_int_equal(ids[0], 1);
	assert_int_equal(wordpiece_cut(w, slice_of(word, 1000), ids, 4), 1);
	assert_int_equal(wordpiece_cut(w, SLICE("a"), ids, 0), 0);
}

static void test_refused(void **state)
{
	static const struct { const char *json, *why; } rows[] = {
		{ "[", "JSON" }, { "{}", "normalizer" },
		{ "{\"normalizer\":{\"type\":\"NFC\"}," PRE "," MODEL("") "}", "normalizer" },
		{ "{" NORMALIZER "," MODEL("") "}", "pre_tokenizer" },
		{ "{" NORMALIZER "," PRE ",\"model\":{\"type\":\"BPE\"}}", "model" },
		{ "{" NORMALIZER "," PRE ",\"model\":{\"type\":\"WordPiece\"}}", "vocabulary" },
		{ "{" NORMALIZER "," PRE "," MODEL("\"max_input_chars_per_word\":201,") "}", "max_input" },
		{ "{" NORMALIZER "," PRE "," MODEL("\"continuing_subword_prefix\":\"\",") "}", "prefix" },
		{ "{" NORMALIZER "," PRE ",\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":1048576}}}", "2^20" },
		{ "{" NORMALIZER "," PRE ",\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":-1}}}", "2^20" },
		{ "{" NORMALIZER "," PRE ",\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":1}}}", "unk_token" },
		{ "{" NORMALIZER "," PRE ",\"added_tokens\":[{\"id\":1}]," MODEL("") "}", "added" },
		{ "{" NORMALIZER "," PRE ",\"added_tokens\":[{\"id\":1048576,\"content\":\"x\"}]," MODEL("") "}",
			"added" },
		{ "{" NORMALIZER "," PRE ",\"added_tokens\":[{\"id\":1,\"content\":\"x\",\"normalized\":true}],"
			MODEL("") "}", "depends" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *why = NULL;
		assert_null(wordpiece_new(&a, slice_str(rows[i].json), &why));
		if (why == NULL || strstr(why, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].json, why ? why : "no reason");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_refused),
	};
	arena_init(&a, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&a);
	return failed;
}
