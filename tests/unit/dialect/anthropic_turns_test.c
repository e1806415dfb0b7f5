/* Dialogues of other dialects in the order that Anthropic wants. */
#include "anthropic_desk.h"

static struct desk d;

static void say(enum prompt_role role, const char *text)
{
	prompt_add_text(&d.p, prompt_add_message(&d.p, role), slice_str(text));
}

static void open_empty(void)
{
	desk_open_hi(&d);
	d.p.messages = NULL;
	d.p.messages_end = &d.p.messages;
}

#define TEXT(t) "{\"type\":\"text\",\"text\":\"" t "\"}"
#define USER(b) "{\"role\":\"user\",\"content\":[" b "]}"
#define ASSISTANT(b) "{\"role\":\"assistant\",\"content\":[" b "]}"

/* In order, wherever they stood. */
static void test_system(void **state)
{
	open_empty();
	say(PROMPT_SYSTEM, "a");
	say(PROMPT_USER, "b");
	say(PROMPT_DEVELOPER, "c");
	say(PROMPT_SYSTEM, "  ");
	say(PROMPT_USER, "d");
	desk_write(&d, "m");
	desk_wrote(&d, "\"system\":[" TEXT("a") "," TEXT("c") "],\"messages\":[" USER(TEXT("b") "," TEXT("d")) "]");
	desk_dropped(&d, "");
	desk_close(&d);
}

static void test_first(void **state)
{
	open_empty();
	say(PROMPT_SYSTEM, "a");
	desk_write(&d, "m");
	desk_wrote(&d, "\"messages\":[" USER(TEXT(".")) "]");
	say(PROMPT_ASSISTANT, "b");
	say(PROMPT_USER, "c");
	desk_write(&d, "m");
	desk_wrote(&d, "\"messages\":[" USER(TEXT(".")) "," ASSISTANT(TEXT("b")) "," USER(TEXT("c")) "]");
	desk_close(&d);
}

/* An empty turn between two of one role does not keep them apart. */
static void test_empty(void **state)
{
	open_empty();
	say(PROMPT_USER, "a");
	say(PROMPT_ASSISTANT, "b");
	say(PROMPT_USER, "\n");
	say(PROMPT_ASSISTANT, "c");
	say(PROMPT_USER, "d");
	desk_write(&d, "m");
	desk_wrote(&d, "\"messages\":[" USER(TEXT("a")) "," ASSISTANT(TEXT("b") "," TEXT("c")) "," USER(TEXT("d")) "]");
	desk_close(&d);
}

static void test_names(void **state)
{
	open_empty();
	say(PROMPT_USER, "a");
	d.p.messages->name = SLICE("Ann");
	desk_write(&d, "m");
	desk_dropped(&d, "messages.name");
	desk_close(&d);
}

/* Text of the user that stands before results comes behind them. */
static void test_results_first(void **state)
{
	desk_open(&d, DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"content\":"
		"[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}},{\"type\":\"tool_use\","
			"\"id\":\"u\",\"name\":\"f\","
		"\"input\":{}}]},{\"role\":\"user\",\"content\":\"wait\"},{\"role\":\"user\",\"content\":"
			"[{\"type\":\"tool_result\","
		"\"tool_use_id\":\"t\",\"content\":\"1\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
		"\"tool_use_id\":\"u\",\"content\":\"2\"}]}]}");
	desk_write(&d, "m");
	desk_wrote(&d, USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"1\"},"
		"{\"type\":\"tool_result\",\"tool_use_id\":\"u\",\"content\":\"2\"}," TEXT("wait")) "]");
	desk_close(&d);
}

static void test_prefill(void **state)
{
	open_empty();
	say(PROMPT_USER, "a");
	say(PROMPT_ASSISTANT, "{ \n");
	desk_write(&d, "claude-sonnet-4-5");
	desk_wrote(&d, ASSISTANT(TEXT("{")) "]");
	desk_refused(&d, "claude-sonnet-4-6",
		"the model does not go on with an assistant message: the last must be the user's");
	d.p.origin = 'a';
	desk_write(&d, "claude-sonnet-4-6");
	assert_int_equal(d.err, ERR_OK);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system), cmocka_unit_test(test_first), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_names), cmocka_unit_test(test_results_first), cmocka_unit_test(test_prefill),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
