#include "unit.h"

#include "dialect/provider.h"
#include "dialect/quirks.h"
#include "dialect/splice.h"

static size_t count_words(const char *list)
{
	struct slice rest = slice_str(list), word;
	size_t n = 0;

	while (list && slice_next(&rest, ' ', &word))
		n += word.n > 0;
	return n;
}

/* A rename is `from>to`, of names that are not dropped; what is dropped is not in `only` as well. */
static void check_lists(const char *provider, const struct quirks *q)
{
	struct slice rest = slice_str(q->rename), word;

	while (q->rename && slice_next(&rest, ' ', &word)) {
		size_t arrow = slice_find(word, '>');
		assert_true(arrow > 0 && arrow + 1 < word.n);
		struct splice_verdict v = splice_quirk(q, slice_of(word.p, arrow));
		if (v.drop || !slice_eq(v.name, slice_skip(word, arrow + 1)))
			fail_msg("%s: %.*s", provider, SLICE_ARG(word));
	}
	rest = slice_str(q->drop);
	while (q->drop && slice_next(&rest, ' ', &word))
		assert_true(splice_quirk(q, word).drop);
	assert_true(q->drop == NULL || q->only == NULL);
}

static void test_rows(void **state)
{
	size_t with_quirks = 0;
	const struct provider_row *row;

	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		const struct quirks *q = quirks_find(slice_str(row->name));
		assert_non_null(q);
		check_lists(row->name, q);
		with_quirks += q != &quirks_none;
	}
	/* Every row of quirks.def is of a provider of the catalogue. */
	size_t rows = 0;
#define QUIRKS(provider, ...) \
	rows++; \
	if (provider_find(SLICE(provider)) == NULL) \
		fail_msg("no such provider: %s", provider);
#include "dialect/quirks.def"
#undef QUIRKS
	assert_int_equal(rows, with_quirks);
}

static void test_find(void **state)
{
	assert_ptr_equal(quirks_find(SLICE("")), &quirks_none);
	assert_ptr_equal(quirks_find(SLICE("mistra")), &quirks_none);
	assert_ptr_equal(quirks_find(SLICE("mistrall")), &quirks_none);
	assert_int_equal(quirks_find(SLICE("mistral"))->callid, CALLID_MISTRAL);
	assert_true(quirks_find(SLICE("xai"))->reasoning_outside);
	assert_true(quirks_find(SLICE("deepseek"))->echo_reasoning
		&& quirks_find(SLICE("deepseek"))->no_schema);
	assert_true(quirks_find(SLICE("moonshot"))->echo_reasoning);
	assert_true(quirks_find(SLICE("ollama"))->inline_images);
	assert_true(quirks_find(SLICE("lmstudio"))->no_json_object);
	assert_true(quirks_find(SLICE("openrouter"))->details && !quirks_find(SLICE("openai"))->details);
	assert_true(quirks_find(SLICE("openai"))->newest && quirks_find(SLICE("azure"))->newest);
	assert_false(quirks_none.newest);
}

/* What nobody names passes; with a list of all that is known nothing else does. */
static void test_verdicts(void **state)
{
	assert_slice(splice_quirk(&quirks_none, SLICE("anything")).name, "anything");
	assert_false(splice_quirk(&quirks_none, SLICE("anything")).drop);
	assert_true(splice_quirk(quirks_find(SLICE("trtllm")), SLICE("store")).drop);
	assert_true(splice_quirk(quirks_find(SLICE("trtllm")), SLICE("anything")).drop);
	assert_slice(splice_quirk(quirks_find(SLICE("trtllm")), SLICE("max_completion_tokens")).name,
		"max_tokens");
	assert_slice(splice_quirk(quirks_find(SLICE("mistral")), SLICE("seed")).name, "random_seed");
	assert_true(splice_quirk(quirks_find(SLICE("groq")), SLICE("n")).drop);
	assert_true(splice_quirk(quirks_find(SLICE("perplexity")), SLICE("tools")).drop);
	assert_true(count_words(quirks_find(SLICE("trtllm"))->only) > 30);
}

/* Members that no request can do without stay: the lists are heeded for chat and for embeddings. */
static void test_members_that_stay(void **state)
{
	static const char members[] = "model messages stream temperature top_p max_tokens max_completion_tokens "
		"stop response_format input encoding_format dimensions";
	const struct provider_row *row;

	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		struct slice rest = slice_str(members), word;
		while (slice_next(&rest, ' ', &word))
			if (splice_quirk(quirks_find(slice_str(row->name)), word).drop)
				fail_msg("%s drops %.*s", row->name, SLICE_ARG(word));
	}
}

/* Efforts rise: the nearest from above is found by going through them. */
static void test_efforts(void **state)
{
	const struct provider_row *row;

	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		const char *list = quirks_find(slice_str(row->name))->efforts;
		struct slice rest = slice_str(list), word;
		enum prompt_effort last = PROMPT_EFFORT_UNSET;
		while (list && slice_next(&rest, ' ', &word)) {
			if (prompt_effort_of(word) <= last)
				fail_msg("%s: %s", row->name, list);
			last = prompt_effort_of(word);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_members_that_stay),
		cmocka_unit_test(test_efforts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
