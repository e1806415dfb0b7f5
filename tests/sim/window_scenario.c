/* The collect window: requests wait for company and share calls, each gets its own part of the answer, and nothing is
 * lost, mixed up or shared that must not be. */
#include "base/counter.h"
#include "base/dice.h"
#include "codec/json.h"
#include "scene.h"

#define MODEL(name, more) "  " name ": {targets: [a/m1], retries: 0" more "}\n"
#define CONFIG_OF(window) SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	MODEL("e", ", window: {" window "}") \
	MODEL("all", ", share: all, window: {items: 1000, tokens: 100000}") \
	MODEL("none", ", window: {mode: join}") \
	"  two: {tiers: [{targets: [a/m1]}, {targets: [b/m1]}], retries: 0, window: {items: 1000, tokens: 100000}}\n" \
	MODEL("slow", ", priority: bulk") \
	MODEL("chat", "") \
	MODEL("kept", ", cache: {exact: 1h}, window: {items: 1000, tokens: 100000}")
#define CONFIG CONFIG_OF("items: 1000, tokens: 100000")
#define KEY "Authorization: Bearer k\r\n"

/* An answer takes 50 ms: time for company to come. */
static const struct sim_act each[] = { SIM_WAIT(50), SIM_EACH, SIM_STOP };

static struct sim_client *embed_as(struct sim *s, uint64_t at_ms, const char *fields, const char *model,
	const char *input)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, "/v1/embeddings", fields,
		sim_printf(s, "{\"model\":\"%s\",\"input\":%s}", model, input)) } });
}

static struct sim_client *embed(struct sim *s, uint64_t at_ms, const char *input)
{
	return embed_as(s, at_ms, KEY, "e", input);
}

static bool is_vector(yyjson_val *item, size_t index, const char *text)
{
	yyjson_val *v = yyjson_obj_get(item, "embedding");
	struct sim_each_pair want = SIM_EACH_VECTOR(text);

	return yyjson_get_uint(yyjson_obj_get(item, "index")) == index && yyjson_arr_size(v) == 2
		&& yyjson_get_num(yyjson_arr_get(v, 0)) == (double)want.n
		&& yyjson_get_num(yyjson_arr_get(v, 1)) == (double)want.sum;
}

/* The answer has a vector for each of `n` texts, and no others.  Returns its prompt tokens. */
static uint64_t check_vectors(struct sim *s, const struct sim_client *c, size_t n, const char *const *texts)
{
	const struct sim_answer *a = &c->answers[0];
	struct slice body = buf_slice(&a->http.body);
	yyjson_doc *doc = body.n ? yyjson_read(body.p, body.n, 0) : NULL;
	yyjson_val *root = yyjson_doc_get_root(doc), *data = yyjson_obj_get(root, "data"), *item;
	size_t i, max;

	if (a->end != SIM_CLEAN || a->http.status != 200 || yyjson_arr_size(data) != n)
		sim_fail(s, __FILE__, __LINE__, "status %u, %.*s", a->http.status, SLICE_ARG(body));
	yyjson_arr_foreach(data, i, max, item)
		if (!is_vector(item, i, texts[i]))
			sim_fail(s, __FILE__, __LINE__, "item %zu is not of \"%s\": %.*s", i, texts[i],
				SLICE_ARG(body));
	uint64_t tok = yyjson_get_uint(yyjson_ptr_get(root, "/usage/prompt_tokens"));
	yyjson_doc_free(doc);
	return tok;
}
#define check(s, c, ...) \
	check_vectors(s, c, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

/* When call `i` came, counted from the first. */
static uint64_t after(const struct sim_provider *p, size_t i)
{
	return p->seen[i]->at_ms - p->seen[0]->at_ms;
}

/* The tokens of a merged call stand in the records of its members, and in no other. */
static void tokens_are_told_once(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);

	embed(s, 0, "\"first\"");
	for (uint64_t i = 0; i < 3; i++)
		embed(s, 10, sim_printf(s, "\"more %llu\"", (unsigned long long)i));
	sim_run(s);
	sim_run_for(s, 1000);
	sim_check(s, a->n == 2);
	sim_check(s, sim_log_count(s, "\"prompt_tokens\"") == 4);
	sim_free(&s);
}

