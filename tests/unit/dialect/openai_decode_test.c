/* Errors, limits and the table of finish words; what streams look like is golden pages (stream-*.md,
 * whole-*.md). */
#include "unit.h"

#include "rig.h"

static const char chunk[] = "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,"
	"\"delta\":{\"reasoning\":\"r\",\"content\":\"t\","
	"\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
	"\"finish_reason\":\"stop\"}],"
	"\"usage\":{\"prompt_tokens\":1}}";

/* start, reasoning, text, tool start, tool args, finish, usage: whichever is refused is the last. */
static void test_refused_event_stops(void **state)
{
	static struct rig r;

	for (size_t at = 1; at <= 7; at++) {
		rig_init(&r);
		r.fail_at = at;
		assert_int_equal(rig_feed(&r, chunk), ERR_TOO_BIG);
		assert_int_equal(r.n, at);
		rig_done(&r);
		rig_init(&r);
		r.fail_at = at;
		assert_int_equal(openai_chat.decode_whole(&r.decode, slice_str(chunk)), ERR_TOO_BIG);
		assert_int_equal(r.n, at);
		rig_done(&r);
	}
	rig_init(&r);
	assert_int_equal(rig_feed(&r, chunk), ERR_OK);
	assert_int_equal(r.n, 7);
	rig_done(&r);
}

static void test_raw_is_on_the_first_event_only(void **state)
{
	static struct rig r;

	rig_init(&r);
	assert_int_equal(rig_feed(&r, chunk), ERR_OK);
	assert_ptr_equal(r.events[0].raw.p, chunk);
	assert_true(r.events[0].first_of_raw);
	for (size_t i = 1; i < r.n; i++)
		assert_true(!r.events[i].first_of_raw && r.events[i].raw.p == NULL);
	rig_done(&r);
}

static void test_limits(void **state)
{
	static char text[40000];
	static struct rig r;

	rig_init(&r);
	memset(text, '[', sizeof(text) - 1);
	assert_int_equal(rig_feed(&r, text), ERR_UP_BAD_JSON);
	memset(text, 'x', sizeof(text) - 1);
	text[0] = text[sizeof(text) - 2] = '"';
	memcpy(text, "{\"id\":\"", 7);
	memcpy(text + sizeof(text) - 3, "\"}", 2);
	assert_int_equal(rig_feed(&r, text), ERR_OK);
	json_scratch_done(&r.scratch);
	json_scratch_init(&r.scratch, 1000);
	assert_int_equal(rig_feed(&r, text), ERR_UP_TOO_BIG);
	assert_int_equal(openai_chat.decode_whole(&r.decode, slice_str(text)), ERR_UP_TOO_BIG);
	rig_done(&r);
}

/* Before anything was said the counts are unknown, not zero. */
static void test_usage_is_unknown_at_first(void **state)
{
	static struct rig r;

	rig_init(&r);
	assert_int_equal(rig_feed(&r, "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}"), ERR_OK);
	assert_true(r.decode.tally.usage.prompt_tok == -1 && r.decode.tally.usage.completion_tok == -1);
	assert_int_equal(rig_feed(&r, "{\"choices\":[],\"usage\":{\"prompt_tokens\":0}}"), ERR_OK);
	assert_true(r.decode.tally.usage.prompt_tok == 0 && r.decode.tally.usage.completion_tok == -1);
	assert_true(event_usage(&r.events[r.n - 1]).prompt_tok == 0);
	assert_true(r.events[r.n - 1].hidden);
	rig_done(&r);
}

static const struct {
	const char *word;
	enum event_finish finish;
	enum err err;
} finishes[] = {
#define FINISH(word, finish, err) { word, EVENT_FINISH_##finish, ERR_##err },
#include "dialect/openai_finish.def"
#undef FINISH
};

static void check_finish(const char *word, enum event_finish finish, enum err err)
{
	static struct rig r;

	rig_init(&r);
	struct slice data = arena_printf(&r.arena,
		"{\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}", word);
	assert_int_equal(rig_feed(&r, data.p), ERR_OK);
	const struct event *last = &r.events[r.n - 1];
	assert_int_equal(last->kind, err == ERR_OK ? EVENT_FINISH : EVENT_ERROR);
	assert_int_equal(last->err, err);
	assert_int_equal(r.decode.tally.fault.err, err);
	assert_int_equal(r.decode.tally.finish, finish);
	assert_int_equal(r.decode.tally.finished, err == ERR_OK);
	if (err == ERR_OK)
		assert_slice(last->text, word);
	rig_done(&r);
}

static void test_finish_words(void **state)
{
	char other[64];

	for (size_t i = 0; i < COUNT_OF(finishes); i++) {
		check_finish(finishes[i].word, finishes[i].finish, finishes[i].err);
		for (size_t k = 0; k <= strlen(finishes[i].word); k++) {
			char c = finishes[i].word[k];
			other[k] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? (char)(c ^ 0x20) : c;
		}
		check_finish(other, finishes[i].finish, finishes[i].err);
	}
	check_finish("stopp", EVENT_FINISH_UNKNOWN, ERR_OK);
	check_finish("sto", EVENT_FINISH_UNKNOWN, ERR_OK);
}

