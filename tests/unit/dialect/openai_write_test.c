/* Prompts of other dialects, and room; what a body of this dialect becomes is golden pages (written-*.md,
 * provider-*.md). */
#include "unit.h"

#include "dialect/openai_write.h"
#include "dialect/quirks.h"

struct writing {
	struct arena arena;
	struct prompt prompt;
	struct drops drops;
	struct fault fault;
	struct dialect_ask ask;
	struct buf out;
	enum err err;
};

/* As if it came from a client of the dialect with this tag. */
static void writing_init(struct writing *w, char origin, const char *provider)
{
	*w = (struct writing){ .err = ERR_OK };
	arena_init(&w->arena, 0);
	prompt_init(&w->prompt, &w->arena);
	w->prompt.origin = origin;
	w->ask = (struct dialect_ask){ .model = SLICE("up"), .provider = slice_str(provider),
		.quirks = quirks_find(slice_str(provider)), .drops = &w->drops, .arena = &w->arena,
		.fault = &w->fault };
	buf_init(&w->out, 65536);
}

static void writing_done(struct writing *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

static struct prompt_message *say(struct writing *w, enum prompt_role role, const char *text)
{
	struct prompt_message *m = prompt_add_message(&w->prompt, role);

	prompt_add_text(&w->prompt, m, slice_str(text));
	return m;
}

static struct prompt_part *add(struct writing *w, struct prompt_message *m, enum prompt_part_kind kind)
{
	return prompt_add_part(&w->prompt, m, kind);
}

static yyjson_val *json(struct writing *w, const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&w->arena, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

static void write(struct writing *w)
{
	yyjson_doc *doc;

	buf_clear(&w->out);
	w->drops.n = 0;
	w->err = openai_write(&w->prompt, &w->ask, &w->out);
	if (w->err == ERR_OK)
		assert_int_equal(json_parse(&w->arena, buf_slice(&w->out), &doc, NULL), ERR_OK);
}

static void expect(struct writing *w, const char *body, const char *drops)
{
	char text[1024];

	write(w);
	assert_int_equal(w->err, ERR_OK);
	assert_slice(buf_slice(&w->out), body);
	assert_string_equal(drops_text(&w->drops, text, sizeof(text)), drops);
}

static void expect_refused(struct writing *w, const char *message)
{
	write(w);
	assert_int_equal(w->err, ERR_UNSUPPORTED);
	assert_int_equal(w->fault.err, ERR_UNSUPPORTED);
	assert_slice(w->fault.message, message);
}

/* --- what only its own dialect understands ------------------------------------------------------------ */

static void test_hosted_tool(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "openai");
	say(&w, PROMPT_USER, "x");
	struct prompt_tool *t = prompt_add_tool(&w.prompt, PROMPT_TOOL_HOSTED);
	t->name = SLICE("code_execution_20250825");
	t->raw = json(&w, "{\"type\":\"code_execution_20250825\"}");
	expect_refused(&w, "the tool code_execution_20250825 runs at a provider of another kind");
	/* The first reason stays. */
	add(&w, w.prompt.messages, PROMPT_PART_OTHER)->name = SLICE("document_page");
	expect_refused(&w, "openai does not take a part that only its own provider understands: "
		"document_page");
	writing_done(&w);
}

static void test_parts_refused(void **state)
{
	static const struct {
		enum prompt_part_kind kind;
		struct prompt_media media;
		const char *message;
	} cases[] = {
		{ PROMPT_PART_IMAGE, { .source = PROMPT_SOURCE_FILE_ID, .data = { "f", 1 } },
			"vllm does not take a file that was uploaded to another provider" },
		{ PROMPT_PART_FILE, { .source = PROMPT_SOURCE_FILE_ID, .data = { "f", 1 } },
			"vllm does not take a file that was uploaded to another provider" },
		{ PROMPT_PART_AUDIO, { .source = PROMPT_SOURCE_URL, .data = { "u", 1 } },
		"vllm does not take a sound by its URL" },
		{ PROMPT_PART_FILE, { .source = PROMPT_SOURCE_URL, .data = { "u", 1 } },
			"vllm does not take a document by its URL" },
	};
	struct writing w;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		writing_init(&w, 'a', "vllm");
		add(&w, say(&w, PROMPT_USER, "x"), cases[i].kind)->media = cases[i].media;
		expect_refused(&w, cases[i].message);
		writing_done(&w);
	}
}

