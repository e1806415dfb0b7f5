/* Where cache marks go in a finished body, and that nothing else changes. */
#include "unit.h"

#include "dialect/marks.h"

static struct arena arena;

static struct slice place(const struct marks_plan *plan, const char *text, size_t want_n)
{
	static struct buf body;
	struct chain_parts parts;
	yyjson_doc *doc;

	buf_done(&body);
	buf_init(&body, 65536);
	buf_add(&body, slice_str(text));
	chain_find(&arena, buf_slice(&body), &parts);
	assert_int_equal(marks_place(plan, &parts, &body), want_n);
	assert_int_equal(json_parse(&arena, buf_slice(&body), &doc, NULL), ERR_OK);
	return buf_slice(&body);
}

#define C5 "\"cache_control\":{\"type\":\"ephemeral\"}"
#define C1 "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"
#define HI "{\"role\":\"user\",\"content\":\"Hi\"}"

static void test_all_four(void **state)
{
	const struct marks_plan plan = { .at = { { MARKS_TOOLS, 0, true }, { MARKS_SYSTEM, 0, true },
		{ MARKS_MESSAGE, 0, false }, { MARKS_MESSAGE, 2, false } }, .n = 4 };

	assert_slice(place(&plan, "{\"messages\":[" HI ",{\"role\":\"assistant\",\"content\":[]}, {\"role\":\"user\","
		"\"content\": [{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\" } ]}],"
		"\"system\" : \"S\",\"tools\":[{\"name\":\"x\"}, {\"name\":\"y\"}] }", 4),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"," C5 "}]},"
		"{\"role\":\"assistant\",\"content\":[]}, {\"role\":\"user\","
		"\"content\": [{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\" ," C5 "} ]}],"
		"\"system\" : [{\"type\":\"text\",\"text\":\"S\"," C1 "}],"
		"\"tools\":[{\"name\":\"x\"}, {\"name\":\"y\"," C1 "}] }");
}

/* The last block that may be marked; none: no mark. */
static void test_blocks(void **state)
{
	static const struct {
		const char *content, *marked;	/* NULL: none */
	} rows[] = {
		{ "\"\"", NULL },
		{ "\" \\n\\t \"", NULL },
		{ "\"\\\\n\"", "[{\"type\":\"text\",\"text\":\"\\\\n\"," C5 "}]" },
		{ "[]", NULL },
		{ "[{\"type\":\"thinking\",\"thinking\":\"a\",\"signature\":\"s\"}]", NULL },
		{ "[{\"type\":\"text\",\"text\":\"\"}]", NULL },
		{ "[{\"type\":\"tool_use\",\"id\":\"1\",\"input\":{}},{\"type\":\"redacted_thinking\",\"data\":\"x\"}]",
			"[{\"type\":\"tool_use\",\"id\":\"1\",\"input\":{}," C5 "},"
			"{\"type\":\"redacted_thinking\",\"data\":\"x\"}]" },
		{ "[{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\",\"text\":\"in\"}]}]",
			"[{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\",\"text\":\"in\"}]," C5 "}]" },
		{ "[{\"type\":\"image\",\"source\":{}}]", "[{\"type\":\"image\",\"source\":{}," C5 "}]" },
		{ "[{\"type\":\"server_thing\"}]", NULL },
		{ "null", NULL },
	};
	const struct marks_plan plan = { .at = { { MARKS_MESSAGE, 0, false } }, .n = 1 };
	char body[1024], want[1024];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(body, sizeof(body), "{\"messages\":[{\"content\":%s,\"role\":\"user\"}]}", rows[i].content);
		snprintf(want, sizeof(want), "{\"messages\":[{\"content\":%s,\"role\":\"user\"}]}",
			rows[i].marked ? rows[i].marked : rows[i].content);
		assert_slice(place(&plan, body, rows[i].marked != NULL), want);
	}
}

static void test_tools_and_system(void **state)
{
	const struct marks_plan tools = { .at = { { MARKS_TOOLS, 0, false } }, .n = 1 };
	const struct marks_plan system = { .at = { { MARKS_SYSTEM, 0, false } }, .n = 1 };

	assert_slice(place(&tools, "{\"tools\":[{\"name\":\"a\"},{\"name\":\"b\",\"defer_loading\":true}]}", 1),
		"{\"tools\":[{\"name\":\"a\"," C5 "},{\"name\":\"b\",\"defer_loading\":true}]}");
	assert_slice(place(&tools, "{\"tools\":[]}", 0), "{\"tools\":[]}");
	assert_slice(place(&tools, "{}", 0), "{}");
	assert_slice(place(&system, "{\"system\":[{\"type\":\"text\",\"text\":\"a\"}]}", 1),
		"{\"system\":[{\"type\":\"text\",\"text\":\"a\"," C5 "}]}");
	assert_slice(place(&system, "{\"messages\":[]}", 0), "{\"messages\":[]}");
}

