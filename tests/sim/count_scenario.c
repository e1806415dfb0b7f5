/* Counting tokens and embedding: calls without a stream, of one dialect or between two.  A count is the provider's,
 * or an estimate that says so; a vector is whole or an error. */
#include <yyjson.h>

#include "base/counter.h"
#include "scene.h"

#define CONFIG SCENE_LISTEN "providers:\n" \
	"  openai: {url: \"https://openai.test/v1\", key: \"${SIM_KEY}\"}\n" \
	"  claude: {dialect: anthropic, url: \"https://claude.test/v1\", key: \"${SIM_KEY}\"}\n" \
	"  gem: {dialect: gemini, url: \"https://gem.test/v1beta\", key: \"${SIM_KEY}\"}\n" \
	"models:\n" \
	"  openai:\n    targets: [openai/m1]\n    retries: 0\n" SCENE_CLOCKS \
	"  claude:\n    targets: [claude/m1]\n    retries: 0\n" SCENE_CLOCKS \
	"  gem:\n    targets: [gem/m1]\n    retries: 0\n" SCENE_CLOCKS \
	"  openai-claude:\n    tiers: [{targets: [openai/m1]}, {targets: [claude/m1]}]\n    retries: 0\n" SCENE_CLOCKS \
	"  claude-openai:\n    tiers: [{targets: [claude/m1]}, {targets: [openai/m1]}]\n    retries: 0\n" SCENE_CLOCKS \
	"  claude-gem:\n    tiers: [{targets: [claude/m1]}, {targets: [gem/m1]}]\n    retries: 0\n" SCENE_CLOCKS \
	"retry: {share: 0.01, per_second: 0.1}\n"
#define TEN_LETTERS "abcdefghij"
#define PROMPT TEN_LETTERS TEN_LETTERS TEN_LETTERS TEN_LETTERS

static const struct sim_act claude_counts[] = { SIM_ANSWER(200, "", "{ \"input_tokens\": 42 }"), SIM_STOP };
static const struct sim_act gem_counts[] = { SIM_ANSWER(200, "", "{ \"totalTokens\": 43 }"), SIM_STOP };

static const char *claude_ask(struct sim *s, const char *model, const char *fields)
{
	return sim_post(s, "/v1/messages/count_tokens", sim_printf(s, "anthropic-version: 2023-06-01\r\n%s",
		fields), sim_printf(s,
		"{\"model\":\"%s\",\"system\":\"be kind\",\"messages\":[{\"role\":\"user\",\"content\":"
			"\"" PROMPT "\"}]}", model));
}

static const char *gem_ask(struct sim *s, const char *model, const char *fields)
{
	return sim_post(s, sim_printf(s, "/v1beta/models/%s:countTokens", model), fields,
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"" PROMPT "\"}]}]}");
}

static struct sim_client *count(struct sim *s, bool is_claude, const char *model, const char *fields)
{
	return sim_client(s, (struct sim_plan){ .sends = { (is_claude ? claude_ask : gem_ask)(s, model, fields) } });
}

static bool body_is(const struct sim_client *c, const char *text)
{
	return slice_eq(buf_slice(&c->answers[0].http.body), slice_str(text));
}

static bool body_has(const struct sim_client *c, const char *text)
{
	return sim_http_has(buf_slice(&c->answers[0].http.body), text);
}

static struct slice field(const struct sim_client *c, const char *name)
{
	return sim_http_field(&c->answers[0].http, name);
}

static bool is_ok(const struct sim_client *c)
{
	return c->answers[0].end == SIM_CLEAN && c->answers[0].http.status == 200 && !c->extra;
}

/* The member of the answer, -1 when there is none. */
static int64_t number(const struct sim_client *c, const char *pointer)
{
	struct slice body = buf_slice(&c->answers[0].http.body);
	yyjson_doc *doc = yyjson_read(body.p, body.n, 0);
	yyjson_val *v = yyjson_ptr_get(yyjson_doc_get_root(doc), pointer);
	int64_t n = yyjson_is_int(v) ? yyjson_get_sint(v) : -1;

	yyjson_doc_free(doc);
	return n;
}

