/* Tools and choices of other dialects. */
#include "anthropic_desk.h"

static struct desk d;

static yyjson_val *json(const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&d.arena, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

static struct prompt_tool *add(enum prompt_tool_kind kind, const char *name)
{
	struct prompt_tool *t = prompt_add_tool(&d.p, kind);

	t->name = slice_str(name);
	return t;
}

static void test_function(void **state)
{
	desk_open_hi(&d);
	struct prompt_tool *t = add(PROMPT_TOOL_FUNCTION, "f");
	desk_write(&d, "m");
	desk_wrote(&d, "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\",\"properties\":{}}}]");
	t->description = SLICE("does");
	t->schema = json("{\"properties\":{\"a\":{}},\"required\":[\"a\"]}");
	desk_write(&d, "m");
	desk_wrote(&d, "{\"name\":\"f\",\"description\":\"does\",\"input_schema\":{\"properties\":{\"a\":{}},"
		"\"required\":[\"a\"],"
		"\"type\":\"object\"}}");
	t->schema = json("{\"type\":\"object\"}");
	desk_write(&d, "m");
	desk_wrote(&d, "\"input_schema\":{\"type\":\"object\"}}");
	desk_close(&d);
}

static void test_strict(void **state)
{
	desk_open_hi(&d);
	add(PROMPT_TOOL_FUNCTION, "f")->strict = PROMPT_YES;
	desk_write(&d, "claude-sonnet-4-5");
	desk_wrote(&d, "\"strict\":true}");
	desk_dropped(&d, "");
	desk_write(&d, "claude-sonnet-4");
	desk_dropped(&d, "tools.strict");
	for (int i = 0; i < 20; i++)
		add(PROMPT_TOOL_FUNCTION, "g")->strict = PROMPT_YES;
	desk_write(&d, "claude-sonnet-4-5");
	desk_dropped(&d, "tools.strict");
	desk_close(&d);
}

static void test_custom(void **state)
{
	desk_open_hi(&d);
	struct prompt_tool *t = add(PROMPT_TOOL_CUSTOM, "run");
	t->raw = json("{\"type\":\"custom\",\"custom\":{\"name\":\"run\",\"format\":{\"type\":\"text\"}}}");
	desk_write(&d, "m");
	desk_wrote(&d, "\"tools\":[{\"name\":\"run\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"input\":"
		"{\"type\":\"string\"}},\"required\":[\"input\"],\"additionalProperties\":false}}]");
	desk_dropped(&d, "");
	t->raw = json("{\"type\":\"custom\",\"name\":\"run\",\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\"}}");
	desk_write(&d, "m");
	desk_dropped(&d, "tools.format");
	desk_close(&d);
}

static void search_is(const char *raw, const char *want, const char *dropped)
{
	desk_open_hi(&d);
	prompt_add_tool(&d.p, PROMPT_TOOL_WEB_SEARCH)->raw = json(raw);
	desk_write(&d, "m");
	desk_wrote(&d, want);
	desk_dropped(&d, dropped);
	desk_close(&d);
}

static void test_search(void **state)
{
	search_is("{}", "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "");
	search_is("{\"search_context_size\":\"high\",\"user_location\":{\"type\":\"approximate\",\"approximate\":"
		"{\"city\":\"Ulm\",\"country\":\"DE\"}}}",
			"\"name\":\"web_search\",\"user_location\":{\"type\":\"approximate\","
		"\"city\":\"Ulm\",\"country\":\"DE\"}}", "search_context_size");
	search_is("{\"type\":\"web_search\",\"search_context_size\":\"medium\",\"user_location\":{\"type\":"
		"\"approximate\","
		"\"timezone\":\"UTC\"},\"filters\":{\"allowed_domains\":[\"a.b\"]}}", "\"allowed_domains\":[\"a.b\"],"
		"\"user_location\":{\"type\":\"approximate\",\"timezone\":\"UTC\"}}", "");
}

static void test_hosted(void **state)
{
	desk_open_hi(&d);
	struct prompt_tool *t = prompt_add_tool(&d.p, PROMPT_TOOL_HOSTED);
	t->raw = json("{\"type\":\"code_interpreter\"}");
	desk_refused(&d, "m", "the tool code_interpreter runs at another provider only");
	t->raw = json("{\"codeExecution\":{}}");
	desk_refused(&d, "m", "the tool of this kind runs at another provider only");
	desk_close(&d);
}

/* --- the choice ----------------------------------------------------------------------------------------- */

static void choice_is(enum prompt_choice choice, enum prompt_tri parallel, const char *model, const char *want)
{
	desk_open_hi(&d);
	add(PROMPT_TOOL_FUNCTION, "f");
	d.p.choice = choice;
	d.p.parallel = parallel;
	d.p.choice_names = &(struct slice){ "f", 1 };
	d.p.n_choice_names = 1;
	desk_write(&d, model);
	if (want)
		desk_wrote(&d, want);
	else
		assert_false(desk_has(&d, "tool_choice"));
	desk_close(&d);
}

static void test_choices(void **state)
{
	choice_is(PROMPT_CHOICE_UNSET, PROMPT_TRI_UNSET, "m", NULL);
	choice_is(PROMPT_CHOICE_UNSET, PROMPT_YES, "m", NULL);
	choice_is(PROMPT_CHOICE_UNSET, PROMPT_NO, "m",
		"\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}");
	choice_is(PROMPT_CHOICE_AUTO, PROMPT_TRI_UNSET, "m", "\"tool_choice\":{\"type\":\"auto\"}");
	choice_is(PROMPT_CHOICE_NONE, PROMPT_NO, "m", "\"tool_choice\":{\"type\":\"none\"}");
	choice_is(PROMPT_CHOICE_REQUIRED, PROMPT_NO, "m",
		"\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}");
	choice_is(PROMPT_CHOICE_NAMED, PROMPT_TRI_UNSET, "m", "\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"}");
	choice_is(PROMPT_CHOICE_NAMED, PROMPT_TRI_UNSET, "claude-opus-5-5", "\"tool_choice\":{\"type\":\"auto\"}");
}

static void test_forced_is_named(void **state)
{
	desk_open_hi(&d);
	add(PROMPT_TOOL_FUNCTION, "f");
	d.p.choice = PROMPT_CHOICE_REQUIRED;
	desk_write(&d, "claude-sonnet-5-5");
	desk_dropped(&d, "tool_choice");
	desk_write(&d, "claude-sonnet-5");
	desk_dropped(&d, "");
	desk_close(&d);
}

static void test_allowed(void **state)
{
	struct slice names[] = { SLICE("g"), SLICE("h") };

	desk_open_hi(&d);
	add(PROMPT_TOOL_FUNCTION, "f");
	add(PROMPT_TOOL_FUNCTION, "g");
	d.p.choice = PROMPT_CHOICE_ALLOWED;
	d.p.choice_names = names;
	d.p.n_choice_names = 2;
	prompt_tidy(&d.p);
	desk_write(&d, "m");
	desk_wrote(&d, "\"tools\":[{\"name\":\"g\",");
	desk_wrote(&d, "\"tool_choice\":{\"type\":\"auto\"}");
	assert_false(desk_has(&d, "\"name\":\"f\""));
	d.p.choice_required = true;
	desk_write(&d, "m");
	desk_wrote(&d, "\"tool_choice\":{\"type\":\"any\"}");
	d.p.n_choice_names = 0;
	prompt_tidy(&d.p);
	desk_write(&d, "m");
	assert_false(desk_has(&d, "tool"));
	desk_close(&d);
}

/* Refused without tools, and without meaning. */
static void test_no_tools(void **state)
{
	desk_open_hi(&d);
	d.p.choice = PROMPT_CHOICE_AUTO;
	d.p.parallel = PROMPT_NO;
	desk_write(&d, "m");
	assert_false(desk_has(&d, "tool"));
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function), cmocka_unit_test(test_strict), cmocka_unit_test(test_custom),
		cmocka_unit_test(test_search), cmocka_unit_test(test_hosted), cmocka_unit_test(test_choices),
		cmocka_unit_test(test_forced_is_named), cmocka_unit_test(test_allowed), cmocka_unit_test(test_no_tools),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