static void test_members(void **state)
{
	struct marks_plan plan = { .key = SLICE("weir-abc-0") };

	assert_slice(place(&plan, "{\"model\":\"m\"} \n", 0),
		"{\"model\":\"m\",\"prompt_cache_key\":\"weir-abc-0\"} \n");
	plan = (struct marks_plan){ .explicit_only = true };
	assert_slice(place(&plan, "{\"model\":\"m\"}", 0),
		"{\"model\":\"m\",\"prompt_cache_options\":{\"mode\":\"explicit\"}}");
	plan = (struct marks_plan){ .n = 0 };
	assert_slice(place(&plan, "{\"model\":\"m\"}", 0), "{\"model\":\"m\"}");
}

static void test_no_room(void **state)
{
	const struct marks_plan plan = { .at = { { MARKS_SYSTEM, 0, false } }, .n = 1 };
	struct chain_parts parts;
	struct buf body;

	buf_init(&body, 20);
	buf_add(&body, SLICE("{\"system\":\"a\"}"));
	chain_find(&arena, buf_slice(&body), &parts);
	assert_int_equal(marks_place(&plan, &parts, &body), 0);
	assert_slice(buf_slice(&body), "{\"system\":\"a\"}");
	buf_done(&body);
}

static void test_who_has_had_a_say(void **state)
{
	const struct marks_row *claude = marks_find(&anthropic_messages, SLICE("claude-sonnet-4-5"));
	const struct marks_row *gpt = marks_find(&openai_chat, SLICE("gpt-5.6-sol"));

	assert_true(marks_taken(claude, SLICE("{\"cache_control\" :{\"type\":\"ephemeral\"}}")));
	assert_false(marks_taken(claude, SLICE("{\"system\":\"say \\\"cache_control\\\": now\"}")));
	assert_true(marks_taken(gpt, SLICE("{\"prompt_cache_key\":\"k\"}")));
	assert_true(marks_taken(gpt, SLICE("{\"prompt_cache_options\":{}}")));
	assert_true(marks_taken(gpt, SLICE("{\"messages\":[{\"content\":[{\"prompt_cache_breakpoint\":{}}]}]}")));
	assert_false(marks_taken(gpt, SLICE("{\"messages\":[{\"content\":\"\\\"prompt_cache_key\\\"\"}]}")));
}

static void test_models(void **state)
{
	static const struct {
		const struct dialect *back;
		const char *model;
		int min_tok;	/* 0: no row */
		enum marks_how how;
	} rows[] = {
		{ &anthropic_messages, "claude-haiku-4-5-20251001", 4096, MARKS_BLOCKS },
		{ &anthropic_messages, "claude-3-5-haiku-latest", 2048, MARKS_BLOCKS },
		{ &anthropic_messages, "claude-sonnet-4-6", 1024, MARKS_BLOCKS },
		{ &anthropic_messages, "claude-newfamily-9", 1024, MARKS_BLOCKS },
		{ &anthropic_messages, "qwen3-coder", 0, 0 },
		{ &anthropic_count, "claude-sonnet-4-6", 0, 0 },
		{ &openai_chat, "gpt-5.6-sol", 1024, MARKS_PAID },
		{ &openai_responses, "gpt-5.6", 1024, MARKS_PAID },
		{ &openai_chat, "gpt-5.5", 1024, MARKS_FREE },
		{ &openai_chat, "claude-sonnet-4-6", 0, 0 },
		{ &openai_chat, "sonnet-4", 0, 0 },
		{ &openai_chat, "llama", 0, 0 },
		{ &gemini_generate, "gemini-3-pro", 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct marks_row *row = marks_find(rows[i].back, slice_str(rows[i].model));
		if ((row ? (int)row->min_tok : 0) != rows[i].min_tok || (row && row->how != rows[i].how))
			fail_msg("%s", rows[i].model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_four),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_tools_and_system),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_who_has_had_a_say),
		cmocka_unit_test(test_models),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