/* --- merging -------------------------------------------------------------------------------------------- */

static void a_lone_one_does_not_wait(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *c = embed(s, 0, "\"one\""), *later = embed(s, 1000, "\"two\"");

	sim_run(s);
	check(s, c, "one");
	check(s, later, "two");
	sim_check(s, a->n == 2);
	sim_check(s, a->seen[1]->at_ms - later->answers[0].asked_ms < 10);
	/* Alone it passes as it came: the provider's own bytes. */
	sim_check(s, memmem(buf_slice(&c->answers[0].http.body).p, buf_len(&c->answers[0].http.body), "each-1", 6));
	sim_free(&s);
}

#define WAITED(what) \
	sim_metric(s, "weir_queue_wait_seconds_" what, "queue=\"window\",priority=\"normal\"")

static void company_shares_a_call(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""),
		*y = embed(s, 20, "[\"three\",\"four\"]"), *z = embed(s, 30, "[\"five\"]");
	uint64_t merged = counter_values[COUNTER_merged], idle = counter_values[COUNTER_windows_by_idle];

	sim_run(s);
	check(s, first, "one");
	uint64_t tok = check(s, x, "two") + check(s, y, "three", "four") + check(s, z, "five");
	sim_check(s, tok == 3 + 9 + 4);		/* what the provider said, to the token */
	/* The first one not at all, the others until its answer came. */
	sim_check(s, WAITED("count") == 4 && WAITED("sum") > 0.06 && WAITED("sum") < 0.15);
	sim_run_for(s, 100);
	sim_check(s, sim_metric(s, "weir_tokens_total", "type=\"prompt\"") == 3 + 3 + 9 + 4);
	sim_check(s, a->n == 2);
	sim_check(s, counter_values[COUNTER_merged] == merged + 3);
	sim_check(s, counter_values[COUNTER_windows_by_idle] == idle + 2);
	sim_check(s, sim_metric(s, "weir_carriers_total", NULL) >= 1);
	sim_free(&s);
}

/* A burst of one turn leaves in one call; what is too much for it in several. */
static void a_full_call_leaves(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG_OF("items: 3"));
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	uint64_t size = counter_values[COUNTER_windows_by_size];
	struct sim_client *c[7];
	char text[7][8];

	for (size_t i = 0; i < COUNT_OF(c); i++) {
		snprintf(text[i], sizeof(text[i]), "t%zu", i);
		c[i] = embed(s, i ? 5 : 0, sim_printf(s, "\"%s\"", text[i]));
	}
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		check(s, c[i], text[i]);
	sim_check(s, a->n == 3 && after(a, 2) < 40);	/* 1, then twice 3, before the first answer */
	sim_check(s, counter_values[COUNTER_windows_by_size] > size);
	sim_free(&s);
}

/* One that asks for more than a call may hold goes as it is. */
static void too_much_for_one_call(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG_OF("items: 2"));
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 5, "[\"a\",\"b\",\"c\"]"),
		*y = embed(s, 5, "\"two\"");

	sim_run(s);
	check(s, first, "one");
	check(s, x, "a", "b", "c");
	check(s, y, "two");
	sim_check(s, a->n == 3);
	sim_free(&s);
}

/* Nobody waits longer than `max` for a provider that is slow. */
static void time_closes_it(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(2000), SIM_EACH, SIM_STOP };

	for (uint64_t at = 150; at < 260; at++) {	/* around the time when it closes, too */
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
		struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""),
			*y = embed(s, at, "\"three\"");

		sim_run(s);
		check(s, first, "one");
		check(s, x, "two");
		check(s, y, "three");
		sim_check(s, a->n >= 2 && a->n <= 3);
		sim_check(s, after(a, 1) >= 205 && after(a, 1) <= 215 && after(a, a->n - 1) <= at + 205);
		sim_free(&s);
	}
}

