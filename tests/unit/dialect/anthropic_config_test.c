/* Settings of other dialects, with what each model refuses. */
#include "anthropic_desk.h"

static struct desk d;

static yyjson_val *json(const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&d.arena, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

/* --- thinking ------------------------------------------------------------------------------------------- */

static void thinking_is(enum prompt_effort effort, int64_t budget, int64_t max_tok, const char *model, const char *want,
	const char *dropped)
{
	desk_open_hi(&d);
	d.p.effort = effort;
	d.p.thinking_tok = budget;
	d.p.max_tok = max_tok;
	desk_write(&d, model);
	if (want)
		desk_wrote(&d, want);
	else
		assert_false(desk_has(&d, "thinking") || desk_has(&d, "output_config"));
	desk_dropped(&d, dropped);
	desk_close(&d);
}

#define UNSET PROMPT_UNSET
#define ADAPTIVE "\"thinking\":{\"type\":\"adaptive\"}"
#define EFFORT(e) ADAPTIVE ",\"output_config\":{\"effort\":\"" e "\"}"
#define BUDGET(n) "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":" n "}"

static void test_adaptive(void **state)
{
	thinking_is(PROMPT_EFFORT_LOW, UNSET, 100, "claude-opus-4-6", EFFORT("low"), "");
	thinking_is(PROMPT_EFFORT_MINIMAL, UNSET, 100, "claude-sonnet-5", EFFORT("low"), "");
	thinking_is(PROMPT_EFFORT_XHIGH, UNSET, 100, "claude-sonnet-4-6", EFFORT("high"), "");
	thinking_is(PROMPT_EFFORT_XHIGH, UNSET, 100, "claude-opus-4-7", EFFORT("xhigh"), "");
	thinking_is(PROMPT_EFFORT_MAX, UNSET, 100, "claude-opus-5-5", EFFORT("max"), "");
	thinking_is(PROMPT_EFFORT_UNSET, -1, 100, "claude-opus-5", ADAPTIVE, "");
	thinking_is(PROMPT_EFFORT_UNSET, 9000, 100, "claude-opus-4-6", EFFORT("medium"), "");
	thinking_is(PROMPT_EFFORT_UNSET, UNSET, 100, "claude-opus-5", NULL, "");
}

/* The budget leaves a quarter of max_tokens, which is the client's, for the answer. */
static void test_budget(void **state)
{
	thinking_is(PROMPT_EFFORT_MEDIUM, UNSET, UNSET, "claude-sonnet-4-5", BUDGET("8192"), "");
	thinking_is(PROMPT_EFFORT_HIGH, UNSET, UNSET, "claude-opus-4", BUDGET("24000"), "");
	thinking_is(PROMPT_EFFORT_HIGH, UNSET, 4000, "claude-haiku-4-5", BUDGET("3000"), "");
	thinking_is(PROMPT_EFFORT_UNSET, 2000, 4000, "claude-haiku-4-5", BUDGET("2000"), "");
	thinking_is(PROMPT_EFFORT_UNSET, 100, 4000, "claude-haiku-4-5", BUDGET("1024"), "");
	thinking_is(PROMPT_EFFORT_UNSET, -1, UNSET, "claude-haiku-4-5", BUDGET("8192"), "");
	thinking_is(PROMPT_EFFORT_LOW, UNSET, 1366, "claude-haiku-4-5", BUDGET("1024"), "");
	thinking_is(PROMPT_EFFORT_LOW, UNSET, 1300, "claude-haiku-4-5", NULL, "reasoning_effort");
	thinking_is(PROMPT_EFFORT_UNSET, 2000, 1, "claude-haiku-4-5", NULL, "thinking");
}

static void test_none(void **state)
{
	thinking_is(PROMPT_EFFORT_NONE, UNSET, 100, "claude-sonnet-5", "\"thinking\":{\"type\":\"disabled\"}", "");
	thinking_is(PROMPT_EFFORT_UNSET, 0, 100, "claude-sonnet-4-5", "\"thinking\":{\"type\":\"disabled\"}", "");
	thinking_is(PROMPT_EFFORT_NONE, UNSET, 100, "claude-3-5-haiku-latest", NULL, "");
	thinking_is(PROMPT_EFFORT_NONE, UNSET, 100, "claude-opus-5-5", NULL, "reasoning_effort");
	thinking_is(PROMPT_EFFORT_UNSET, 0, 100, "claude-fable-5", NULL, "thinking");
	thinking_is(PROMPT_EFFORT_HIGH, UNSET, 100, "claude-3-5-haiku-latest", NULL, "reasoning_effort");
}

static void force(enum prompt_choice choice)
{
	struct prompt_tool *t = prompt_add_tool(&d.p, PROMPT_TOOL_FUNCTION);

	t->name = SLICE("f");
	d.p.choice = choice;
}

static void test_forced_tool(void **state)
{
	desk_open_hi(&d);
	d.p.effort = PROMPT_EFFORT_LOW;
	d.p.max_tok = 5000;
	force(PROMPT_CHOICE_REQUIRED);
	desk_write(&d, "claude-sonnet-4-5");
	desk_dropped(&d, "reasoning_effort");
	assert_false(desk_has(&d, "thinking"));
	desk_write(&d, "claude-opus-4-7");
	desk_dropped(&d, "reasoning_effort");
	desk_write(&d, "claude-opus-4-8");
	desk_dropped(&d, "");
	desk_wrote(&d, EFFORT("low"));
	d.p.choice = PROMPT_CHOICE_AUTO;
	desk_write(&d, "claude-sonnet-4-5");
	desk_wrote(&d, BUDGET("1024"));
	desk_close(&d);
}

static void test_prefill(void **state)
{
	desk_open_hi(&d);
	d.p.effort = PROMPT_EFFORT_LOW;
	d.p.max_tok = 5000;
	prompt_add_text(&d.p, prompt_add_message(&d.p, PROMPT_ASSISTANT), SLICE("{"));
	desk_write(&d, "claude-sonnet-4-5");
	assert_int_equal(d.err, ERR_OK);
	desk_dropped(&d, "reasoning_effort");
	desk_close(&d);
}

/* A tool loop that began without Anthropic's thinking. */
static void test_loop(void **state)
{
	desk_open(&d, DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"content\":"
		"[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
		"[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"1\"}]}]}");
	d.p.effort = PROMPT_EFFORT_LOW;
	d.p.max_tok = 5000;
	desk_write(&d, "claude-sonnet-4-5");
	desk_dropped(&d, "reasoning_effort");
	assert_false(desk_has(&d, "thinking"));
	desk_write(&d, "claude-sonnet-4-6");
	desk_dropped(&d, "");
	desk_wrote(&d, EFFORT("low"));
	prompt_add_text(&d.p, prompt_add_message(&d.p, PROMPT_ASSISTANT), SLICE("done"));
	prompt_add_text(&d.p, prompt_add_message(&d.p, PROMPT_USER), SLICE("thanks"));
	desk_write(&d, "claude-sonnet-4-5");
	desk_wrote(&d, BUDGET("1024"));
	desk_close(&d);
}

static void test_display(void **state)
{
	desk_open_hi(&d);
	d.p.effort = PROMPT_EFFORT_LOW;
	d.p.max_tok = 5000;
	d.p.show_thinking = PROMPT_YES;
	desk_write(&d, "claude-sonnet-5");
	desk_wrote(&d, "\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"}");
	d.p.show_thinking = PROMPT_NO;
	desk_write(&d, "claude-sonnet-5");
	desk_wrote(&d, "\"display\":\"omitted\"");
	desk_write(&d, "claude-sonnet-4-5");
	assert_false(desk_has(&d, "display"));
	d.p.effort = PROMPT_EFFORT_NONE;
	desk_write(&d, "claude-sonnet-5");
	assert_false(desk_has(&d, "display"));
	desk_close(&d);
}

/* --- form ----------------------------------------------------------------------------------------------- */

static void test_schema(void **state)
{
	desk_open_hi(&d);
	d.p.format = PROMPT_FORMAT_SCHEMA;
	d.p.format_schema = json("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}");
	desk_write(&d, "claude-haiku-4-5");
	desk_wrote(&d, "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\","
		"\"properties\":"
		"{\"a\":{\"type\":\"string\"}},\"additionalProperties\":false}}}");
	desk_dropped(&d, "");
	desk_write(&d, "claude-sonnet-4");
	desk_wrote(&d, "\"system\":[{\"type\":\"text\",\"text\":\"Answer with one JSON object and nothing else: "
		"no other text "
		"and no Markdown. It must be valid under this JSON Schema: {\\\"type\\\":");
	assert_false(desk_has(&d, "output_config"));
	desk_dropped(&d, "response_format");
	d.p.format_schema = json("{\"type\":\"object\"}");
	desk_write(&d, "claude-haiku-4-5");
	desk_dropped(&d, "response_format");
	d.p.format_schema = NULL;
	desk_write(&d, "claude-haiku-4-5");
	desk_wrote(&d, "no Markdown.\"}]");
	desk_dropped(&d, "response_format");
	desk_close(&d);
}

static void test_json(void **state)
{
	desk_open_hi(&d);
	d.p.format = PROMPT_FORMAT_JSON;
	desk_write(&d, "claude-haiku-4-5");
	desk_wrote(&d, "\"system\":[{\"type\":\"text\",\"text\":\"Answer with one JSON object");
	desk_dropped(&d, "");
	d.p.format = PROMPT_FORMAT_TEXT;
	desk_write(&d, "claude-haiku-4-5");
	assert_false(desk_has(&d, "system"));
	desk_close(&d);
}

/* --- sampling and the rest ------------------------------------------------------------------------------ */

static void test_max_tok(void **state)
{
	desk_open_hi(&d);
	d.p.max_tok = PROMPT_UNSET;
	desk_write(&d, "claude-opus-4-1");
	desk_wrote(&d, "\"max_tokens\":32000");
	d.p.max_tok = -1;
	desk_write(&d, "local");
	desk_wrote(&d, "\"max_tokens\":4096");
	d.p.max_tok = (int64_t)1 << 40;
	desk_write(&d, "local");
	desk_wrote(&d, "\"max_tokens\":2147483647");
	desk_close(&d);
}

static void sampling_is(double temperature, double top_p, const char *model, const char *want, const char *dropped)
{
	desk_open_hi(&d);
	d.p.temperature = temperature;
	d.p.top_p = top_p;
	desk_write(&d, model);
	if (want)
		desk_wrote(&d, want);
	else
		assert_false(desk_has(&d, "temperature") || desk_has(&d, "top_p"));
	desk_dropped(&d, dropped);
	desk_close(&d);
}

static void test_sampling(void **state)
{
	sampling_is(0.5, NAN, "m", "\"temperature\":0.5", "");
	sampling_is(1.7, NAN, "m", "\"temperature\":1", "temperature");
	sampling_is(-1, NAN, "m", "\"temperature\":0", "temperature");
	sampling_is(0.5, 0.5, "claude-sonnet-4", "\"temperature\":0.5,\"top_p\":0.5", "");
	sampling_is(0.5, 0.5, "claude-haiku-4-5", "\"temperature\":0.5}", "top_p");
	sampling_is(NAN, 0.5, "claude-haiku-4-5", "\"top_p\":0.5", "");
	sampling_is(0.5, 0.5, "claude-opus-4-7", NULL, "temperature, top_p");
	sampling_is(1, 1, "claude-opus-4-7", NULL, "");
	sampling_is(2, NAN, "claude-opus-4-7", NULL, "temperature");
}

static void test_stop(void **state)
{
	struct slice stop[] = { SLICE("END"), SLICE("\n\n") };

	desk_open_hi(&d);
	d.p.stop = stop;
	d.p.n_stop = 2;
	desk_write(&d, "m");
	desk_wrote(&d, "\"stop_sequences\":[\"END\"]");
	desk_dropped(&d, "stop");
	d.p.stop = stop + 1;
	d.p.n_stop = 1;
	desk_write(&d, "m");
	assert_false(desk_has(&d, "stop"));
	desk_close(&d);
}

static void user_is(const char *user, const char *want)
{
	desk_open_hi(&d);
	d.p.user = slice_str(user);
	desk_write(&d, "m");
	if (want)
		desk_wrote(&d, want);
	else
		assert_false(desk_has(&d, "metadata"));
	desk_dropped(&d, want ? "" : "user");
	desk_close(&d);
}

static void test_user(void **state)
{
	user_is("u-12345678", "\"metadata\":{\"user_id\":\"u-12345678\"}");
	user_is("123456", "\"user_id\":\"123456\"");
	user_is("ann@example.com", NULL);
	user_is("+49 (30) 123-456", NULL);
	user_is("5551234567", NULL);
}

static void tier_is(const char *tier, const char *want, const char *dropped)
{
	desk_open_hi(&d);
	d.p.tier = slice_str(tier);
	desk_write(&d, "m");
	if (want)
		desk_wrote(&d, want);
	else
		assert_false(desk_has(&d, "service_tier"));
	desk_dropped(&d, dropped);
	desk_close(&d);
}

static void test_tier(void **state)
{
	tier_is("auto", "\"service_tier\":\"auto\"", "");
	tier_is("default", "\"service_tier\":\"standard_only\"", "");
	tier_is("priority", "\"service_tier\":\"auto\"", "");
	tier_is("flex", NULL, "service_tier");
}

static void test_lost(void **state)
{
	desk_open_hi(&d);
	d.p.seed = 1;
	d.p.min_p = 0.1;
	d.p.frequency_penalty = 0.5;
	d.p.presence_penalty = -0.5;
	d.p.logit_bias = json("{\"1\":5}");
	d.p.logprobs = PROMPT_YES;
	d.p.top_logprobs = 3;
	d.p.verbosity = SLICE("low");
	d.p.cache_key = SLICE("k");
	d.p.store = PROMPT_YES;
	d.p.metadata = json("{\"a\":\"b\"}");
	d.p.prediction = json("{}");
	prompt_add_extra(&d.p, SLICE("web_fetch"), json("1"));
	desk_write(&d, "m");
	desk_dropped(&d, "web_fetch, seed, min_p, frequency_penalty, presence_penalty, logit_bias, logprobs, "
		"top_logprobs, "
		"verbosity, prompt_cache_key, store, metadata, prediction");
	desk_close(&d);
}

/* What says nothing is not named. */
static void test_defaults(void **state)
{
	desk_open_hi(&d);
	d.p.n = 1;
	d.p.frequency_penalty = 0;
	d.p.presence_penalty = 0;
	d.p.logit_bias = json("{}");
	d.p.logprobs = PROMPT_NO;
	d.p.top_logprobs = 0;
	d.p.verbosity = SLICE("medium");
	d.p.store = PROMPT_NO;
	d.p.metadata = json("{}");
	d.p.modalities = &(struct slice){ "text", 4 };
	d.p.n_modalities = 1;
	desk_write(&d, "m");
	assert_int_equal(d.err, ERR_OK);
	desk_dropped(&d, "");
	desk_close(&d);
}

static void test_refused(void **state)
{
	desk_open_hi(&d);
	d.p.n = 2;
	desk_refused(&d, "m", "only one answer at a time can be had (`n` is 2)");
	d.p.n = 1;
	d.p.modalities = &(struct slice){ "audio", 5 };
	d.p.n_modalities = 1;
	desk_refused(&d, "m", "the model answers in text only");
	d.p.n_modalities = 0;
	d.p.suffix = json("\"}\"");
	desk_refused(&d, "m", "`suffix` cannot be said");
	desk_close(&d);
}

/* A provider of this dialect that refuses or renames members. */
static void test_quirks(void **state)
{
	desk_open_hi(&d);
	d.quirks.drop = "temperature system";
	d.quirks.rename = "stop_sequences>stop";
	d.p.temperature = 0.5;
	d.p.stop = &(struct slice){ "END", 3 };
	d.p.n_stop = 1;
	prompt_add_text(&d.p, prompt_add_message(&d.p, PROMPT_SYSTEM), SLICE("s"));
	desk_write(&d, "m");
	desk_wrote(&d, "\"stop\":[\"END\"]");
	assert_false(desk_has(&d, "temperature") || desk_has(&d, "system"));
	desk_dropped(&d, "system, temperature");
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adaptive), cmocka_unit_test(test_budget), cmocka_unit_test(test_none),
		cmocka_unit_test(test_forced_tool), cmocka_unit_test(test_prefill), cmocka_unit_test(test_loop),
		cmocka_unit_test(test_display), cmocka_unit_test(test_schema), cmocka_unit_test(test_json),
		cmocka_unit_test(test_max_tok), cmocka_unit_test(test_sampling), cmocka_unit_test(test_stop),
		cmocka_unit_test(test_user), cmocka_unit_test(test_tier), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_refused), cmocka_unit_test(test_quirks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