/* --- counts --------------------------------------------------------------------------------------------- */

static void a_provider_of_the_same_dialect_counts(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *p = sim_provider(s, "claude.test", claude_counts, NULL),
		*q = sim_provider(s, "gem.test", gem_counts, NULL);
	struct sim_client *c = count(s, true, "claude", "anthropic-beta: x-1,y-2\r\n"), *g = count(s, false, "gem", "");

	sim_run(s);
	sim_check(s, is_ok(c) && body_is(c, claude_counts[0].text));	/* as it came */
	sim_check(s, is_ok(g) && body_is(g, gem_counts[0].text));
	sim_check(s, field(c, "x-weir-estimated").p == NULL && field(g, "x-weir-estimated").p == NULL);
	sim_check(s, slice_eq(p->seen[0]->http.target, SLICE("/v1/messages/count_tokens")));
	sim_check(s, slice_eq(sim_http_field(&p->seen[0]->http, "anthropic-beta"), SLICE("x-1,y-2")));
	sim_check(s, slice_eq(q->seen[0]->http.target, SLICE("/v1beta/models/m1:countTokens")));
	sim_check(s, sim_http_has(buf_slice(&p->seen[0]->http.body), "\"model\":\"m1\""));
	sim_free(&s);
}

static void a_provider_of_another_dialect_counts(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *p = sim_provider(s, "claude.test", claude_counts, NULL),
		*q = sim_provider(s, "gem.test", gem_counts, NULL);
	struct sim_client *c = count(s, true, "gem", ""), *g = count(s, false, "claude", "");

	sim_run(s);
	sim_check(s, is_ok(c) && number(c, "/input_tokens") == 43);
	sim_check(s, is_ok(g) && number(g, "/totalTokens") == 42);
	sim_check(s, field(c, "x-weir-estimated").p == NULL && field(g, "x-weir-estimated").p == NULL);
	sim_check(s, slice_eq(q->seen[0]->http.target, SLICE("/v1beta/models/m1:countTokens")));
	sim_check(s, sim_http_has(buf_slice(&q->seen[0]->http.body), PROMPT));
	sim_check(s, sim_http_has(buf_slice(&q->seen[0]->http.body), "be kind"));
	sim_check(s, sim_http_has(buf_slice(&p->seen[0]->http.body), PROMPT));
	sim_free(&s);
}

/* Where no target can count, weir does, roughly, and says that it did; nobody is called for it. */
static void an_estimate_says_so(void **state)
{
	for (int is_claude = 0; is_claude < 2; is_claude++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *p = sim_provider(s, "openai.test", scene_good, NULL);
		struct sim_client *c = count(s, is_claude, "openai", "");
		int64_t n;

		sim_run(s);
		n = number(c, is_claude ? "/input_tokens" : "/totalTokens");
		sim_check(s, is_ok(c) && n >= 8 && n <= 20);	/* 40 letters and a few */
		sim_check(s, slice_eq(field(c, "x-weir-estimated"), SLICE("true")));
		sim_check(s, field(c, "x-weir-target").p == NULL && field(c, "x-weir-provider").p == NULL);
		sim_check(s, c->answers[0].http.length == (int64_t)buf_len(&c->answers[0].http.body));
		sim_check(s, p->n_conns == 0);
		sim_run_for(s, 100);
		sim_check(s, sim_log_has(s, "\"status\":200") && !sim_log_has(s, "\"error\""));
		sim_check(s, !sim_log_has(s, "openai/m1"));
		sim_free(&s);
	}
}

