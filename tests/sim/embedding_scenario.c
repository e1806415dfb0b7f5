/* A provider's embedder for the semantic cache: asked in time or not at all, and never in a client's way. */
#include "base/counter.h"
#include "scene.h"

#define CHAT "  near:\n    targets: [a/m1]\n    retries: 0\n    join: separate\n" \
	"    cache: {semantic: {mode: threshold, threshold: 0.8}}\n"
#define BASE SCENE_LISTEN SCENE_PROVIDERS "models:\n" CHAT \
	"  e: {targets: [b/e1], retries: 0}\n" \
	"  other: {targets: [c/e2], retries: 0}\n"
#define CONFIG BASE "cache: {embedder: e}\n"
#define KEY "Authorization: Bearer k\r\n"
#define QUESTION "How do I reset the password of my account?"
#define LIKE_IT "Hello, how do I reset the password of my account, please?"
#define DEADLINE_MS 250u

#define VECTOR(numbers) SIM_ANSWER(200, "", "{\"object\":\"list\",\"model\":\"e1\",\"data\":[{\"index\":0," \
	"\"embedding\":[" numbers "]}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}")

static const struct sim_act each[] = { SIM_WAIT(50), SIM_EACH, SIM_STOP };
static const struct sim_act slow[] = { SIM_WAIT(1000), SIM_EACH, SIM_STOP };
static const struct sim_act hang[] = { SIM_HANG };
static const struct sim_act three[] = { VECTOR("1,2,3"), SIM_STOP };

static struct sim_client *ask_as(struct sim *s, uint64_t at_ms, const char *fields, const char *text)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, "/v1/chat/completions", fields,
		sim_printf(s, "{\"model\":\"near\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", text)) } });
}

static struct sim_client *ask(struct sim *s, uint64_t at_ms, const char *text)
{
	return ask_as(s, at_ms, KEY, text);
}

static void check_word(struct sim *s, struct sim_client *c, const char *word)
{
	struct slice said = sim_http_field(&c->answers[0].http, "x-weir-cache");

	sim_check_whole(s, c, SCENE_GOOD);
	if (!slice_eq(said, slice_str(word)))
		sim_fail(s, __FILE__, __LINE__, "%.*s, not %s", SLICE_ARG(said), word);
}

static bool body_has(const struct sim_seen *seen, const char *what)
{
	struct slice body = buf_slice(&seen->http.body);

	return body.n && memmem(body.p, body.n, what, strlen(what));
}

/* How long it took until the chat provider was asked. */
static uint64_t waited(const struct sim_client *c, const struct sim_provider *a, size_t i)
{
	return a->seen[i]->at_ms - c->answers[0].asked_ms;
}

static void a_like_question_hits(void **state)
{
	static const char *const configs[] = { CONFIG, BASE "cache: {embedder: b/e1}\n" };

	for (size_t i = 0; i < COUNT_OF(configs); i++) {
		struct sim *s = sim_new(SIM_SEED, configs[i]);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
			*b = sim_provider(s, "b.test", each, NULL);
		struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, LIKE_IT),
			*z = ask(s, 120000, "How do I not reset the password of my account?");
		sim_run(s);
		check_word(s, x, "miss");
		check_word(s, y, "semantic");
		check_word(s, z, "miss");
		sim_check(s, a->n == 2 && b->n == 3);
		sim_check(s, body_has(b->seen[0], QUESTION) && !body_has(b->seen[0], "dimensions"));
		sim_free(&s);
	}
}

/* What the calls cost is told, once each: the sim's provider counts the bytes of lists, and so of shared calls. */
static void calls_are_recorded(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG "prices: {b/e1: {input: 1}}\n");
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
		*b = sim_provider(s, "b.test", each, NULL);
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 10, "Where is the harbour?"),
		*z = ask(s, 12, "When does the ferry leave?");

	sim_run(s);
	check_word(s, x, "miss");
	check_word(s, y, "miss");
	check_word(s, z, "miss");
	sim_check(s, a->n == 3 && b->n == 2);		/* two questions, one call */
	sim_check(s, b->seen[1]->at_ms - b->seen[0]->at_ms < 30);	/* not when the first one is answered */
	sim_check(s, body_has(b->seen[1], "harbour") && body_has(b->seen[1], "ferry"));
	sim_run_for(s, 1000);			/* the log is written behind */
	sim_check(s, sim_log_count(s, "\"endpoint\":\"embed\"") == 3);
	sim_check(s, sim_log_count(s, "\"cost_usd\":0.0000") == 3);	/* a dollar a million, and one part each */
	sim_check(s, sim_metric(s, "weir_tokens_total", "model=\"e\"") == strlen(QUESTION "Where is the harbour?"
		"When does the ferry leave?"));
	sim_free(&s);
}