#define CROWD 10000u
static void ten_thousand_make_few_calls(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG_OF("items: 2048, tokens: 1000000"));
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	static struct sim_client *c[CROWD];
	uint64_t tok = 0, want = 0;

	for (size_t i = 0; i < CROWD; i++)
		c[i] = embed(s, i / 10, sim_printf(s, "\"text %zu\"", i));
	sim_run(s);
	for (size_t i = 0; i < CROWD; i++) {
		const char *text = sim_printf(s, "text %zu", i);
		tok += check(s, c[i], text);
		want += strlen(text);
	}
	sim_check(s, tok == want);
	if (a->n > 10)
		fail_msg("%zu calls", a->n);
	sim_free(&s);
}

/* Identical ones are one item; each client gets it. */
static void identical_ones_are_one_item(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *c[6];
	uint64_t joins = counter_values[COUNTER_joins];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = embed(s, 5 + i, i % 2 ? "\"odd\"" : "\"even\"");
	sim_run(s);
	check(s, first, "one");
	for (size_t i = 0; i < COUNT_OF(c); i++)
		check(s, c[i], i % 2 ? "odd" : "even");
	sim_check(s, a->n == 2 && counter_values[COUNTER_joins] == joins + 4);
	sim_check(s, memmem(buf_slice(&a->seen[1]->http.body).p, buf_len(&a->seen[1]->http.body),
		"\"input\":[\"even\",\"odd\"]", 22));
	sim_free(&s);
}

/* --- what must stay apart ------------------------------------------------------------------------------- */

static void strangers_never_share_a_call(void **state)
{
	static const struct {
		const char *name, *fields, *model, *input;
		size_t calls;
	} rows[] = {
		{ "the same", KEY, "e", "\"two\"", 2 },
		{ "another key", "Authorization: Bearer other\r\n", "e", "\"two\"", 3 },
		{ "no key", "", "e", "\"two\"", 3 },
		{ "strict", KEY "x-weir-strict: true\r\n", "e", "\"two\"", 3 },
		{ "another parameter", KEY, "e", "\"two\",\"dimensions\":3", 3 },
		{ "tokens", KEY, "e", "[1,2,3]", 3 },
		{ "another model", KEY, "all", "\"two\"", 3 },
		{ "by itself", KEY "x-weir-join: no\r\n", "e", "\"two\"", 3 },
		{ "in a hurry", KEY "x-weir-priority: realtime\r\n", "e", "\"two\"", 3 },
		{ "without time", KEY "x-weir-timeout-ms: 300\r\n", "e", "\"two\"", 3 },
		{ "with time", KEY "x-weir-timeout-ms: 3000\r\n", "e", "\"two\"", 2 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
		struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"three\""),
			*y = embed_as(s, 10, rows[i].fields, rows[i].model, rows[i].input);

		sim_run(s);
		check(s, first, "one");
		check(s, x, "three");
		check(s, y, rows[i].input[0] == '[' ? "1,2,3" : "two");
		if (a->n != rows[i].calls)
			fail_msg("%s: %zu calls", rows[i].name, a->n);
		sim_free(&s);
	}
}

