/* The semantic cache in its place: a question that is worded a little otherwise gets the kept answer, and nothing else
 * does. */
#include "base/counter.h"
#include "scene.h"

#define SEMANTIC(name, mode) "  " name ":\n    targets: [a/m1]\n    retries: 0\n    join: separate\n" \
	"    cache: {semantic: {mode: " mode ", threshold: 0.8}}\n"
#define CONFIG SCENE_LISTEN SCENE_PROVIDERS "models:\n" SEMANTIC("near", "threshold") SEMANTIC("shadow", "shadow") \
	SEMANTIC("proved", "verified")
#define KEY "Authorization: Bearer k\r\n"
#define QUESTION "How do I reset the password of my account?"

static const char *body(struct sim *s, const char *model, const char *system, const char *text, bool stream)
{
	return sim_printf(s, "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"system\",\"content\":\"%s\"},"
		"{\"role\":\"user\",\"content\":\"%s\"}]}", model, stream ? "true" : "false", system, text);
}

static struct sim_client *ask(struct sim *s, uint64_t at_ms, const char *fields, const char *json)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms,
		.sends = { sim_post(s, "/v1/chat/completions", fields, json) } });
}

static struct slice word_of(const struct sim_client *c)
{
	return sim_http_field(&c->answers[0].http, "x-weir-cache");
}

static void who_is_answered(void **state)
{
	static const struct {
		const char *fields, *system, *text, *word;
		bool stream;
	} rows[] = {
		{ KEY, "s", "How do I reset the password of my account", "semantic", true },
		{ KEY, "s", "Hello, how do I reset the password of my account, please?", "semantic", false },
		{ KEY, "s", QUESTION, "semantic", true },
		{ KEY, "other", QUESTION, "miss", true },
		{ "Authorization: Bearer other\r\n", "s", QUESTION, "miss", true },
		{ KEY, "s", "How do I not reset the password of my account?", "miss", true },
		{ KEY, "s", "How do I reset the password of 2 accounts?", "miss", true },
		{ KEY, "s", "Where is the harbour of Genoa?", "miss", true },
		{ KEY "Cache-Control: no-cache\r\n", "s", QUESTION, "bypass", true },
		{ KEY "Cache-Control: no-store\r\n", "s", QUESTION, "", true },
		{ KEY "Cache-Control: max-age=5\r\n", "s", QUESTION, "miss", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *x = ask(s, 0, KEY, body(s, "near", "s", QUESTION, true)),
			*y = ask(s, 60000, rows[i].fields,
				body(s, "near", rows[i].system, rows[i].text, rows[i].stream));

		sim_run(s);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check_whole(s, y, SCENE_GOOD);
		bool hit = strcmp(rows[i].word, "semantic") == 0;
		if (!slice_eq(word_of(y), slice_str(rows[i].word)) || a->n != (hit ? 1 : 2))
			fail_msg("row %zu: %.*s, %zu calls", i, SLICE_ARG(word_of(y)), a->n);
		if (hit) {
			sim_check(s, sim_http_field(&y->answers[0].http, "x-weir-cache-id").n == 16);
			sim_check(s, slice_starts(sim_http_field(&y->answers[0].http, "age"), SLICE("5"))
				|| slice_starts(sim_http_field(&y->answers[0].http, "age"), SLICE("6")));
		}
		sim_free(&s);
	}
}

/* The shadow serves nothing; nor does `verified` before there is evidence. */
static void who_serves_nothing(void **state)
{
	static const char *const models[] = { "shadow", "proved" };

	for (size_t i = 0; i < COUNT_OF(models); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		for (uint64_t k = 0; k < 4; k++)
			ask(s, k * 60000, KEY, body(s, models[i], "s", QUESTION, true));
		sim_run(s);
		sim_check(s, a->n == 4);
		sim_free(&s);
	}
}

/* The same answer again and again is evidence; when there is enough of it, it is served, from then on. */
static void evidence_gathers(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	enum { ASKED = 200 };

	for (uint64_t k = 0; k < ASKED; k++)
		ask(s, k * 61000, KEY, body(s, "proved", "s", QUESTION, true));
	sim_run_for(s, ASKED * 61000);
	sim_check(s, a->n > 3 && a->n < ASKED / 2);
	sim_free(&s);
}

/* One complaint, by the name that came with the answer, and it is asked anew. */
static void a_complaint_counts(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	const char *json = body(s, "near", "s", QUESTION, true);

	ask(s, 0, KEY, json);
	struct sim_client *y = ask(s, 100000, KEY, json);
	sim_run(s);
	struct slice id = sim_http_field(&y->answers[0].http, "x-weir-cache-id");
	const char *bad = sim_printf(s, KEY "x-weir-feedback: bad %.*s\r\n", SLICE_ARG(id));
	sim_check(s, a->n == 1);
	ask(s, 100000, bad, json);
	sim_run(s);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

static void a_purge_ends_them(void **state)
{
	static const char *const paths[] = { "/admin/cache/purge", "/admin/cache/purge?model=near" };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		ask(s, 0, KEY, body(s, "near", "s", QUESTION, true));
		sim_run(s);
		sim_client(s, (struct sim_plan){ .to = "127.0.0.1:9901", .sends = { sim_post(s, paths[i], "", "") } });
		sim_run(s);
		ask(s, 100000, KEY, body(s, "near", "s", QUESTION, true));
		sim_run(s);
		sim_check(s, a->n == 2);
		sim_free(&s);
	}
}

/* A reload keeps what was learned; another embedder does not exist in the sim, a missing one refuses the reload. */
static void a_reload_forgets_nothing(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	char why[256];

	ask(s, 0, KEY, body(s, "near", "s", QUESTION, true));
	sim_run(s);
	sim_check(s, sim_reload(s, CONFIG, why, sizeof(why)));
	sim_check(s, !sim_reload(s, CONFIG "cache: {embedder: /nowhere/at/all}\n", why, sizeof(why)));
	sim_check(s, strstr(why, "cache.embedder") != NULL);
	ask(s, 100000, KEY, body(s, "near", "s", QUESTION, true));
	sim_run(s);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_answered),
		cmocka_unit_test(who_serves_nothing),
		cmocka_unit_test(evidence_gathers),
		cmocka_unit_test(a_complaint_counts),
		cmocka_unit_test(a_purge_ends_them),
		cmocka_unit_test(a_reload_forgets_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
