/* Labels: which answers say the same. */
#include "unit.h"

#include "base/must.h"
#include "cache/likeness.h"
#include "chat/tape.h"

struct pair_row {
	const char *a, *b;
	enum likeness want;
};

#define LONG "The river rises in the hills and flows for two hundred miles through woods and meadows, past the mill " \
	"and the old bridge, before it reaches the sea near the town with the tall lighthouse and its small harbour. "

static const struct pair_row pairs[] = {
	{ "Paris", "Paris.", LIKENESS_SAME },
	{ "**Paris**", " paris!\n", LIKENESS_SAME },
	{ "Paris", "Rome", LIKENESS_DIFFERENT },
	{ "It is 5 kg.", "It is 6 kg.", LIKENESS_DIFFERENT },
	{ "It is 5 kg.", "It's 5kg", LIKENESS_SAME },
	{ "Yes", "No", LIKENESS_DIFFERENT },
	{ "Take the  second\nroad", "take the second road", LIKENESS_SAME },
	{ "{\"a\":1,\"b\":[2]}", "{\"b\": [2], \"a\": 1}", LIKENESS_SAME },
	{ "{\"a\":1}", "{\"a\":2}", LIKENESS_DIFFERENT },
	{ "{a", "{b and c and d", LIKENESS_DIFFERENT },
	{ LONG, LONG, LIKENESS_SAME },
	{ LONG "Yes.", LONG "yes", LIKENESS_SAME },
	{ LONG, "In short: " LONG, LIKENESS_UNKNOWN },
	{ LONG, "No.", LIKENESS_DIFFERENT },
	{ "", "", LIKENESS_SAME },
};

static void test_pairs(void **state)
{
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		enum likeness got = likeness_of(slice_str(pairs[i].a), slice_str(pairs[i].b));
		if (got != pairs[i].want)
			print_message("%s | %s: %d\n", pairs[i].a, pairs[i].b, got);
		assert_int_equal(got, pairs[i].want);
		assert_int_equal(likeness_of(slice_str(pairs[i].b), slice_str(pairs[i].a)), pairs[i].want);
	}
}

struct tape_row {
	struct event events[4];
	const char *want;		/* NULL: not fit */
};

#define TEXT(s) { .kind = EVENT_TEXT, .text = { s, sizeof(s) - 1 } }
#define KIND(k) { .kind = k, .text = { "x", 1 } }

static const struct tape_row tapes[] = {
	{ { KIND(EVENT_START), TEXT("a"), KIND(EVENT_PART_END), TEXT("b") }, "ab" },
	{ { KIND(EVENT_REASONING), TEXT("a"), KIND(EVENT_FINISH) }, "a" },
	{ { KIND(EVENT_START) }, NULL },
	{ { TEXT("  \n") }, NULL },
	{ { TEXT("a"), KIND(EVENT_TOOL_START) }, NULL },
	{ { TEXT("a"), KIND(EVENT_REFUSAL) }, NULL },
	{ { TEXT("a"), KIND(EVENT_MEDIA) }, NULL },
	{ { TEXT("a"), KIND(EVENT_SIGNATURE) }, NULL },
	{ { TEXT("I\xe2\x80\x99m sorry, but I cannot help with that.") }, NULL },
	{ { TEXT("As an AI I have no taste.") }, NULL },
	{ { { .kind = EVENT_TEXT, .choice = 1, .text = { "a", 1 } } }, NULL },
};

static void test_tapes(void **state)
{
	for (size_t i = 0; i < COUNT_OF(tapes); i++) {
		struct tape t;
		struct buf out;
		tape_init(&t, 4096);
		buf_init(&out, LIKENESS_TEXT_MAX);
		for (size_t j = 0; j < COUNT_OF(tapes[i].events); j++)
			if (tapes[i].events[j].text.n)
				tape_add(&t, &tapes[i].events[j]);
		assert_int_equal(likeness_read(buf_slice(&t.bytes), &out), tapes[i].want != NULL);
		if (tapes[i].want)
			assert_slice(buf_slice(&out), tapes[i].want);
		buf_done(&out);
		tape_done(&t);
	}
}

static void test_size(void **state)
{
	static char big[LIKENESS_TEXT_MAX + 1];
	struct event ev = { .kind = EVENT_TEXT, .text = { big, sizeof(big) } };
	struct tape t;
	struct buf out;

	memset(big, 'a', sizeof(big));
	for (size_t over = 0; over < 2; over++) {
		tape_init(&t, sizeof(big) * 2);
		buf_init(&out, LIKENESS_TEXT_MAX);
		ev.text.n = LIKENESS_TEXT_MAX + over;
		tape_add(&t, &ev);
		assert_int_equal(likeness_read(buf_slice(&t.bytes), &out), !over);
		buf_done(&out);
		tape_done(&t);
	}
	assert_false(likeness_read(SLICE("no tape at all"), &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_tapes),
		cmocka_unit_test(test_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