static void a_model_can_share_with_all(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *first = embed_as(s, 0, KEY, "all", "\"one\""), *c[5];
	static const char *const texts[] = { "v", "w", "x", "y", "z" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = embed_as(s, 5 + i, sim_printf(s, "Authorization: Bearer k%zu\r\n", i), "all",
			sim_printf(s, "\"%s\"", texts[i]));
	sim_run(s);
	check(s, first, "one");
	for (size_t i = 0; i < COUNT_OF(c); i++)
		check(s, c[i], texts[i]);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

static void a_model_need_not_wait(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *x = embed_as(s, 0, KEY, "none", "\"one\""), *y = embed_as(s, 10, KEY, "none", "\"two\"");

	sim_run(s);
	check(s, x, "one");
	check(s, y, "two");
	sim_check(s, a->n == 2 && after(a, 1) < 40);
	sim_free(&s);
}

/* --- failures ------------------------------------------------------------------------------------------- */

static void only_the_bad_one_fails(void **state)
{
	static const struct sim_each_opts hates = { .hates = "bad" };
	static const struct sim_act picky[] = { SIM_WAIT(50), SIM_EACH_BUT(&hates), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", picky, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""),
		*y = embed(s, 10, "\"a bad one\""), *z = embed(s, 10, "[\"three\",\"four\"]");
	uint64_t undone = counter_values[COUNTER_carriers_undone];

	sim_run(s);
	check(s, first, "one");
	check(s, x, "two");
	check(s, z, "three", "four");
	sim_check_error(s, y, 400, "bad_input");
	sim_check(s, a->n == 5 && counter_values[COUNTER_carriers_undone] == undone + 1);
	sim_free(&s);
}

static void a_wrong_number_of_items_is_no_answer(void **state)
{
	static const struct sim_each_opts few = { .short_by = 1 };
	static const struct sim_act forgetful[] = { SIM_WAIT(50), SIM_EACH_BUT(&few), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", forgetful, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""), *y = embed(s, 10, "\"three\"");

	sim_run(s);
	check(s, first, "one");
	check(s, x, "two");
	check(s, y, "three");
	sim_check(s, a->n == 4);
	sim_free(&s);
}

/* The call is retried like any other: once for all of its members. */
static void a_call_fails_over(void **state)
{
	static const struct sim_act down[] = { SIM_WAIT(20), SIM_ERROR(500, "", "server_error", "internal"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, "retry: {per_second: 1000}\n" CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", down, NULL), *b = sim_provider(s, "b.test", each, NULL);
	struct sim_client *first = embed_as(s, 0, KEY, "two", "\"one\""), *c[3];
	static const char *const texts[] = { "x", "y", "z" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = embed_as(s, 10, KEY, "two", sim_printf(s, "\"%s\"", texts[i]));
	sim_run(s);
	check(s, first, "one");
	for (size_t i = 0; i < COUNT_OF(c); i++) {
		check(s, c[i], texts[i]);
		sim_check(s, slice_eq(sim_http_field(&c[i]->answers[0].http, "x-weir-target"), SLICE("b/m1")));
		sim_check(s, slice_eq(sim_http_field(&c[i]->answers[0].http, "x-weir-attempts"), SLICE("2")));
	}
	sim_check(s, a->n == 2 && b->n == 2);
	sim_free(&s);
}

static void when_all_fails_each_is_told(void **state)
{
	static const struct sim_act down[] = { SIM_WAIT(20), SIM_ERROR(500, "", "server_error", "internal"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", down, NULL);
	struct sim_client *c[4];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = embed(s, i ? 10 : 0, sim_printf(s, "\"%zu\"", i));
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_error(s, c[i], 502, NULL);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* A deadline counts from arrival, and is one member's alone. */
static void a_deadline_is_ones_own(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(1000), SIM_EACH, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""),
		*y = embed_as(s, 10, KEY "x-weir-timeout-ms: 600\r\n", "e", "\"three\"");

	sim_run(s);
	check(s, first, "one");
	check(s, x, "two");
	sim_check_error(s, y, 408, "deadline_exceeded");
	uint64_t took = y->answers[0].end_ms - y->answers[0].asked_ms;
	sim_check(s, took >= 600 && took < 650 && a->n == 2);
	sim_free(&s);
}

/* --- what else happens to answers ----------------------------------------------------------------------- */

/* A client that happens to ask for just what a call carries is no reader of that call. */
static void nobody_joins_a_carrier(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""), *y = embed(s, 12, "\"three\""),
		*z = embed(s, 80, "[\"two\",\"three\"]");

	sim_run(s);
	check(s, first, "one");
	check(s, x, "two");
	check(s, y, "three");
	check(s, z, "two", "three");
	sim_check(s, a->n == 3);
	sim_free(&s);
}

/* A part of a merged answer serves later requests as any other. */
static void parts_are_kept(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *c[6];
	static const char *const inputs[] = { "\"one\"", "\"two\"", "[\"three\"]" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = embed_as(s, (i < 3 ? 0 : 1000) + i * 5, KEY, "kept", inputs[i % 3]);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i += 3) {
		check(s, c[i], "one");
		check(s, c[i + 1], "two");
		check(s, c[i + 2], "three");
	}
	sim_check(s, a->n == 2);
	sim_check(s, slice_eq(sim_http_field(&c[5]->answers[0].http, "x-weir-cache"), SLICE("hit")));
	sim_free(&s);
}

/* --- leaving -------------------------------------------------------------------------------------------- */

/* One member leaves at every moment: the others notice nothing. */
static void one_leaves(void **state)
{
	for (uint64_t ms = 1; ms < 160; ms += 2) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
		struct sim_client *first = embed(s, 0, "\"one\""), *x = embed(s, 10, "\"two\""),
			*y = embed(s, 12, "[\"three\",\"four\"]"), *z = embed(s, 14, "\"five\"");

		y->plan.leave = SIM_LEAVES;
		y->plan.leave_at_ms = ms;
		sim_run(s);
		check(s, first, "one");
		check(s, x, "two");
		check(s, z, "five");
		sim_check(s, a->n == 2);
		sim_free(&s);
	}
}

/* All of a call leave: nobody pays for it any more. */
static void the_last_one_stops_the_call(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(10000), SIM_EACH, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	struct sim_client *c[3];

	for (size_t i = 0; i < COUNT_OF(c); i++) {
		c[i] = embed(s, i ? 10 : 0, sim_printf(s, "\"%zu\"", i));
		c[i]->plan.leave = SIM_LEAVES;
		c[i]->plan.leave_at_ms = 500 + 100 * i;
	}
	sim_run(s);
	sim_check(s, a->n == 2);
	sim_check_left(s, a, c[2]->left_ms, 1000);
	sim_free(&s);
}

/* --- sweeps: between any two things that happen --------------------------------------------------------- */

static struct sim *a_play(uint64_t seed)
{
	struct sim *s = sim_new_shuffled(seed, CONFIG);

	sim_provider(s, "a.test", each, NULL);
	embed(s, 0, "\"one\"");
	embed(s, 10, "\"two\"");
	embed(s, 10, "[\"three\",\"four\"]");
	embed(s, 20, "\"two\"");
	embed(s, 120, "\"five\"");
	return s;
}

static const char *const a_play_texts[] = { "one", "two", "three", "two", "five" };

/* Every client has its whole answer, or was told, or is the one that left. */
static void check_play(struct sim *s, bool may_fail)
{
	size_t i = 0;

	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		if (c->left || c->refused || (may_fail && c->n_answers && c->answers[0].http.status != 200))
			i++;
		else if (i == 2)
			i += check(s, c, "three", "four") > 0;
		else if (!may_fail || c->n_answers)
			i += check(s, c, a_play_texts[i]) > 0;
		else
			i++;
	}
}

static void check_all(struct sim *s)
{
	check_play(s, false);
}

static void check_told(struct sim *s)
{
	check_play(s, true);
}

static void sweep(void (*strike)(struct sim *s), void (*verify)(struct sim *s))
{
	for (uint64_t seed = 1; seed <= 2; seed++)
		sim_sweep(&(struct sim_sweep){ .set = a_play, .strike = strike, .check = verify, .seed = seed });
}

static void reload(struct sim *s)
{
	char why[200];
	sim_check(s, sim_reload(s, CONFIG_OF("items: 2"), why, sizeof(why)));
}

static void a_client_leaves_at_any_moment(void **state)
{
	sweep(sim_strike_client_leaves, check_all);
}

static void a_reload_at_any_moment(void **state)
{
	sweep(reload, check_all);
}

static void a_drain_at_any_moment(void **state)
{
	sweep(sim_strike_drain, check_told);
}

static void a_provider_dies_at_any_moment(void **state)
{
	sweep(sim_strike_provider_resets, check_told);
}

/* --- other endpoints ------------------------------------------------------------------------------------ */

static struct sim_client *post_bulk(struct sim *s, uint64_t at_ms, const char *path, const char *body)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms,
		.sends = { sim_post(s, path, KEY "x-weir-priority: bulk\r\n", body) } });
}

/* The texts of the items at `list`, joined by blanks. */
static const char *texts_of(struct sim *s, const struct sim_client *c, const char *list)
{
	struct slice body = buf_slice(&c->answers[0].http.body);
	yyjson_doc *doc = yyjson_read(body.p, body.n, 0);
	const char *out = "";
	yyjson_val *v;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), list), i, n, v)
		out = sim_printf(s, "%s%s%s", out, i ? " " : "", yyjson_get_str(yyjson_obj_get(v, "text")));
	yyjson_doc_free(doc);
	return out;
}

