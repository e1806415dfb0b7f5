/* Identical requests that run at the same time share one upstream call: who comes late replays what there is and
 * follows live, the flight belongs to nobody, and nothing is shared that must not be. */
#include "base/counter.h"
#include "scene.h"

#define CONFIG SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  j:\n    tiers:\n      - targets: [a/m1]\n      - targets: [b/m2]\n    retries: 0\n" \
	"  apart:\n    join: separate\n    targets: [a/m1]\n" \
	"  parts:\n    join_usage: split\n    targets: [a/m1]\n" \
	"prices:\n  a/m1: {input: 2.5, output: 10}\n"
#define BODY(model, more) "{\"model\":\"" model "\",\"stream\":true" more \
	",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define PATH "/v1/chat/completions"

static struct sim_client *ask_at(struct sim *s, uint64_t at_ms, const char *fields, const char *body)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, PATH, fields, body) } });
}

/* The second one comes at every moment of the first one's answer. */
static void a_late_one_gets_all_of_it(void **state)
{
	for (int streamed = 0; streamed < 2; streamed++)
		for (uint64_t ms = 0; ms < 100; ms += 3) {
			struct sim *s = sim_new(SIM_SEED, CONFIG);
			uint64_t joins = counter_values[COUNTER_joins];
			struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
			struct sim_client *x = scene_client(s, "j", streamed), *y = scene_client(s, "j", streamed,
				.at_ms = ms);

			sim_run(s);
			sim_check_whole(s, x, SCENE_GOOD);
			sim_check_whole(s, y, SCENE_GOOD);
			sim_check(s, a->n == 1);
			sim_check(s, counter_values[COUNTER_joins] == joins + 1);
			sim_free(&s);
		}
}

/* One who comes after the end asks anew. */
static void the_end_is_the_end(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *x = scene_client(s, "j", true), *y = scene_client(s, "j", true, .at_ms = 500);

	sim_run(s);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check_whole(s, y, SCENE_GOOD);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* Whoever leaves, whenever: the other one notices nothing, and the provider is not asked again. */
static void one_leaves(bool the_first)
{
	for (size_t events = 1; events <= 5; events++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
		struct sim_client *x = the_first ? scene_client(s, "j", true, .leave = SIM_LEAVES,
			.leave_events = events)
			: scene_client(s, "j", true);
		struct sim_client *y = the_first ? scene_client(s, "j", true, .at_ms = 1)
			: scene_client(s, "j", true, .at_ms = 1, .leave = SIM_LEAVES, .leave_events = events);

		sim_run(s);
		sim_check_whole(s, the_first ? y : x, SCENE_GOOD);
		sim_check(s, a->n == 1 && a->seen[0]->fate == SIM_SERVED);
		sim_free(&s);
	}
}

static void the_first_leaves(void **state)
{
	one_leaves(true);
}

static void the_second_leaves(void **state)
{
	one_leaves(false);
}

static void both_leave(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);

	scene_client(s, "j", true, .leave = SIM_LEAVES, .leave_events = 2);
	struct sim_client *y = scene_client(s, "j", true, .leave = SIM_LEAVES, .leave_events = 2);
	sim_run(s);
	sim_check_left(s, a, y->left_ms, 1000);
	sim_free(&s);
}

/* A failure before release is retried once for all. */
static void one_retry_for_all(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_slow, NULL);
	struct sim_client *c[5];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = scene_client(s, "j", true, .at_ms = i * 15);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, a->n == 1 && b->n == 1);
	sim_free(&s);
}

/* A failure after release is told to all, the late one included. */
static void a_cut_is_told_to_all(void **state)
{
	static const struct sim_act cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_TEXT("lo"), SIM_WAIT(50),
		SIM_RESET };
	struct sim *s = sim_new(SIM_SEED, CONFIG);

	sim_provider(s, "a.test", cut, NULL);
	struct sim_client *x = scene_client(s, "j", true), *y = scene_client(s, "j", true, .at_ms = 30);
	sim_run(s);
	sim_check_broken(s, x, "Hello");
	sim_check_broken(s, y, "Hello");
	sim_free(&s);
}

