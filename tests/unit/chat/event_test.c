#include "unit.h"

#include "chat/event.h"

/* What releases an answer and stops the first-token clock. */
static void test_content(void **state)
{
	static const struct {
		enum event_kind kind;
		const char *name;
		bool content;
	} rows[] = {
		{ EVENT_START, "start", false }, { EVENT_TEXT, "text", true },
		{ EVENT_REASONING, "reasoning", true },
		{ EVENT_REFUSAL, "refusal", true }, { EVENT_TOOL_START, "tool_start", true },
		{ EVENT_TOOL_ARGS, "tool_args", true },
		{ EVENT_FINISH, "finish", true }, { EVENT_USAGE, "usage", false },
		{ EVENT_PART_END, "part_end", false }, { EVENT_SIGNATURE, "signature", false },
		{ EVENT_REDACTED, "redacted", true }, { EVENT_CITATION, "citation", false },
		{ EVENT_LOGPROBS, "logprobs", false }, { EVENT_MEDIA, "media", true },
		{ EVENT_VECTOR, "vector", true }, { EVENT_OTHER, "other", true },
		{ EVENT_ERROR, "error", false }, { EVENT_END, "end", false },
	};

	assert_int_equal(COUNT_OF(rows), EVENT_END + 1);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct event ev = { .kind = (uint8_t)rows[i].kind };
		assert_int_equal(rows[i].kind, i);	/* none is left out */
		assert_int_equal(event_is_content(&ev), rows[i].content);
		assert_string_equal(event_kind_name(rows[i].kind), rows[i].name);
	}
	/* a frame without any choice is no part of the answer */
	struct event ev = { .kind = EVENT_OTHER, .choice = EVENT_NO_CHOICE };
	assert_false(event_is_content(&ev));
}

static void test_finish_names(void **state)
{
	static const char *const want[] = { "none", "stop", "length", "tool_calls", "content_filter",
		"function_call", "unknown" };

	for (int f = 0; f <= EVENT_FINISH_UNKNOWN; f++)
		assert_string_equal(event_finish_name((enum event_finish)f), want[f]);
	assert_int_equal(COUNT_OF(want), EVENT_FINISH_UNKNOWN + 1);
}

static void test_usage_travels_as_text(void **state)
{
	struct usage u = { 1, 2, 3, 4, 5 }, none = USAGE_NONE;
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&u) };
	struct usage got = event_usage(&ev);

	assert_memory_equal(&got, &u, sizeof(u));
	ev.text.n--;
	got = event_usage(&ev);
	assert_memory_equal(&got, &none, sizeof(u));
	ev = (struct event){ .kind = EVENT_TEXT, .text = event_usage_text(&u) };
	got = event_usage(&ev);
	assert_memory_equal(&got, &none, sizeof(u));
}

static void test_media_type(void **state)
{
	static const struct {
		const char *said, *type;
	} rows[] = {
		{ "image/jpeg", "image/jpeg" }, { "audio/L16;rate=24000", "audio/L16" }, { "a/b,c", "a/b" },
		{ "", "image/png" }, { ";x=1", "image/png" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct event ev = { .kind = EVENT_MEDIA, .extra = slice_str(rows[i].said) };
		assert_true(slice_eq(event_media_type(&ev), slice_str(rows[i].type)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_finish_names),
		cmocka_unit_test(test_usage_travels_as_text),
		cmocka_unit_test(test_media_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