/* Two who ask the same at once: one vector for both, whoever they are. */
static void the_same_question_is_asked_once(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
		*b = sim_provider(s, "b.test", each, NULL);
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask_as(s, 5, "Authorization: Bearer o\r\n", QUESTION);

	sim_run(s);
	check_word(s, x, "miss");
	check_word(s, y, "miss");
	sim_check(s, a->n == 2 && b->n == 1);
	sim_check(s, sim_metric(s, "weir_tokens_total", "model=\"e\"") == strlen(QUESTION));
	sim_free(&s);
}

/* Nobody asks for what cannot be used. */
static void who_does_not_ask(void **state)
{
	static const struct { const char *fields, *text; } rows[] = {
		{ KEY "Cache-Control: no-cache\r\n", QUESTION },
		{ KEY "Cache-Control: no-cache, no-store\r\n", QUESTION },
		{ KEY, "What time is it now?" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
			*b = sim_provider(s, "b.test", each, NULL);
		struct sim_client *x = ask_as(s, 0, rows[i].fields, rows[i].text);
		sim_run(s);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check(s, a->n == 1 && b->n == 0);
		sim_free(&s);
	}
}

/* --- an embedder that is of no use ---------------------------------------------------------------------- */

static void a_slow_one_is_not_waited_for(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
		*b = sim_provider(s, "b.test", slow, each, NULL);
	uint64_t late = counter_values[COUNTER_embed_late];
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, LIKE_IT), *z = ask(s, 120000, QUESTION);

	sim_run(s);
	check_word(s, x, "miss");
	sim_check(s, waited(x, a, 0) >= DEADLINE_MS && waited(x, a, 0) < DEADLINE_MS + 50);
	sim_check_left(s, b, x->answers[0].asked_ms, DEADLINE_MS + 50);
	check_word(s, y, "miss");		/* the first one was not kept */
	check_word(s, z, "semantic");
	sim_check(s, counter_values[COUNTER_embed_late] == late + 1);
	sim_check(s, sim_log_has(s, "\"endpoint\":\"embed\""));
	sim_free(&s);
}

/* After a few failures nobody waits; later one tries, and when it works all do again. */
static void its_breaker_opens(void **state)
{
	static const struct sim_act *const ways[] = { hang, scene_down };

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
			*b = sim_provider(s, "b.test", ways[i], ways[i], ways[i], ways[i], ways[i], each, NULL);
		struct sim_client *c[8];
		uint64_t refused = counter_values[COUNTER_embed_refused];
		for (size_t k = 0; k < COUNT_OF(c); k++)
			c[k] = ask(s, k * 1000, QUESTION);
		struct sim_client *later = ask(s, 300000, QUESTION), *hit = ask(s, 400000, LIKE_IT);
		sim_run(s);
		for (size_t k = 0; k < COUNT_OF(c); k++) {
			check_word(s, c[k], "miss");
			sim_check(s, waited(c[k], a, k) < (k < 5 ? DEADLINE_MS + 50 : 50));
		}
		check_word(s, later, "miss");
		check_word(s, hit, "semantic");
		sim_check(s, b->n == 7 && counter_values[COUNTER_embed_refused] == refused + 3);
		sim_free(&s);
	}
}

