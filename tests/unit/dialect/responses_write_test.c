/* Settings and tools that came in other dialects; those of this one are golden pages (read-*.md, blocks
 * `written`). */
#include "unit.h"

#include "responses_desk.h"

static void test_smallest(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	say(&w, PROMPT_USER, "Hi");
	write(&w);
	assert_string_equal(w.out.p, "{\"model\":\"up\",\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":"
		"[{\"type\":\"input_text\",\"text\":\"Hi\"}]}],\"store\":false}");
	w.ask.quirks = NULL;
	w.ask.stream = true;
	write(&w);
	expect(&w, "stream", "true");
	expect(&w, "stream_options", NULL);
	writer_done(&w);
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static struct prompt_tool *add_tool(struct writer *w, enum prompt_tool_kind kind, const char *name, const char *raw)
{
	struct prompt_tool *t = prompt_add_tool(&w->p, kind);
	t->name = slice_str(name);
	t->raw = raw ? json(w, raw) : NULL;
	return t;
}

static void test_tools(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	struct prompt_tool *f = add_tool(&w, PROMPT_TOOL_FUNCTION, "f", NULL);
	f->description = SLICE("does");
	f->schema = json(&w, "{\"type\":\"object\"}");
	f->strict = PROMPT_YES;
	add_tool(&w, PROMPT_TOOL_FUNCTION, "g", "{\"unknown\":1}");
	add_tool(&w, PROMPT_TOOL_CUSTOM, "sql", "{\"type\":\"custom\",\"custom\":{\"name\":\"sql\","
		"\"format\":{\"type\":\"grammar\","
		"\"grammar\":{\"syntax\":\"lark\",\"definition\":\"start: x\"}}}}");
	add_tool(&w, PROMPT_TOOL_CUSTOM, "any", "{\"type\":\"custom\",\"custom\":{\"name\":\"any\","
		"\"format\":{\"type\":\"text\"}}}");
	add_tool(&w, PROMPT_TOOL_WEB_SEARCH, "", "{\"search_context_size\":\"low\","
		"\"user_location\":{\"type\":\"approximate\","
		"\"approximate\":{\"country\":\"PL\"}}}");
	add_tool(&w, PROMPT_TOOL_WEB_SEARCH, "", "{\"type\":\"web_search_20250305\",\"max_uses\":2,"
		"\"allowed_domains\":[\"a.example\"],"
		"\"blocked_domains\":[\"b\"],\"user_location\":{\"type\":\"approximate\",\"city\":\"X\"}}");
	add_tool(&w, PROMPT_TOOL_HOSTED, "bash", "{\"type\":\"bash_20250124\"}");
	w.p.parallel = PROMPT_NO;
	write(&w);
	expect(&w, "tools", "[{\"type\":\"function\",\"name\":\"f\",\"description\":\"does\","
		"\"parameters\":{\"type\":\"object\"},"
		"\"strict\":true},"
		"{\"type\":\"function\",\"name\":\"g\",\"parameters\":{\"type\":\"object\",\"properties\":{}},"
		"\"strict\":false},"
		"{\"type\":\"custom\",\"name\":\"sql\",\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\","
		"\"definition\":\"start: x\"}},"
		"{\"type\":\"custom\",\"name\":\"any\",\"format\":{\"type\":\"text\"}},"
		"{\"type\":\"web_search\",\"search_context_size\":\"low\","
		"\"user_location\":{\"type\":\"approximate\",\"country\":\"PL\"}},"
		"{\"type\":\"web_search\",\"filters\":{\"allowed_domains\":[\"a.example\"]},"
		"\"user_location\":{\"type\":\"approximate\","
		"\"city\":\"X\"}}]");
	expect(&w, "tool_choice", NULL);
	expect(&w, "parallel_tool_calls", "false");
	expect_drops(&w, "bash, max_uses, blocked_domains");
	writer_done(&w);
}

static void test_no_tools_left(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	add_tool(&w, PROMPT_TOOL_HOSTED, "bash", "{}");
	w.p.choice = PROMPT_CHOICE_REQUIRED;
	w.p.parallel = PROMPT_YES;
	write(&w);
	expect(&w, "tools", NULL);
	expect(&w, "tool_choice", NULL);
	expect(&w, "parallel_tool_calls", NULL);
	writer_done(&w);
}

static void test_choices(void **state)
{
	static const struct {
		enum prompt_choice choice;
		const char *name, *want;
	} rows[] = {
		{ PROMPT_CHOICE_AUTO, "", "\"auto\"" },
		{ PROMPT_CHOICE_NONE, "", "\"none\"" },
		{ PROMPT_CHOICE_REQUIRED, "", "\"required\"" },
		{ PROMPT_CHOICE_NAMED, "f", "{\"type\":\"function\",\"name\":\"f\"}" },
		{ PROMPT_CHOICE_NAMED, "sql", "{\"type\":\"custom\",\"name\":\"sql\"}" },
		{ PROMPT_CHOICE_NAMED, "search", "{\"type\":\"web_search\"}" },
		{ PROMPT_CHOICE_ALLOWED, "sql", "{\"type\":\"allowed_tools\",\"mode\":\"required\","
			"\"tools\":[{\"type\":\"custom\","
			"\"name\":\"sql\"}]}" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice name = slice_str(rows[i].name);
		struct writer w;
		writer_init(&w, 'c');
		add_tool(&w, PROMPT_TOOL_FUNCTION, "f", NULL);
		add_tool(&w, PROMPT_TOOL_CUSTOM, "sql", NULL);
		add_tool(&w, PROMPT_TOOL_WEB_SEARCH, "search", NULL);
		w.p.choice = rows[i].choice;
		w.p.choice_names = &name;
		w.p.n_choice_names = 1;
		w.p.choice_required = true;
		write(&w);
		expect(&w, "tool_choice", rows[i].want);
		writer_done(&w);
	}
}

/* --- settings ------------------------------------------------------------------------------------------- */

static void test_reasoning(void **state)
{
	static const struct {
		enum prompt_effort effort;
		int64_t budget;
		enum prompt_tri show;
		const char *want;
		bool encrypted;
	} rows[] = {
		{ PROMPT_EFFORT_UNSET, PROMPT_UNSET, PROMPT_TRI_UNSET, NULL, false },
		{ PROMPT_EFFORT_HIGH, PROMPT_UNSET, PROMPT_TRI_UNSET, "{\"effort\":\"high\"}", true },
		{ PROMPT_EFFORT_HIGH, 1024, PROMPT_YES, "{\"effort\":\"high\",\"summary\":\"auto\"}", true },
		{ PROMPT_EFFORT_UNSET, 10000, PROMPT_NO, "{\"effort\":\"medium\"}", true },
		{ PROMPT_EFFORT_UNSET, -1, PROMPT_YES, "{\"summary\":\"auto\"}", true },
		{ PROMPT_EFFORT_UNSET, -1, PROMPT_TRI_UNSET, NULL, true },
		{ PROMPT_EFFORT_UNSET, 0, PROMPT_YES, "{\"effort\":\"none\"}", true },
		{ PROMPT_EFFORT_NONE, PROMPT_UNSET, PROMPT_NO, "{\"effort\":\"none\"}", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, 'a');
		w.p.effort = rows[i].effort;
		w.p.thinking_tok = rows[i].budget;
		w.p.show_thinking = rows[i].show;
		write(&w);
		expect(&w, "reasoning", rows[i].want);
		/* models that do not reason refuse to be asked for it */
		expect(&w, "include", rows[i].encrypted ? "[\"reasoning.encrypted_content\"]" : NULL);
		/* what the provider keeps need not come back */
		w.p.store = PROMPT_YES;
		write(&w);
		expect(&w, "include", NULL);
		expect(&w, "store", "true");
		writer_done(&w);
	}
}

static void test_settings(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	w.p.max_tok = 3;
	w.p.temperature = 0.5;
	w.p.top_p = 1;
	w.p.n = 1;
	w.p.logprobs = PROMPT_YES;
	w.p.top_logprobs = 2;
	w.p.user = SLICE("u");
	w.p.tier = SLICE("flex");
	w.p.cache_key = SLICE("k");
	w.p.verbosity = SLICE("low");
	w.p.metadata = json(&w, "{\"a\":\"b\"}");
	w.p.format = PROMPT_FORMAT_SCHEMA;
	write(&w);
	expect(&w, "max_output_tokens", "16");	/* OpenAI refuses less */
	expect(&w, "temperature", "0.5");
	expect(&w, "top_p", "1");
	expect(&w, "top_logprobs", "2");
	expect(&w, "include", "[\"message.output_text.logprobs\"]");
	expect(&w, "safety_identifier", "\"u\"");
	expect(&w, "service_tier", "\"flex\"");
	expect(&w, "prompt_cache_key", "\"k\"");
	expect(&w, "metadata", "{\"a\":\"b\"}");
	expect(&w, "text", "{\"format\":{\"type\":\"json_schema\",\"name\":\"response\",\"schema\":{}},"
		"\"verbosity\":\"low\"}");
	expect(&w, "n", NULL);
	expect_drops(&w, "");
	writer_done(&w);
}

static void test_quirks(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	w.quirks = (struct quirks){ .drop = "store safety_identifier top_p", .rename = "max_output_tokens>max_tokens",
		.no_schema = true };
	w.p.top_p = 1;
	w.p.user = SLICE("u");
	w.p.max_tok = 100;
	w.p.format = PROMPT_FORMAT_SCHEMA;
	write(&w);
	expect(&w, "max_tokens", "100");
	expect(&w, "store", NULL);
	expect(&w, "text", "{\"format\":{\"type\":\"json_object\"}}");
	/* what weir added by itself is no loss of the client's */
	expect_drops(&w, "top_p, json_schema, safety_identifier");
	writer_done(&w);
}

static void test_drops(void **state)
{
	struct slice stop = SLICE("x"), both[] = { SLICE("text"), SLICE("image") };
	struct writer w;

	writer_init(&w, 'c');
	w.p.stop = &stop;
	w.p.n_stop = 1;
	w.p.seed = 7;
	w.p.top_k = 5;
	w.p.min_p = w.p.frequency_penalty = w.p.presence_penalty = 0;
	w.p.logit_bias = w.p.prediction = w.p.echo = w.p.best_of = json(&w, "{}");
	w.p.modalities = both;
	w.p.n_modalities = 2;
	w.p.audio = json(&w, "{}");
	prompt_add_extra(&w.p, SLICE("prompt_cache_retention"), json(&w, "\"24h\""));
	prompt_add_extra(&w.p, SLICE("web_mode"), json(&w, "1"));
	write(&w);
	expect(&w, "prompt_cache_retention", "\"24h\"");
	expect(&w, "web_mode", NULL);
	expect_drops(&w, "modalities, audio, stop, seed, top_k, min_p, frequency_penalty, presence_penalty,"
		" logit_bias, "
		"prediction, echo, best_of, web_mode");
	/* the same names of another family are not the same members */
	w.p.origin = 'a';
	write(&w);
	expect(&w, "prompt_cache_retention", NULL);
	writer_done(&w);
}

static void test_refusals(void **state)
{
	struct slice sound = SLICE("audio");
	struct writer w;

	writer_init(&w, 'c');
	w.p.n = 2;
	expect_refusal(&w, "n");
	w.p.n = 1;
	w.p.modalities = &sound;
	w.p.n_modalities = 1;
	expect_refusal(&w, "modalities");
	w.p.n_modalities = 0;
	w.p.suffix = json(&w, "\"x\"");
	expect_refusal(&w, "suffix");
	writer_done(&w);
}

static void test_room(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	say(&w, PROMPT_SYSTEM, "Be brief.");
	say(&w, PROMPT_USER, "Hi");
	write(&w);
	size_t n = buf_len(&w.out);
	for (size_t max = 0; max < n - 1; max += 7) {
		buf_done(&w.out);
		buf_init(&w.out, max);
		assert_int_equal(responses_write(&w.p, &w.ask, &w.out), ERR_TOO_BIG);
	}
	writer_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_tools),
		cmocka_unit_test(test_no_tools_left),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_reasoning),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