static void moderations_share_calls(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *x = post_bulk(s, 0, "/v1/moderations", "{\"model\":\"e\",\"input\":\"one\"}"),
		*y = post_bulk(s, 10, "/v1/moderations", "{\"model\":\"e\",\"input\":\"two\"}"),
		*z = post_bulk(s, 10, "/v1/moderations", "{\"model\":\"e\",\"input\":[\"three\",\"four\"]}");

	sim_run(s);
	assert_string_equal(texts_of(s, x, "results"), "one");
	assert_string_equal(texts_of(s, y, "results"), "two");
	assert_string_equal(texts_of(s, z, "results"), "three four");
	sim_check(s, slice_eq(sim_http_field(&y->answers[0].http, "content-type"), SLICE("application/json")));
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* What had come of a call that broke is forgotten, also of an answer that passes as it is. */
static void a_broken_moderation_is_asked_again(void **state)
{
	static const struct sim_act cut[] = { SIM_WAIT(50), SIM_RAW("HTTP/1.1 200 OK\r\nContent-Type: application/json"
		"\r\nContent-Length: 500\r\n\r\n{\"results\":[{\"text\":\"wrong\"},"), SIM_WAIT(10), SIM_RESET };
	struct sim *s = sim_new(SIM_SEED, "retry: {per_second: 1000}\n" CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, cut, NULL), *b = sim_provider(s, "b.test", each, NULL);
	struct sim_client *c[3];
	static const char *const texts[] = { "one", "two", "three" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = post_bulk(s, i * 5, "/v1/moderations", sim_printf(s, "{\"model\":\"two\",\"input\":\"%s\"}",
			texts[i]));
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		assert_string_equal(texts_of(s, c[i], "results"), texts[i]);
	sim_check(s, a->n == 2 && b->n == 1);
	sim_free(&s);
}

/* Completions: where every target speaks them; n samples of each prompt. */
static void prompts_share_calls(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_LISTEN "providers:\n" SCENE_PROVIDER("a", ", also: [completions]")
		SCENE_PROVIDER("b", "") "models:\n" MODEL("e", "")
		"  two: {tiers: [{targets: [a/m1]}, {targets: [b/m1]}], retries: 0}\n");
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *c[6];
	static const char *const inputs[] = { "\"one\"", "\"two\"", "[\"three\",\"four\"]" };
	static const char *const want[] = { "one!", "two!", "three! four!" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = post_bulk(s, i % 3 * 5, "/v1/completions", sim_printf(s,
			"{\"model\":\"%s\",\"prompt\":%s}", i < 3 ? "e" : "two", inputs[i % 3]));
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		assert_string_equal(texts_of(s, c[i], "choices"), want[i % 3]);
	sim_check(s, a->n == 2 + 3);
	sim_free(&s);
}

/* --- other dialects ------------------------------------------------------------------------------------- */

static void gemini_clients_share_calls_too(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
	struct sim_client *c[4];
	static const char *const texts[] = { "one", "two", "three", "four" };

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = sim_client(s, (struct sim_plan){ .at_ms = i * 5, .sends = { sim_post(s,
			"/v1beta/models/e:embedContent", KEY, sim_printf(s,
			"{\"content\":{\"parts\":[{\"text\":\"%s\"}]}}", texts[i])) } });
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++) {
		struct slice body = buf_slice(&c[i]->answers[0].http.body);
		yyjson_doc *doc = yyjson_read(body.p, body.n, 0);
		yyjson_val *v = yyjson_ptr_get(yyjson_doc_get_root(doc), "/embedding/values");
		struct sim_each_pair want = SIM_EACH_VECTOR(texts[i]);
		sim_check(s, yyjson_get_num(yyjson_arr_get(v, 0)) == (double)want.n);
		sim_check(s, yyjson_get_num(yyjson_arr_get(v, 1)) == (double)want.sum);
		yyjson_doc_free(doc);
	}
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* --- generated ------------------------------------------------------------------------------------------ */

#define MOST_INPUTS 4u

struct guess {
	struct sim_client *client;
	const char *texts[MOST_INPUTS];
	size_t n;
};

/* Anything at any time: lists and single ones, texts and tokens, three tenants, parameters, leavers. */
static void ask_anything(struct sim *s, struct dice *d, struct guess *g)
{
	static const char *const keys[] = { KEY, "Authorization: Bearer other\r\n", "" };
	static const char *const more[] = { "", "", ",\"dimensions\":2", ",\"user\":\"u\"" };
	bool tokens = dice_below(d, 4) == 0, bare;
	const char *input = "";

	g->n = 1 + dice_below(d, MOST_INPUTS);
	bare = g->n == 1 && dice_below(d, 2);
	for (size_t i = 0; i < g->n; i++) {
		g->texts[i] = tokens ? sim_printf(s, "%u,%u", (unsigned)dice_below(d, 9), (unsigned)dice_below(d, 9))
			: sim_printf(s, "text %u", (unsigned)dice_below(d, 60));
		input = sim_printf(s, "%s%s%s%s%s", input, i ? "," : "", tokens ? "[" : "\"", g->texts[i],
			tokens ? "]" : "\"");
	}
	g->client = embed_as(s, dice_below(d, 900), keys[dice_below(d, 3)], "e", sim_printf(s, "%s%s%s%s",
		bare ? "" : "[", input, bare ? "" : "]", more[dice_below(d, COUNT_OF(more))]));
	if (dice_below(d, 10) == 0) {
		g->client->plan.leave = SIM_LEAVES;
		g->client->plan.leave_at_ms = dice_below(d, 200);
	}
}

static void each_gets_its_own(void **state)
{
	struct guess all[250];

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct sim *s = sim_new_shuffled(seed, seed % 2 ? CONFIG : CONFIG_OF("items: 7, max: 40ms"));
		struct sim_provider *a = sim_provider(s, "a.test", each, NULL);
		struct dice d;

		dice_init(&d, seed);
		for (size_t i = 0; i < COUNT_OF(all); i++)
			ask_anything(s, &d, &all[i]);
		sim_run(s);
		for (size_t i = 0; i < COUNT_OF(all); i++)
			if (!all[i].client->left)
				check_vectors(s, all[i].client, all[i].n, all[i].texts);
		sim_check(s, a->n < COUNT_OF(all));
		sim_free(&s);
	}
}

/* --- priorities ----------------------------------------------------------------------------------------- */

static struct sim_client *chat_as(struct sim *s, uint64_t at_ms, const char *fields, const char *model,
	const char *text)
{
	const char *body = sim_printf(s, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
		model, text);

	return sim_client(s, (struct sim_plan){ .at_ms = at_ms,
		.sends = { sim_post(s, "/v1/chat/completions", fields, body) } });
}

/* Bulk requests are collected whatever they ask for, and leave together, the most urgent first. */
static void bulk_waits_for_company(void **state)
{
	static const struct sim_act good[] = { SIM_WAIT(400), SIM_GOOD("Hello world"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", good, NULL);
	static const char hurry[] = KEY "x-weir-priority: realtime\r\n";
	/* Three connections are there already: what leaves first arrives first. */
	struct sim_client *c[] = { chat_as(s, 0, hurry, "slow", "a"), chat_as(s, 0, hurry, "slow", "b"),
		chat_as(s, 0, hurry, "slow", "c"), chat_as(s, 1000, KEY, "slow", "first"),
		chat_as(s, 1010, KEY "x-weir-priority: batch\r\n", "slow", "later"),
		chat_as(s, 1020, KEY, "slow", "sooner"), chat_as(s, 1030, KEY, "slow", "sooner") };

	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, a->n == 6 && a->n_conns == 3 && after(a, 4) - after(a, 3) >= 200);
	sim_check(s, memmem(buf_slice(&a->seen[4]->http.body).p, buf_len(&a->seen[4]->http.body), "sooner", 6));
	sim_check(s, memmem(buf_slice(&a->seen[5]->http.body).p, buf_len(&a->seen[5]->http.body), "later", 5));
	sim_check(s, sim_http_field(&a->seen[4]->http, "x-weir-priority").p == NULL);
	sim_free(&s);
}

static void one_in_a_hurry_takes_it_along(void **state)
{
	static const struct sim_act good[] = { SIM_WAIT(400), SIM_GOOD("Hello world"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", good, NULL);
	struct sim_client *c[] = { chat_as(s, 0, KEY, "slow", "first"), chat_as(s, 10, KEY, "slow", "same"),
		chat_as(s, 30, KEY "x-weir-priority: realtime\r\n", "slow", "same") };

	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, a->n == 2 && after(a, 1) < 40);
	sim_free(&s);
}

static void a_priority_is_one_of_four_words(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *bad = chat_as(s, 0, KEY "x-weir-priority: urgent\r\n", "chat", "hi"),
		*good = chat_as(s, 0, KEY "X-Weir-Priority: Normal\r\n", "chat", "hi");

	sim_run(s);
	sim_check_error(s, bad, 400, "invalid_priority");
	sim_check_whole(s, good, SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_one_does_not_wait),
		cmocka_unit_test(company_shares_a_call),
		cmocka_unit_test(a_full_call_leaves),
		cmocka_unit_test(too_much_for_one_call),
		cmocka_unit_test(time_closes_it),
		cmocka_unit_test(ten_thousand_make_few_calls),
		cmocka_unit_test(identical_ones_are_one_item),
		cmocka_unit_test(strangers_never_share_a_call),
		cmocka_unit_test(a_model_can_share_with_all),
		cmocka_unit_test(a_model_need_not_wait),
		cmocka_unit_test(only_the_bad_one_fails),
		cmocka_unit_test(a_wrong_number_of_items_is_no_answer),
		cmocka_unit_test(a_call_fails_over),
		cmocka_unit_test(when_all_fails_each_is_told),
		cmocka_unit_test(a_deadline_is_ones_own),
		cmocka_unit_test(nobody_joins_a_carrier),
		cmocka_unit_test(parts_are_kept),
		cmocka_unit_test(one_leaves),
		cmocka_unit_test(the_last_one_stops_the_call),
		cmocka_unit_test(a_client_leaves_at_any_moment),
		cmocka_unit_test(a_reload_at_any_moment),
		cmocka_unit_test(a_drain_at_any_moment),
		cmocka_unit_test(a_provider_dies_at_any_moment),
		cmocka_unit_test(moderations_share_calls),
		cmocka_unit_test(a_broken_moderation_is_asked_again),
		cmocka_unit_test(prompts_share_calls),
		cmocka_unit_test(gemini_clients_share_calls_too),
		cmocka_unit_test(each_gets_its_own),
		cmocka_unit_test(bulk_waits_for_company),
		cmocka_unit_test(one_in_a_hurry_takes_it_along),
		cmocka_unit_test(a_priority_is_one_of_four_words),
		cmocka_unit_test(tokens_are_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