/* What has another number of dimensions than before, or none that counts, is not compared. */
static void wrong_dimensions_are_refused(void **state)
{
	static const struct sim_act two[] = { VECTOR("1,2"), SIM_STOP }, none[] = { VECTOR("0,0"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	uint64_t wrong = counter_values[COUNTER_embed_wrong];

	sim_provider(s, "b.test", two, three, none, two, NULL);
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, LIKE_IT), *z = ask(s, 120000, LIKE_IT),
		*hit = ask(s, 180000, LIKE_IT);
	sim_run(s);
	check_word(s, x, "miss");
	check_word(s, y, "miss");
	check_word(s, z, "miss");
	check_word(s, hit, "semantic");
	sim_check(s, a->n == 3 && counter_values[COUNTER_embed_wrong] == wrong + 2);
	sim_check(s, sim_log_count(s, "embedder_wrong") == 1);
	sim_free(&s);
}

/* An answer of `n` numbers, all the same. */
static const char *vector_of(struct sim *s, size_t n)
{
	char numbers[2048] = "1";

	must(2 * n < sizeof(numbers));
	for (size_t i = 1; i < n; i++)
		memcpy(numbers + 2 * i - 1, ",1", 3);
	return sim_printf(s, "{\"object\":\"list\",\"model\":\"e1\",\"data\":[{\"index\":0,\"embedding\":[%s]}]}",
		numbers);
}

/* A model with more numbers than a point has is told how many to give, at once: already the first question counts. */
static void long_vectors_are_shortened(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	const struct sim_act many[] = { SIM_ANSWER(200, "", vector_of(s, 1000)), SIM_STOP },
		most[] = { SIM_ANSWER(200, "", vector_of(s, 512)), SIM_STOP };
	struct sim_provider *b = sim_provider(s, "b.test", many, most, NULL);
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, QUESTION), *hit = ask(s, 120000, LIKE_IT);

	sim_run(s);
	check_word(s, x, "miss");
	check_word(s, y, "semantic");
	check_word(s, hit, "semantic");
	sim_check(s, a->n == 1 && b->n == 4);
	sim_check(s, !body_has(b->seen[0], "dimensions") && body_has(b->seen[1], "\"dimensions\":512"));
	sim_check(s, waited(x, a, 0) < DEADLINE_MS);
	sim_free(&s);
}

/* Within the one deadline, and no third time. */
static void asked_again_once_and_in_time(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	const struct sim_act many[] = { SIM_WAIT(200), SIM_ANSWER(200, "", vector_of(s, 1000)), SIM_STOP };
	struct sim_provider *b = sim_provider(s, "b.test", many, many, many, many, NULL);
	struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, QUESTION);

	sim_run(s);
	check_word(s, x, "miss");
	check_word(s, y, "miss");
	sim_check(s, b->n == 3 && body_has(b->seen[1], "512") && body_has(b->seen[2], "512"));
	sim_check(s, waited(x, a, 0) <= DEADLINE_MS + 10 && waited(y, a, 1) <= DEADLINE_MS + 10);
	sim_check_left(s, b, x->answers[0].asked_ms, DEADLINE_MS + 50);
	sim_free(&s);
}

/* --- in the shadow -------------------------------------------------------------------------------------- */

#define SHADOW SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  near: {targets: [a/m1], retries: 0, join: separate, cache: {semantic: shadow}}\n" \
	"  e: {targets: [b/e1], retries: 0}\n" "cache: {embedder: e}\n"
static const struct sim_act thinking[] = { SIM_WAIT(400), SIM_GOOD("Hello world"), SIM_STOP };
static const struct sim_act late_vector[] = { SIM_WAIT(200), SIM_EACH, SIM_STOP };

/* Only measured: no client waits for its point, and what is measured is the same. */
static void nobody_waits_in_the_shadow(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SHADOW);
	struct sim_provider *a = sim_provider(s, "a.test", thinking, NULL),
		*b = sim_provider(s, "b.test", late_vector, NULL);
	uint64_t kept = counter_values[COUNTER_semantic_kept];
	struct sim_client *c[12];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = ask(s, 60000 * i, i ? LIKE_IT : QUESTION);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++) {
		check_word(s, c[i], "miss");
		if (waited(c[i], a, i) > (i ? 10 : 30))		/* the first one opens a connection */
			sim_fail(s, __FILE__, __LINE__, "%zu waited %llu ms", i,
				(unsigned long long)waited(c[i], a, i));
	}
	sim_check(s, a->n == COUNT_OF(c) && b->n == COUNT_OF(c));
	sim_check(s, counter_values[COUNTER_semantic_kept] == kept + 1);
	sim_check(s, sim_metric(s, "weir_semantic_results_total", "result=\"asked\"") == COUNT_OF(c));
	sim_check(s, sim_metric(s, "weir_semantic_results_total", "result=\"right\"") == COUNT_OF(c) - 1);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"endpoint\":\"embed\"") == COUNT_OF(c));
	sim_free(&s);
}