/* Who asks strictly, or whose model is strict, gets an exact count or none. */
static void strict_counts_are_exact(void **state)
{
	static const char strict[] = SCENE_LISTEN "providers:\n"
		"  openai: {url: \"https://openai.test/v1\", key: \"${SIM_KEY}\"}\n"
		"models:\n  openai: {targets: [openai/m1], strict: true}\n";

	for (int i = 0; i < 4; i++) {
		struct sim *s = sim_new(SIM_SEED, i / 2 ? strict : CONFIG);
		const char *fields = i / 2 ? "" : "x-weir-strict: true\r\n";
		struct sim_provider *p = sim_provider(s, "openai.test", scene_good, NULL);
		struct sim_client *c = count(s, i % 2, "openai", fields), *can = NULL;

		sim_provider(s, "claude.test", claude_counts, NULL);
		if (i / 2 == 0)
			can = count(s, i % 2, "openai-claude", fields);
		sim_run(s);
		sim_check(s, c->answers[0].end == SIM_CLEAN && c->answers[0].http.status == 400);
		sim_check(s, body_has(c, "openai cannot do this") && field(c, "x-weir-estimated").p == NULL);
		sim_check(s, p->n_conns == 0);
		sim_check(s, can == NULL || (is_ok(can) && body_has(can, "42")));
		sim_free(&s);
	}
}

/* A target that can is asked, wherever it stands; a retry it is not. */
static void who_can_count_is_asked(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *p = sim_provider(s, "claude.test", claude_counts, NULL);
	struct sim_client *c[8];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = count(s, i % 2, "openai-claude", "");
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++) {
		sim_check(s, is_ok(c[i]) && number(c[i], i % 2 ? "/input_tokens" : "/totalTokens") == 42);
		sim_check(s, field(c[i], "x-weir-estimated").p == NULL);
	}
	sim_check(s, p->n == COUNT_OF(c));
	sim_free(&s);
}

/* That one target cannot count does not excuse the other one, which failed. */
static void a_fault_is_no_reason_to_estimate(void **state)
{
	static const struct {
		const char *model;
		const struct sim_act script[2];
		int status;
	} rows[] = {
		{ "claude", { SIM_ANSWER(500, "", "{}"), SIM_STOP }, 0 },
		{ "claude-openai", { SIM_ANSWER(500, "", "{}"), SIM_STOP }, 0 },
		{ "openai-claude", { SIM_ANSWER(500, "", "{}"), SIM_STOP }, 0 },
		{ "openai-claude", { SIM_ANSWER(429, "retry-after: 9\r\n", "{}"), SIM_STOP }, 429 },
		{ "claude", { SIM_ANSWER(400, "", "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
			"\"message\":\"no\"}}"), SIM_STOP }, 400 },
		{ "claude", { SIM_ANSWER(200, "", "{\"input_tokens\":\"many\"}"), SIM_STOP }, 502 },
		{ "claude", { SIM_ANSWER(200, "", "{}"), SIM_STOP }, 502 },
		{ "nobody", { SIM_STOP }, 404 },
	};

	for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_client *c = count(s, i % 2, rows[i / 2].model, "");
		int status;

		sim_provider(s, "claude.test", rows[i / 2].script, NULL);
		sim_run(s);
		status = c->answers[0].http.status;
		sim_check(s, c->answers[0].end == SIM_CLEAN && status >= 400 && body_has(c, "\"error\""));
		sim_check(s, rows[i / 2].status == 0 || status == rows[i / 2].status);
		sim_check(s, field(c, "x-weir-estimated").p == NULL);
		sim_free(&s);
	}
}