static void many_make_one_call(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_client *c[500];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = scene_client(s, "j", true, .at_ms = i % 90);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

/* One reads at a trickle: it gets every byte, and nobody waits for it. */
static void a_slow_one_holds_up_nobody(void **state)
{
	static const struct sim_act long_one[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("abcdefgh", 400, 5),
		SIM_FINISH("stop"),
		SIM_END };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", long_one, NULL);
	struct sim_client *quick = scene_client(s, "j", true);
	struct sim_client *slow = scene_client(s, "j", true, .at_ms = 1, .buffer = 2048, .read_piece = 1000,
		.read_gap_ms = 200);

	sim_run(s);
	sim_check(s, quick->answers[0].end == SIM_CLEAN && slow->answers[0].end == SIM_CLEAN);
	sim_check(s, quick->answers[0].n_events == slow->answers[0].n_events);
	sim_check(s, quick->answers[0].end_ms - quick->answers[0].asked_ms < 2500);
	sim_check(s, slow->answers[0].end_ms - slow->answers[0].asked_ms > 10000);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

/* What must stay apart. */
static void strangers_stay_apart(void **state)
{
	static const struct {
		const char *name, *fields, *body;
	} rows[] = {
		{ "another key", "Authorization: Bearer other\r\n", BODY("j", "") },
		{ "no key", "", BODY("j", "") },
		{ "another body", "Authorization: Bearer k\r\n", BODY("j", ",\"seed\":2") },
		{ "asked for", "Authorization: Bearer k\r\nx-weir-join: no\r\n", BODY("j", "") },
		{ "a deadline", "Authorization: Bearer k\r\nx-weir-timeout-ms: 5000\r\n", BODY("j", "") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
		struct sim_client *x = ask_at(s, 0, "Authorization: Bearer k\r\n", BODY("j", ""));
		struct sim_client *y = ask_at(s, 5, rows[i].fields, rows[i].body);

		sim_run(s);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check_whole(s, y, SCENE_GOOD);
		if (a->n != 2)
			fail_msg("%s: %zu calls", rows[i].name, a->n);
		sim_free(&s);
	}
}

/* The same key in another header's form is the same only when the header is: a tenant is what it shows. */
static void the_same_key_joins(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_client *x = ask_at(s, 0, "Authorization: Bearer k\r\n", BODY("j", ""));
	struct sim_client *y = ask_at(s, 60, "authorization: Bearer k\r\n", BODY("j", ""));

	sim_run(s);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check_whole(s, y, SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_check(s, sim_http_field(&x->answers[0].http, "x-weir-cache").n == 0);
	sim_check(s, slice_eq(sim_http_field(&y->answers[0].http, "x-weir-cache"), SLICE("join")));
	sim_free(&s);
}

static void a_model_can_keep_samples_apart(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);

	scene_client(s, "apart", true);
	scene_client(s, "apart", true);
	sim_run(s);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* 9 prompt and 2 completion tokens among 4 readers: 2, 2, 2, 3 and 0, 0, 1, 1; or all of it for the first. */
static void who_bears_the_tokens(void **state)
{
	static const struct {
		const char *model;
		size_t shares, twos, threes, nines;
	} rows[] = { { "parts", 4, 3, 1, 0 }, { "j", 1, 0, 0, 1 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		for (int k = 0; k < 4; k++)
			scene_client(s, rows[i].model, false);
		sim_run(s);
		sim_run_for(s, 1000);
		sim_check(s, a->n == 1);
		sim_check(s, sim_log_count(s, "\"prompt_tokens\"") == rows[i].shares);
		sim_check(s, sim_log_count(s, "\"prompt_tokens\":2,") == rows[i].twos);
		sim_check(s, sim_log_count(s, "\"prompt_tokens\":3,") == rows[i].threes);
		sim_check(s, sim_log_count(s, "\"prompt_tokens\":9,") == rows[i].nines);
		sim_free(&s);
	}
}

/* A prompt that is long in whole costs as a long one, also in the parts of those who share it. */
static void a_part_of_a_long_prompt_costs_as_the_whole(void **state)
{
	static const struct sim_act long_one[] = { SIM_ANSWER(200, "", "{\"id\":\"i\",\"object\":\"chat.completion\","
		"\"created\":1,\"model\":\"gpt-5.4\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
		"\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":300000,"
		"\"completion_tokens\":0,\"total_tokens\":300000}}"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_LISTEN "providers:\n  openai: {key: \"${SIM_KEY}\"}\n"
		"models:\n  parts:\n    join_usage: split\n    targets: [openai/gpt-5.4]\n");

	sim_provider(s, "api.openai.com", long_one, NULL);
	scene_client(s, "parts", false);
	scene_client(s, "parts", false);
	sim_run(s);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"prompt_tokens\":150000,") == 2);
	sim_check(s, sim_log_count(s, "\"cost_usd\":0.75,") == 2);	/* at 5 dollars a million, not 2.5 */
	sim_free(&s);
}

static struct slice cost_of(const struct sim_client *c)
{
	return sim_http_field(&c->answers[0].http, "x-weir-cost-usd");
}

/* The leader leaves in the middle: the tokens stand with one who stays, and so does the cost. */
static void an_orphan_is_paid_for(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(50), SIM_GOOD("Hello world"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);

	sim_provider(s, "a.test", slow, NULL);
	scene_client(s, "j", false, .leave = SIM_LEAVES, .leave_at_ms = 30);
	struct sim_client *x = scene_client(s, "j", false, .at_ms = 10), *y = scene_client(s, "j", false, .at_ms = 10);
	sim_run(s);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"prompt_tokens\":9,") == 1);
	sim_check(s, sim_log_count(s, "\"prompt_tokens\"") == 1);
	sim_check(s, sim_log_count(s, "\"cost_usd\":0.0000425,") == 1);
	sim_check(s, slice_eq(cost_of(x), SLICE("0.0000425")) != slice_eq(cost_of(y), SLICE("0.0000425")));
	sim_check(s, slice_eq(cost_of(x), SLICE("0")) != slice_eq(cost_of(y), SLICE("0")));
	sim_free(&s);
}

#define CROWD 10000u
#define CROWD_TEXT 16000u

static struct {
	uint64_t before, most;
} held;

static void look(struct sim *s, void *arg)
{
	held.most = MAX_OF(held.most, counter_values[COUNTER_buffered_bytes]);
	if (counter_values[COUNTER_exchanges_open])
		sim_at(s, 10, look, NULL);
}

/* One call, every byte to everybody, also to those who read 1 KB a second; and what the answer takes in memory is some
 * answers, not ten thousand: raw and typed, 330 bytes around each 1,000 of text, and no more for a reader than its
 * cursor. */
static void a_crowd_on_one_flight(void **state)
{
	static const struct sim_act big[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(1000, CROWD_TEXT / 1000, 80),
		SIM_FINISH("stop"), SIM_END };
	struct sim *s = sim_new(SIM_SEED, CONFIG "limits: {connections: 20000}\n");
	struct sim_provider *a = sim_provider(s, "a.test", big, NULL);
	static struct sim_client *c[CROWD];

	held.before = held.most = counter_values[COUNTER_buffered_bytes];
	for (size_t i = 0; i < CROWD; i++)
		c[i] = scene_client(s, "j", true, .at_ms = i % 1000, .buffer = i % 100 ? 0 : 2048,
			.read_piece = i % 100 ? 0 : 1024, .read_gap_ms = 1000);
	sim_at(s, 10, look, NULL);
	sim_run(s);
	const char *text = sim_text(s, &c[1]->answers[0]);
	sim_check(s, strlen(text) == CROWD_TEXT);
	for (size_t i = 0; i < CROWD; i++)
		sim_check_whole(s, c[i], text);
	sim_check(s, a->n == 1);
	if (held.most - held.before > 3 * CROWD_TEXT + 200 * CROWD / 10)
		sim_fail(s, __FILE__, __LINE__, "%llu bytes held", (unsigned long long)(held.most - held.before));
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_one_gets_all_of_it),
		cmocka_unit_test(the_end_is_the_end),
		cmocka_unit_test(the_first_leaves),
		cmocka_unit_test(the_second_leaves),
		cmocka_unit_test(both_leave),
		cmocka_unit_test(one_retry_for_all),
		cmocka_unit_test(a_cut_is_told_to_all),
		cmocka_unit_test(many_make_one_call),
		cmocka_unit_test(a_slow_one_holds_up_nobody),
		cmocka_unit_test(strangers_stay_apart),
		cmocka_unit_test(the_same_key_joins),
		cmocka_unit_test(a_model_can_keep_samples_apart),
		cmocka_unit_test(who_bears_the_tokens),
		cmocka_unit_test(a_part_of_a_long_prompt_costs_as_the_whole),
		cmocka_unit_test(an_orphan_is_paid_for),
		cmocka_unit_test(a_crowd_on_one_flight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