/* The answer is there before its point: it goes, nothing is kept, and the call ends with it. */
static void an_answer_before_its_point(void **state)
{
	static const struct sim_act *const ways[] = { slow, hang };

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct sim *s = sim_new(SIM_SEED, SHADOW);
		struct sim_provider *b = sim_provider(s, "b.test", ways[i], NULL);
		uint64_t kept = counter_values[COUNTER_semantic_kept];
		sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *x = ask(s, 0, QUESTION);
		sim_run(s);
		check_word(s, x, "miss");
		sim_check(s, x->answers[0].end_ms - x->answers[0].asked_ms < 50);
		sim_run_for(s, 2000);
		sim_check(s, b->n == 1 && counter_values[COUNTER_semantic_kept] == kept);
		sim_check_left(s, b, x->answers[0].end_ms, 20);
		sim_free(&s);
	}
}

static struct sim *set_shadow(uint64_t seed)
{
	struct sim *s = sim_new_shuffled(seed, SHADOW);

	sim_provider(s, "a.test", thinking, NULL);
	sim_provider(s, "b.test", late_vector, NULL);
	ask(s, 0, QUESTION);
	ask(s, 100, LIKE_IT);
	return s;
}

static void check_honest(struct sim *s)
{
	LIST_EACH(node, tmp, &s->clients)
		sim_check_honest(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
}

static void reload_shadow(struct sim *s)
{
	char why[200];

	sim_check(s, sim_reload(s, CONFIG, why, sizeof(why)));
}

static void anything_in_the_shadow(void **state)
{
	void (*const strikes[])(struct sim *s) = { sim_strike_client_leaves, sim_strike_provider_resets,
		sim_strike_drain, reload_shadow };

	for (size_t i = 0; i < COUNT_OF(strikes); i++)
		sim_sweep(&(struct sim_sweep){ .set = set_shadow, .strike = strikes[i], .check = check_honest,
			.seed = i + 1 });
}

/* --- while it is asked ---------------------------------------------------------------------------------- */

static void reload(struct sim *s, void *config)
{
	char why[256];

	if (!sim_reload(s, config, why, sizeof(why)))
		sim_fail(s, __FILE__, __LINE__, "%s", why);
}

/* The point of the old embedder is of no use to the new one; the request goes on, and later ones use the new one.  The
 * same embedder again changes nothing. */
static void a_reload_while_asking(void **state)
{
	static const struct { const char *config; const char *second, *third; size_t n_a, n_b, n_c; } rows[] = {
		{ BASE "cache: {embedder: other}\n", "miss", "semantic", 2, 1, 2 },
		{ BASE, "miss", "semantic", 2, 1, 0 },
		/* `each` gives two numbers, whatever it is asked for */
		{ BASE "cache: {embedder: e, embedder_dim: 64}\n", "miss", "miss", 3, 3, 0 },
		{ CONFIG "ping: 5s\n", "semantic", "semantic", 1, 3, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
			*b = sim_provider(s, "b.test", each, NULL), *c = sim_provider(s, "c.test", three, NULL);
		struct sim_client *x = ask(s, 0, QUESTION), *y = ask(s, 60000, QUESTION), *z = ask(s, 120000, LIKE_IT);
		sim_at(s, 25, reload, (void *)(uintptr_t)rows[i].config);
		sim_run(s);
		check_word(s, x, "miss");
		check_word(s, y, rows[i].second);
		check_word(s, z, rows[i].third);
		if (a->n != rows[i].n_a || b->n != rows[i].n_b || c->n != rows[i].n_c)
			fail_msg("row %zu: %zu, %zu, %zu calls", i, a->n, b->n, c->n);
		sim_free(&s);
	}
}

/* Nothing is asked any more for a client that has left. */
static void a_client_leaves(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL),
		*b = sim_provider(s, "b.test", slow, NULL);
	struct sim_client *c = ask(s, 0, QUESTION);

	sim_run_for(s, 100);
	sim_check(s, b->n == 1);
	sim_client_leave(c, SIM_LEAVES);
	sim_run_for(s, 1000);
	sim_check(s, a->n == 0 && b->n == 1);
	sim_check_left(s, b, c->left_ms, 10);
	sim_check(s, sim_log_has(s, "\"endpoint\":\"embed\""));
	sim_free(&s);
}

/* It was the probe of a half-open breaker: the next one may be. */
static void a_probe_leaves(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *b = sim_provider(s, "b.test", hang, hang, hang, hang, hang, hang, each, NULL);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_good, NULL);
	for (uint64_t k = 0; k < 6; k++)
		ask(s, k * 1000, QUESTION);
	sim_run(s);
	sim_check(s, b->n == 5);
	c = ask(s, 30000, QUESTION);
	sim_run_for(s, 30100);
	sim_check(s, b->n == 6);
	sim_client_leave(c, SIM_LEAVES);
	ask(s, 1000, QUESTION);
	struct sim_client *hit = ask(s, 60000, LIKE_IT);
	sim_run(s);
	check_word(s, hit, "semantic");
	sim_check(s, b->n == 8);
	sim_free(&s);
}