static void the_next_one_counts_when_one_fails(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "retry: {share: 1}\n" SCENE_LISTEN "providers:\n"
		"  claude: {dialect: anthropic, url: \"https://claude.test/v1\", key: \"${SIM_KEY}\"}\n"
		"  gem: {dialect: gemini, url: \"https://gem.test/v1beta\", key: \"${SIM_KEY}\"}\n"
		"models:\n  m: {tiers: [{targets: [claude/m1]}, {targets: [gem/m1]}]}\n");
	struct sim_client *c = count(s, true, "m", "");

	sim_provider(s, "claude.test", (const struct sim_act[]){ SIM_ANSWER(529, "", "{}"), SIM_STOP }, NULL);
	sim_provider(s, "gem.test", gem_counts, NULL);
	sim_run(s);
	sim_check(s, is_ok(c) && number(c, "/input_tokens") == 43);
	sim_check(s, slice_eq(field(c, "x-weir-target"), SLICE("gem/m1")));
	sim_free(&s);
}

static const char *sweep_model;

static struct sim *set_count(uint64_t seed)
{
	struct sim *s = sim_new(seed, CONFIG);

	sim_provider(s, "claude.test", claude_counts, NULL);
	count(s, false, sweep_model, "");
	return s;
}

static void check_count(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);

	if (c->answers[0].end == SIM_CLEAN && c->answers[0].http.status == 200)
		sim_check(s, number(c, "/totalTokens") > 5);
	sim_run_for(s, 1000);
	LIST_EACH(node, tmp, &s->providers)
		sim_check_left(s, LIST_ITEM(node, struct sim_provider, node), c->left ? c->left_ms : c->done_ms, 1000);
}

static void anybody_may_go_at_every_step(void **state)
{
	static void (*const strikes[])(struct sim *) = { sim_strike_client_leaves, sim_strike_client_resets,
		sim_strike_drain,
		sim_strike_provider_resets };
	static const char *const models[] = { "openai", "claude", "openai-claude" };

	for (size_t i = 0; i < COUNT_OF(strikes) * COUNT_OF(models); i++) {
		sweep_model = models[i % COUNT_OF(models)];
		sim_sweep(&(struct sim_sweep){ .set = set_count, .strike = strikes[i / COUNT_OF(models)],
			.check = check_count,
			.seed = SIM_SEED });
	}
}

/* --- vectors -------------------------------------------------------------------------------------------- */

static const struct sim_act openai_embeds[] = { SIM_ANSWER(200, "",
	"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
	"\"index\":0,\"embedding\":[0.5,-1,0.25]},{\"object\":\"embedding\",\"index\":1,\"embedding\":[1,2,3]}],"
	"\"model\":\"m-2026\",\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}"), SIM_STOP };
static const struct sim_act gem_embeds[] = { SIM_ANSWER(200, "", "{\"embeddings\":[{\"values\":[0.5,-1,0.25]},"
	"{\"values\":[1,2,3]}]}"), SIM_STOP };

static struct sim_client *embed(struct sim *s, const char *model)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/embeddings", "", sim_printf(s,
		"{\"model\":\"%s\",\"input\":[\"one\",\"two\"]}", model)) } });
}

static struct sim_client *gem_embed(struct sim *s, const char *model)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_post(s,
		sim_printf(s, "/v1beta/models/%s:batchEmbedContents", model), "",
		"{\"requests\":[{\"model\":\"models/x\",\"content\":{\"parts\":[{\"text\":\"one\"}]}},"
		"{\"model\":\"models/x\",\"content\":{\"parts\":[{\"text\":\"two\"}]}}]}") } });
}

/* The numbers at a pointer, joined by blanks. */
static const char *numbers(struct sim *s, const struct sim_client *c, const char *pointer)
{
	struct slice body = buf_slice(&c->answers[0].http.body);
	yyjson_doc *doc = yyjson_read(body.p, body.n, 0);
	const char *out = "";
	yyjson_val *v;
	size_t i, n;

	yyjson_arr_foreach(yyjson_ptr_get(yyjson_doc_get_root(doc), pointer), i, n, v)
		out = sim_printf(s, "%s%s%g", out, i ? " " : "", yyjson_get_num(v));
	yyjson_doc_free(doc);
	return out;
}