/* Of several failures the first one is the cause. */
static void test_first_fault_stays(void **state)
{
	static struct rig r;

	rig_init(&r);
	assert_int_equal(rig_feed(&r, "{\"error\":{\"code\":429,\"message\":\"a\"}}"), ERR_OK);
	assert_int_equal(rig_feed(&r, "{\"error\":{\"code\":500,\"message\":\"b\"}}"), ERR_OK);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.events[1].err, ERR_UP_FAILED);
	assert_int_equal(r.decode.tally.fault.err, ERR_UP_THROTTLED);
	rig_done(&r);
}

/* All 128 choices count. */
static void test_finished(void **state)
{
	static struct rig r;

	rig_init(&r);
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 128; i-- > 0; ) {
			assert_false(r.decode.tally.finished);
			struct slice data = arena_printf(&r.arena,
				"{\"choices\":[{\"index\":%u,\"delta\":{},\"finish_reason\":%s}]}", i,
				pass ? "\"stop\"" : "null");
			assert_int_equal(rig_feed(&r, data.p), ERR_OK);
			assert_int_equal(r.decode.tally.choices, pass ? 128 : 128 - i);
		}
	assert_true(r.decode.tally.finished);
	rig_done(&r);
}

/* What OpenRouter's upstream said beside its own word; only a failure, a cut or a filter changes `stop`. */
static void check_native(const char *word, const char *native, enum event_finish finish, enum err err)
{
	static struct rig r;

	rig_init(&r);
	struct slice data = arena_printf(&r.arena,
		"{\"choices\":[{\"finish_reason\":\"%s\",\"native_finish_reason\":\"%s\"}]}", word, native);
	assert_int_equal(rig_feed(&r, data.p), ERR_OK);
	assert_int_equal(r.decode.tally.finish, finish);
	assert_int_equal(r.decode.tally.fault.err, err);
	rig_done(&r);
}

static void test_native_finish(void **state)
{
	check_native("stop", "STOP", EVENT_FINISH_STOP, ERR_OK);
	check_native("stop", "", EVENT_FINISH_STOP, ERR_OK);
	check_native("stop", "end_turn", EVENT_FINISH_STOP, ERR_OK);
	check_native("stop", "cosmic_ray", EVENT_FINISH_STOP, ERR_OK);
	check_native("stop", "MAX_TOKENS", EVENT_FINISH_LENGTH, ERR_OK);
	check_native("stop", "SAFETY", EVENT_FINISH_FILTER, ERR_OK);
	check_native("stop", "error", EVENT_FINISH_NONE, ERR_UP_ERROR_EVENT);
	check_native("tool_calls", "error", EVENT_FINISH_TOOL_CALLS, ERR_OK);
	check_native("length", "stop", EVENT_FINISH_LENGTH, ERR_OK);
}

/* Which frames are progress: an upper floor holds the answer back until then. */
static void test_content(void **state)
{
	static const struct {
		const char *delta;
		bool content;
	} cases[] = {
		{ "{}", false }, { "null", false },
		{ "{\"role\":\"assistant\"}", false }, { "{\"content\":\"\"}", false },
		{ "{\"content\":null,\"reasoning\":null}", false }, { "{\"tool_calls\":[]}", false },
		{ "{\"audio\":{}}", false }, { "{\"annotations\":[]}", false }, { "{\"x\":\"y\"}", false },
		{ "{\"tool_calls\":[{\"index\":0}]}", false },
		{ "{\"content\":\"a\"}", true }, { "{\"reasoning\":\"a\"}", true },
		{ "{\"refusal\":\"a\"}", true }, { "{\"audio\":{\"data\":\"A\"}}", true },
		{ "{\"images\":[{}]}", true }, { "{\"content\":[{\"type\":\"image\"}]}", true },
		{ "{\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}", true },
		{ "{\"function_call\":{\"arguments\":\"{\"}}", true },
	};
	static struct rig r;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		rig_init(&r);
		/* The second frame: the first is the start anyway. */
		assert_int_equal(rig_feed(&r, "{\"id\":\"c\",\"choices\":[{\"delta\":{}}]}"), ERR_OK);
		struct slice data = arena_printf(&r.arena, "{\"id\":\"c\",\"choices\":[{\"delta\":%s}]}",
			cases[i].delta);
		assert_int_equal(rig_feed(&r, data.p), ERR_OK);
		if (r.decode.tally.content != cases[i].content || r.n < 2)
			fail_msg("%s: content %d", cases[i].delta, r.decode.tally.content);
		assert_true(r.events[1].first_of_raw);
		rig_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_event_stops),
		cmocka_unit_test(test_raw_is_on_the_first_event_only),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_usage_is_unknown_at_first),
		cmocka_unit_test(test_finish_words),
		cmocka_unit_test(test_first_fault_stays),
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_native_finish),
		cmocka_unit_test(test_content),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