static struct sim *set(uint64_t seed)
{
	struct sim *s = sim_new(seed, CONFIG);

	sim_provider(s, "b.test", each, NULL);
	sim_provider(s, "a.test", scene_good, NULL);
	ask(s, 0, QUESTION);
	ask(s, 5, QUESTION);
	ask(s, 10, LIKE_IT);
	return s;
}

/* The embedder's end breaks, a client leaves, weir drains: between any two things that happen. */
static void nothing_breaks(void **state)
{
	static void (*const strikes[])(struct sim *s) = { sim_strike_client_leaves, sim_strike_client_resets,
		sim_strike_provider_resets, sim_strike_provider_closes, sim_strike_drain };

	for (size_t i = 0; i < COUNT_OF(strikes); i++)
		sim_sweep(&(struct sim_sweep){ .set = set, .strike = strikes[i], .check = check_honest,
			.seed = SIM_SEED });
}

static void a_drain_waits_for_it(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c = ask(s, 0, QUESTION);

	sim_provider(s, "a.test", scene_good, NULL);
	sim_provider(s, "b.test", each, NULL);
	sim_run_for(s, 20);
	sim_drain(s);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_run_for(s, 10000);
	sim_check(s, sim_drained(s));
	sim_free(&s);
}

/* --- configuration -------------------------------------------------------------------------------------- */

static void what_is_refused(void **state)
{
	static const struct { const char *config, *why; } rows[] = {
		{ BASE "cache: {embedder: nobody}\n", "neither a file nor a model" },
		{ BASE "cache: {embedder: d/claude}\n", "neither a file nor a model" },
		{ BASE "  two: {targets: [b/e1, c/e2]}\ncache: {embedder: two}\n", "of several models" },
		{ BASE "  back: {targets: [b/e1], fallbacks: [e]}\ncache: {embedder: back}\n", "has fallbacks" },
		{ SCENE_LISTEN "providers:\n"
			"  d: {dialect: anthropic, url: \"https://d.test/v1\", key: \"${SIM_KEY}\"}\n"
			"cache: {embedder: d/claude}\n", "cannot be asked for embeddings" },
		{ BASE "cache: {embedder: /nowhere}\n", "cache.embedder" },
		{ BASE "cache: {embedder: e, embedder_dim: 1536}\n", "embedder_dim" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char why[1024] = "";
		struct sim *s = sim_try(SIM_SEED, rows[i].config, why, sizeof(why));
		if (s || strstr(why, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, s ? "taken" : why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_like_question_hits),
		cmocka_unit_test(calls_are_recorded),
		cmocka_unit_test(the_same_question_is_asked_once),
		cmocka_unit_test(who_does_not_ask),
		cmocka_unit_test(a_slow_one_is_not_waited_for),
		cmocka_unit_test(its_breaker_opens),
		cmocka_unit_test(wrong_dimensions_are_refused),
		cmocka_unit_test(long_vectors_are_shortened),
		cmocka_unit_test(asked_again_once_and_in_time),
		cmocka_unit_test(nobody_waits_in_the_shadow),
		cmocka_unit_test(an_answer_before_its_point),
		cmocka_unit_test(anything_in_the_shadow),
		cmocka_unit_test(a_reload_while_asking),
		cmocka_unit_test(a_client_leaves),
		cmocka_unit_test(a_probe_leaves),
		cmocka_unit_test(nothing_breaks),
		cmocka_unit_test(a_drain_waits_for_it),
		cmocka_unit_test(what_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