/* An assistant's part and a result's part that mean nothing here are refused too. */
static void test_other_parts_elsewhere(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "vllm");
	add(&w, say(&w, PROMPT_ASSISTANT, "x"), PROMPT_PART_OTHER)->name = SLICE("server_tool_use");
	expect_refused(&w, "vllm does not take a part that only its own provider understands: "
		"server_tool_use");
	writing_done(&w);

	writing_init(&w, 'a', "vllm");
	struct prompt_part *call = add(&w, say(&w, PROMPT_ASSISTANT, "x"), PROMPT_PART_TOOL_CALL);
	call->id = SLICE("a");
	struct prompt_part *result = add(&w, prompt_add_message(&w.prompt, PROMPT_TOOL),
		PROMPT_PART_TOOL_RESULT);
	result->id = SLICE("a");
	prompt_link_part(&w.prompt, &result->content, PROMPT_PART_OTHER);
	expect_refused(&w, "a tool's result holds what only its own provider understands");
	writing_done(&w);
}

static void test_extras(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "vllm");
	say(&w, PROMPT_USER, "x");
	prompt_add_extra(&w.prompt, SLICE("context_management"), json(&w, "{}"));
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
		"context_management");
	w.prompt.origin = 'c';
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		"\"context_management\":{}}", "");
	writing_done(&w);
}

/* --- what is said in another way ---------------------------------------------------------------------- */

static void test_web_search(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "openai");
	say(&w, PROMPT_USER, "x");
	struct prompt_tool *t = prompt_add_tool(&w.prompt, PROMPT_TOOL_WEB_SEARCH);
	t->raw = json(&w, "{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":3,"
		"\"allowed_domains\":[\"a\"],"
		"\"blocked_domains\":null,\"user_location\":{\"type\":\"approximate\",\"city\":\"Riga\","
		"\"country\":null}}");
	prompt_add_tool(&w.prompt, PROMPT_TOOL_WEB_SEARCH);	/* a second one says nothing more */
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		"\"web_search_options\":{\"user_location\":"
		"{\"type\":\"approximate\",\"approximate\":{\"city\":\"Riga\"}}}}",
		"max_uses, allowed_domains");
	t->raw = NULL;
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
		"\"web_search_options\":{}}", "");
	w.ask.quirks = quirks_find(SLICE("groq"));
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
		"web_search_options");
	writing_done(&w);
}

/* Responses has a grammar beside the type. */
static void test_custom_tool(void **state)
{
	struct writing w;

	writing_init(&w, 'r', "openai");
	say(&w, PROMPT_USER, "x");
	struct prompt_tool *t = prompt_add_tool(&w.prompt, PROMPT_TOOL_CUSTOM);
	t->name = SLICE("patch");
	t->raw = json(&w, "{\"type\":\"custom\",\"name\":\"patch\",\"format\":"
		"{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":\"d\"}}");
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{"
		"\"type\":\"custom\",\"custom\":"
		"{\"name\":\"patch\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\","
		"\"definition\":\"d\"}}}}]}", "");
	writing_done(&w);
}

static void test_cache_marks(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "openrouter");
	say(&w, PROMPT_USER, "x")->parts->cache = PROMPT_CACHE_1H;
	prompt_add_tool(&w.prompt, PROMPT_TOOL_FUNCTION)->cache = PROMPT_CACHE_DEFAULT;
	w.prompt.tools->name = SLICE("f");
	w.prompt.cache = PROMPT_CACHE_5M;
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		"\"text\":\"x\","
		"\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}],\"tools\":[{"
		"\"type\":\"function\",\"function\":"
		"{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":{}}},\"cache_control\":{"
		"\"type\":\"ephemeral\"}}],"
		"\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}", "");
	w.ask.quirks = quirks_find(SLICE("vllm"));
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{"
		"\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}]}",
		"cache_control");
	writing_done(&w);
}

static void test_plain_document(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "vllm");
	struct prompt_part *part = add(&w, say(&w, PROMPT_USER, ""), PROMPT_PART_FILE);
	part->media = (struct prompt_media){ .source = PROMPT_SOURCE_PLAIN, .data = SLICE("Once\n"),
		.name = SLICE("tale.txt"),
		.mime = SLICE("text/plain") };
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		"\"text\":\"tale.txt\\n\\nOnce\\n\"}]}]}", "");
	writing_done(&w);
}

/* Text in base64 is told as text when it is base64. */
static void test_text_in_base64(void **state)
{
	struct writing w;

	writing_init(&w, 'g', "vllm");
	struct prompt_part *part = add(&w, say(&w, PROMPT_USER, ""), PROMPT_PART_FILE);
	part->media = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64, .data = SLICE("T25jZQ=="),
		.mime = SLICE("text/plain") };
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		"\"text\":\"Once\"}]}]}", "");
	part->media.data = SLICE("T25jZ");
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":"
		"{\"filename\":\"file.pdf\",\"file_data\":\"data:text/plain;base64,T25jZ\"}}]}]}", "");
	writing_done(&w);
}