static void vectors_pass_and_translate(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *p = sim_provider(s, "openai.test", openai_embeds, NULL),
		*q = sim_provider(s, "gem.test", gem_embeds, NULL);
	struct sim_client *same = embed(s, "openai"), *other = embed(s, "gem"), *back = gem_embed(s, "openai"),
		*gem_same = gem_embed(s, "gem");

	sim_run(s);
	sim_check(s, is_ok(same) && body_is(same, openai_embeds[0].text));
	sim_check(s, is_ok(gem_same) && body_is(gem_same, gem_embeds[0].text));
	sim_check(s, is_ok(other) && strcmp(numbers(s, other, "/data/0/embedding"), "0.5 -1 0.25") == 0);
	sim_check(s, strcmp(numbers(s, other, "/data/1/embedding"), "1 2 3") == 0);
	sim_check(s, is_ok(back) && strcmp(numbers(s, back, "/embeddings/0/values"), "0.5 -1 0.25") == 0);
	sim_check(s, strcmp(numbers(s, back, "/embeddings/1/values"), "1 2 3") == 0);
	sim_check(s, slice_eq(q->seen[0]->http.target, SLICE("/v1beta/models/m1:batchEmbedContents")));
	sim_check(s, slice_eq(p->seen[0]->http.target, SLICE("/v1/embeddings")));
	sim_run_for(s, 100);
	sim_check(s, sim_log_has(s, "\"prompt_tokens\":9"));
	sim_free(&s);
}

/* A provider without vectors is not called; one that gives fewer than were asked for has failed. */
static void vectors_that_do_not_come(void **state)
{
	static const struct sim_act one[] = { SIM_ANSWER(200, "", "{\"embeddings\":[{\"values\":[1,2,3]}]}"),
		SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *p = sim_provider(s, "claude.test", scene_good, NULL);
	struct sim_client *none = embed(s, "claude"), *few;

	sim_provider(s, "gem.test", one, NULL);
	few = embed(s, "gem");
	sim_run(s);
	sim_check_error(s, none, 400, "unsupported_value");
	sim_check(s, p->n_conns == 0 && field(none, "x-weir-estimated").p == NULL);
	sim_check_error(s, few, 502, NULL);
	sim_free(&s);
}

/* The next provider's vectors would be of another model: but what a model's tiers name is the operator's choice. */
static void vectors_from_the_next_target(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "retry: {share: 1}\n" SCENE_LISTEN "providers:\n"
		"  openai: {url: \"https://openai.test/v1\", key: \"${SIM_KEY}\"}\n"
		"  gem: {dialect: gemini, url: \"https://gem.test/v1beta\", key: \"${SIM_KEY}\"}\n"
		"models:\n  m: {tiers: [{targets: [gem/m1]}, {targets: [openai/m1]}]}\n");
	struct sim_client *c = embed(s, "m");

	sim_provider(s, "gem.test", scene_down, NULL);
	sim_provider(s, "openai.test", openai_embeds, NULL);
	sim_run(s);
	sim_check(s, is_ok(c) && body_is(c, openai_embeds[0].text));
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_of_the_same_dialect_counts),
		cmocka_unit_test(a_provider_of_another_dialect_counts),
		cmocka_unit_test(an_estimate_says_so),
		cmocka_unit_test(strict_counts_are_exact),
		cmocka_unit_test(who_can_count_is_asked),
		cmocka_unit_test(a_fault_is_no_reason_to_estimate),
		cmocka_unit_test(the_next_one_counts_when_one_fails),
		cmocka_unit_test(anybody_may_go_at_every_step),
		cmocka_unit_test(vectors_pass_and_translate),
		cmocka_unit_test(vectors_that_do_not_come),
		cmocka_unit_test(vectors_from_the_next_target),
	};
	return cmocka_run_group_tests_name("count", tests, NULL, NULL);
}
