/* The input is a tokenizer.json, and then, since it is bytes too, a text for the tokenizer that it makes. */
#include "cache/wordpiece.h"
#include "fuzz.h"

static void check(const struct wordpiece *w, struct slice text)
{
	static const char fixed[] = "Caf\xc3\xa9 a\xe6\x9d\xb1 [PAD]aaa? \xff\xcc\x81";
	uint32_t ids[WORDPIECE_TOKENS_MAX], few[3];
	const uint32_t n = wordpiece_cut(w, text, ids, WORDPIECE_TOKENS_MAX);

	must(n <= WORDPIECE_TOKENS_MAX);
	for (uint32_t i = 0; i < n; i++)
		must(ids[i] < wordpiece_ids(w));
	/* A limit cuts the list; only what the last word becomes may depend on it. */
	const uint32_t m = wordpiece_cut(w, text, few, COUNT_OF(few));
	must(m == MIN_OF(n, (uint32_t)COUNT_OF(few)));
	must(memcmp(few, ids, m * sizeof(*few)) == 0);
	must(wordpiece_cut(w, slice_str(fixed), ids, WORDPIECE_TOKENS_MAX) <= sizeof(fixed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	const char *why = NULL;

	arena_init(&a, 0);
	struct wordpiece *w = wordpiece_new(&a, slice_of(data, n), &why);
	must((w == NULL) == (why != NULL));
	if (w) {
		must(wordpiece_unknown(w) < wordpiece_ids(w));
		check(w, slice_of(data, n));
	}
	arena_done(&a);
	return 0;
}