/* Mistral takes no user right behind a tool; one answer asked for is what comes anyway. */
static void test_turn_after_tool(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "mistral");
	struct prompt_part *call = add(&w, say(&w, PROMPT_ASSISTANT, ""), PROMPT_PART_TOOL_CALL);
	call->id = SLICE("abcDEF123");
	call->name = SLICE("f");
	struct prompt_message *m = prompt_add_message(&w.prompt, PROMPT_TOOL);
	add(&w, m, PROMPT_PART_TOOL_RESULT)->id = SLICE("abcDEF123");
	say(&w, PROMPT_USER, "go on");
	say(&w, PROMPT_USER, "do");
	w.prompt.n = 1;
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
		"\"id\":\"abcDEF123\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"abcDEF123\",\"content\":\"\"},"
		"{\"role\":\"assistant\",\"content\":\"OK.\"},{\"role\":\"user\",\"content\":\"go on\"},"
		"{\"role\":\"user\",\"content\":\"do\"}]}", "");
	writing_done(&w);
}

/* A failed tool says so in words; media of a model's turn cannot go back. */
static void test_turns(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "vllm");
	struct prompt_message *m = say(&w, PROMPT_ASSISTANT, "a");
	prompt_add_text(&w.prompt, m, SLICE("b"));
	add(&w, m, PROMPT_PART_IMAGE)->media = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64,
		.data = SLICE("AA==") };
	struct prompt_part *call = add(&w, m, PROMPT_PART_TOOL_CALL);
	call->id = SLICE("toolu_1");
	call->name = SLICE("f");
	struct prompt_part *result = add(&w, prompt_add_message(&w.prompt, PROMPT_TOOL),
		PROMPT_PART_TOOL_RESULT);
	result->id = SLICE("toolu_1");
	result->is_error = true;
	struct prompt_part **at = prompt_link_part(&w.prompt, &result->content, PROMPT_PART_TEXT);
	result->content->text = SLICE("no such file");
	prompt_link_part(&w.prompt, at, PROMPT_PART_TEXT);
	result->content->next->text = SLICE("really");
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":\"ab\","
		"\"tool_calls\":[{\"id\":\"toolu_1\","
		"\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{"
		"\"role\":\"tool\","
		"\"tool_call_id\":\"toolu_1\",\"content\":\"Error: no such file\\nreally\"}]}",
		"assistant.media");
	writing_done(&w);
}

/* --- reasoning ---------------------------------------------------------------------------------------- */

#define USER "{\"role\":\"user\",\"content\":\"x\"}"

/* "Off" of clients who say it of any model is no word for a model without thinking. */
static void test_off(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "openai");
	say(&w, PROMPT_USER, "x");
	w.prompt.effort = PROMPT_EFFORT_NONE;
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "]}", "thinking");
	w.ask.quirks = quirks_find(SLICE("deepseek"));
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "],\"thinking\":{\"type\":\"disabled\"}}", "");
	w.prompt.effort = PROMPT_EFFORT_UNSET;
	w.prompt.thinking_tok = 0;
	w.ask.quirks = quirks_find(SLICE("qwen"));
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "],\"enable_thinking\":false}", "");
	writing_done(&w);
}

static struct prompt_part *think(struct writing *w, struct prompt_message *m, const char *text, char origin,
	const char *seal)
{
	struct prompt_part *part = add(w, m, PROMPT_PART_REASONING);

	part->text = slice_str(text);
	part->seal = (struct prompt_seal){ origin, slice_str(seal) };
	return part;
}

/* What a client sends back as state of this dialect can be anything: it is JSON again before it goes out. */
static void test_own_state(void **state)
{
	static const char *const bad[] = { "", "x", "[]", "{\"a\":1", "{},\"role\":\"system\"" };
	struct writing w;

	writing_init(&w, 'a', "openrouter");
	struct prompt_message *m = say(&w, PROMPT_ASSISTANT, "y");
	struct prompt_part *part = think(&w, m, "Hm", 'c', "{\"type\":\"reasoning.text\",\"signature\":\"S\","
		"\"format\":\"f\"}");
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"reasoning_details\":[{"
		"\"type\":\"reasoning.text\","
		"\"signature\":\"S\",\"format\":\"f\",\"text\":\"Hm\"}],\"content\":\"y\"}]}", "");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		part->seal.bytes = slice_str(bad[i]);
		expect(&w, i ? "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"reasoning_details\":[],"
			"\"content\":\"y\"}]}"
			: "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":\"y\"}]}", "");
	}
	/* A dialect that OpenRouter has no name for. */
	part->seal = (struct prompt_seal){ 'z', SLICE("S") };
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":\"y\"}]}", "");
	writing_done(&w);
}

/* Of a call: Google's surface gets its own back, also when it went through another dialect's client. */
static void test_call_state(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "gemini-openai");
	struct prompt_part *call = add(&w, say(&w, PROMPT_ASSISTANT, ""), PROMPT_PART_TOOL_CALL);
	call->id = SLICE("a");
	call->name = SLICE("f");
	call->seal = (struct prompt_seal){ 'c', SLICE("U0lH") };
	const char *with = "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":null,"
		"\"tool_calls\":[{\"id\":\"a\","
		"\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"extra_content\":{"
		"\"google\":"
		"{\"thought_signature\":\"U0lH\"}}}]}]}";
	const char *without = "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\"content\":null,"
		"\"tool_calls\":[{\"id\":\"a\","
		"\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}]}";
	expect(&w, with, "");
	call->seal.origin = 'g';
	expect(&w, with, "");
	call->seal.origin = 'a';
	expect(&w, without, "");
	w.ask.quirks = quirks_find(SLICE("openrouter"));
	expect(&w, without, "");
	call->seal.origin = 'g';
	w.ask.quirks = quirks_find(SLICE("openai"));
	expect(&w, without, "");
	writing_done(&w);
}

/* --- formats, users, room ----------------------------------------------------------------------------- */

/* OpenAI gives JSON without a schema only when the prompt speaks of it; other dialects' clients need not. */
static void test_json_instruction(void **state)
{
	struct writing w;

	writing_init(&w, 'g', "openai");
	say(&w, PROMPT_USER, "x");
	w.prompt.format = PROMPT_FORMAT_JSON;
	expect(&w, "{\"model\":\"up\",\"messages\":[{\"role\":\"system\",\"content\":\"Answer with JSON and "
		"nothing else.\"}," USER "],"
		"\"response_format\":{\"type\":\"json_object\"}}", "");
	w.prompt.format = PROMPT_FORMAT_SCHEMA;
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "],\"response_format\":{\"type\":\"json_schema\","
		"\"json_schema\":"
		"{\"name\":\"answer\",\"schema\":{\"type\":\"object\"}}}}", "");
	writing_done(&w);
}

static void test_user(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "openai");
	w.prompt.user = SLICE("user_0123456789012345678901234567890123456789012345678901234567890123456789");
	write(&w);
	yyjson_val *root = json(&w, arena_copy(&w.arena, buf_slice(&w.out)).p);
	assert_int_equal(json_str(root, "safety_identifier").n, 16);
	w.ask.quirks = NULL;
	write(&w);
	root = json(&w, arena_copy(&w.arena, buf_slice(&w.out)).p);
	assert_true(slice_eq(json_str(root, "user"), w.prompt.user));
	writing_done(&w);
}

static void test_stream(void **state)
{
	struct writing w;

	writing_init(&w, 'a', "vllm");
	say(&w, PROMPT_USER, "x");
	w.ask.stream = true;
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "],\"stream\":true,\"stream_options\":{"
		"\"include_usage\":true}}", "");
	w.ask.no_stream_options = true;
	expect(&w, "{\"model\":\"up\",\"messages\":[" USER "],\"stream\":true}", "");
	writing_done(&w);
}

static void fill(struct writing *w)
{
	struct prompt_message *m = say(w, PROMPT_USER, "\x01\"hi\"");

	add(w, m, PROMPT_PART_IMAGE)->media = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64,
		.mime = SLICE("image/png"),
		.data = SLICE("iVBORw==") };
	m = say(w, PROMPT_ASSISTANT, "well");
	think(w, m, "Hm", 'a', "SIG");
	add(w, m, PROMPT_PART_TOOL_CALL)->id = SLICE("a");
	add(w, prompt_add_message(&w->prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT)->id = SLICE("a");
	prompt_add_tool(&w->prompt, PROMPT_TOOL_FUNCTION)->schema = json(w, "{\"type\":\"object\"}");
	w->prompt.format = PROMPT_FORMAT_SCHEMA;
	w->prompt.temperature = 0.1;
}

/* Every size of the output buffer: all of it or an error. */
static void test_every_limit(void **state)
{
	struct writing w;
	bool fitted = false;

	for (size_t max = 0; max < 4096 && !fitted; max += 3) {
		writing_init(&w, 'a', "openrouter");
		fill(&w);
		buf_done(&w.out);
		buf_init(&w.out, max);
		write(&w);
		assert_true(w.err == ERR_OK || w.err == ERR_TOO_BIG);
		fitted = w.err == ERR_OK;
		writing_done(&w);
	}
	assert_true(fitted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosted_tool),
		cmocka_unit_test(test_parts_refused),
		cmocka_unit_test(test_other_parts_elsewhere),
		cmocka_unit_test(test_extras),
		cmocka_unit_test(test_web_search),
		cmocka_unit_test(test_custom_tool),
		cmocka_unit_test(test_cache_marks),
		cmocka_unit_test(test_plain_document),
		cmocka_unit_test(test_text_in_base64),
		cmocka_unit_test(test_turn_after_tool),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_own_state),
		cmocka_unit_test(test_call_state),
		cmocka_unit_test(test_json_instruction),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_every_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
