/* The service as a whole: drain, cut, reload, a log that cannot be written, mixed chaos. */
#include "scene.h"

#define DRAIN "drain: {delay: 1s, limit: 10s}\n"
static const struct sim_act long_one[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 50, 100), SIM_FINISH("stop"),
	SIM_END };
static const struct sim_act endless[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 100000, 100),
	SIM_FINISH("stop"), SIM_END };

static bool all_are(const char *text, char c)
{
	return strspn(text, (char[]){ c, 0 }) == strlen(text);
}

static void a_drain_lets_streams_finish(void **state)
{
	struct sim *s = sim_new(SIM_SEED, DRAIN SCENE_CONFIG);
	struct sim_client *idle, *busy[20], *late, *later;

	sim_provider(s, "a.test", long_one, NULL);
	idle = sim_client(s, (struct sim_plan){ .sends = { sim_get(s, "/healthz") }, .lingers = true });
	for (int i = 0; i < 20; i++)
		busy[i] = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "one", SIM_STREAMED, "hi"),
			sim_get(s, "/healthz") } });
	sim_run_for(s, 1000);
	sim_drain(s);
	sim_check(s, !sim_drained(s));
	/* readiness is off at once, while requests are still taken for a while */
	late = sim_client(s, (struct sim_plan){ .at_ms = 500, .sends = { sim_get(s, "/readyz") } });
	later = sim_client(s, (struct sim_plan){ .at_ms = 1500, .sends = { sim_get(s, "/readyz") } });
	sim_run(s);
	sim_check(s, idle->sock == NULL);
	sim_check(s, late->answers[0].http.status == 503);
	sim_check(s, later->refused);
	for (int i = 0; i < 20; i++) {
		const struct sim_answer *a = &busy[i]->answers[0];
		sim_check(s, a->end == SIM_CLEAN && a->n_events == 53 && all_are(sim_text(s, a), 'x'));
		/* the connection closes after the answer */
		sim_check(s, busy[i]->answers[1].http.status == 0);
	}
	sim_run_for(s, 10);
	sim_check(s, sim_drained(s));
	sim_check(s, strlen(sim_admin_get(s, "/healthz")) > 0);
	sim_free(&s);
}

static void a_drain_has_a_limit(void **state)
{
	struct sim *s = sim_new(SIM_SEED, DRAIN SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", endless, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", (const struct sim_act[]){ SIM_HANG }, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);
	struct sim_client *d = scene_ask(s, "b/m2", SIM_AT_ONCE);
	uint64_t start;

	sim_run_for(s, 1000);
	start = sim_now_ms(s);
	sim_drain(s);
	sim_run(s);
	/* told: the stream by an error event, the other one by a status */
	sim_check(s, c->answers[0].end == SIM_BROKEN);
	sim_check(s, strcmp(sim_error_code(s, &c->answers[0]), "draining") == 0);
	sim_check_error(s, d, 503, "draining");
	assert_in_range(c->done_ms - start, 11000, 11100);
	sim_check_left(s, a, c->done_ms, 100);
	sim_check_left(s, b, c->done_ms, 100);
	sim_run_for(s, 1100);
	sim_check(s, sim_drained(s));
	sim_free(&s);
}

static void a_second_signal_ends_it_now(void **state)
{
	struct sim *s = sim_new(SIM_SEED, DRAIN SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", endless, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

	sim_run_for(s, 1000);
	sim_drain(s);
	sim_run_for(s, 500);
	sim_cut(s);
	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_BROKEN);
	sim_check(s, strcmp(sim_error_code(s, &c->answers[0]), "draining") == 0);
	sim_check_left(s, a, c->done_ms, 100);
	sim_run_for(s, 1100);
	sim_check(s, sim_drained(s));
	sim_free(&s);
}

static void nothing_to_drain_is_drained_after_the_delay(void **state)
{
	struct sim *s = sim_new(SIM_SEED, DRAIN SCENE_CONFIG);

	sim_drain(s);
	sim_run_for(s, 999);
	sim_check(s, !sim_drained(s));
	sim_run_for(s, 10);
	sim_check(s, sim_drained(s));
	sim_free(&s);
}

#define OTHER SCENE_LISTEN SCENE_PROVIDERS "models:\n  one: {targets: [b/m2]}\n"

static void a_reload_drops_no_request(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", long_one, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *before = scene_ask(s, "one", SIM_STREAMED), *after;
	char why[1000] = "";

	sim_run_for(s, 1000);
	sim_check(s, sim_reload(s, OTHER, why, sizeof(why)));
	after = scene_ask(s, "one", SIM_STREAMED);
	sim_run(s);
	sim_check(s, before->answers[0].end == SIM_CLEAN && before->answers[0].n_events == 53);
	sim_check_whole(s, after, SCENE_GOOD);
	sim_check(s, a->n == 1 && b->n == 1);
	sim_free(&s);
}

static void a_bad_config_is_refused_and_the_old_one_kept(void **state)
{
	static const char *const bad[] = {
		SCENE_LISTEN SCENE_PROVIDERS "models:\n  one: {targets: [nobody/m1]}\n",
		SCENE_LISTEN SCENE_PROVIDERS "modles: {}\n",
		SCENE_LISTEN "providers: [",
		SCENE_LISTEN SCENE_PROVIDERS "models:\n  one: {targets: [a/m1], fallbacks: [one]}\n",
		SCENE_LISTEN "providers:\n  a: {url: \"https://a.test/v1\", key: \"${SIM_NO_SUCH_VARIABLE}\"}\n",
		SCENE_LISTEN "providers:\n  a: {url: \"https://a.test/v1\", tls: {ca: /missing/ca.pem}}\n",
	};
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);

	sim_provider(s, "a.test", scene_good, NULL);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		char why[2000] = "";
		struct sim_client *c;

		if (sim_reload(s, bad[i], why, sizeof(why)))
			sim_fail(s, __FILE__, __LINE__, "taken: %s", bad[i]);
		sim_check(s, why[0]);
		c = scene_ask(s, "one", i % 2);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_free(&s);
}

static void reload_now_and_then(struct sim *s, void *arg)
{
	unsigned *n = arg;
	char why[1000] = "";

	sim_check(s, sim_reload(s, *n % 2 ? SCENE_CONFIG : "ping: 5s\n" SCENE_CONFIG, why, sizeof(why)));
	if (++*n < 100)
		sim_at(s, 20, reload_now_and_then, arg);
}

static void a_hundred_reloads_under_load(void **state)
{
	struct sim *s = sim_new_shuffled(3, SCENE_CONFIG);
	unsigned n = 0;

	sim_provider(s, "a.test", scene_slow, NULL);
	sim_at(s, 20, reload_now_and_then, &n);
	for (unsigned i = 0; i < 300; i++)
		scene_client(s, "one", SIM_STREAMED, .at_ms = i * 7);
	sim_run(s);
	sim_check(s, n == 100);
	LIST_EACH(node, tmp, &s->clients)
		sim_check_whole(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
	sim_free(&s);
}

/* The breaker and the pool outlive a reload. */
static void what_was_learned_survives_a_reload(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	char why[1000] = "";

	for (int i = 0; i < 10; i++) {
		struct sim_client *c;
		if (i == 5)
			sim_check(s, sim_reload(s, "ping: 5s\n" SCENE_CONFIG, why, sizeof(why)));
		c = scene_ask(s, "m", SIM_STREAMED);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_check(s, a->n == 5 && b->n == 10 && b->n_conns == 1);
	sim_free(&s);
}

static void a_log_that_blocks_or_breaks_stops_nobody(void **state)
{
	for (int broken = 0; broken < 2; broken++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);

		s->loop->log_blocked = !broken;
		s->loop->log_broken = broken;
		sim_provider(s, "a.test", scene_good, NULL);
		for (int i = 0; i < 500; i++)
			scene_client(s, "one", i % 2, .at_ms = (uint64_t)i);
		sim_run(s);
		LIST_EACH(node, tmp, &s->clients)
			sim_check_whole(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
		s->loop->log_blocked = s->loop->log_broken = false;
		sim_run_for(s, 1000);
		/* a pipe that flows again gets what was held back */
		sim_check(s, (sim_log_count(s, "\"event\":\"access\"") == 500) == !broken);
		sim_free(&s);
	}
}

/* One line an exchange, with what matters in it, and never a word of the prompt or a key. */
static void the_access_log_says_what_happened(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_down, NULL);
	sim_provider(s, "b.test", scene_good, NULL);
	c = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "m", SIM_STREAMED, "my secret prompt") } });
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_run_for(s, 100);
	sim_check(s, sim_log_count(s, "\"event\":\"access\"") == 1);
	sim_check(s, sim_log_has(s, "\"target\":\"b/m2\"") && sim_log_has(s, "\"attempts\":2") &&
		sim_log_has(s, "\"status\":200"));
	sim_check(s, !sim_log_has(s, "secret prompt") && !sim_log_has(s, "Hello") && !sim_log_has(s, "sim-key"));
	sim_free(&s);
}

/* Everything at once, many times: whatever is scripted, every client is answered honestly and nothing is left. */
static void chaos(void **state)
{
	static const struct sim_act reset_late[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"), SIM_WAIT(20),
		SIM_RESET };
	static const struct sim_act hang[] = { SIM_HANG }, shut[] = { SIM_SHUT };
	static const struct sim_act html[] = { SIM_ANSWER(200, "Content-Type: text/html\r\n", "<html>"), SIM_SHUT };
	static const struct sim_act throttled[] = { SIM_ERROR(429, "Retry-After: 1\r\n", "requests",
		"rate_limit_exceeded"), SIM_STOP };
	static const struct sim_act *const all[] = { scene_good, scene_slow, scene_down, reset_late, hang, shut,
		html, throttled };

	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct sim *s = sim_new_shuffled(seed, SCENE_CONFIG);
		struct dice d;
		const struct sim_act *pick[12];

		dice_init(&d, seed);
		for (int p = 0; p < 3; p++) {
			for (size_t i = 0; i < COUNT_OF(pick); i++)
				pick[i] = all[dice_below(&d, COUNT_OF(all))];
			sim_provider(s, p == 0 ? "a.test" : p == 1 ? "b.test" : "c.test", pick[0], pick[1], pick[2],
				pick[3], pick[4], pick[5],
				pick[6], pick[7], pick[8], pick[9], pick[10], pick[11], NULL)->host->way =
				dice_below(&d, 8) == 0 ? SIM_WAY_REFUSED : SIM_WAY_OK;
		}
		for (int i = 0; i < 40; i++) {
			struct sim_plan plan = { .at_ms = dice_below(&d, 3000) };
			size_t n = 1 + dice_below(&d, 3);
			for (size_t k = 0; k < n; k++)
				plan.sends[k] = sim_chat(s, dice_below(&d, 2) ? "three" : "m",
					dice_below(&d, 3) > 0, "hi");
			plan.pipelined = dice_below(&d, 4) == 0;
			if (dice_below(&d, 3) == 0) {
				plan.leave = dice_below(&d, 2) ? SIM_LEAVES : SIM_RESETS;
				plan.leave_at_ms = 1 + dice_below(&d, 400);
			}
			sim_client(s, plan);
		}
		sim_run(s);
		LIST_EACH(node, tmp, &s->clients) {
			struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
			if (!c->plan.pipelined)
				sim_check_honest(s, c, SCENE_GOOD);
		}
		sim_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drain_lets_streams_finish),
		cmocka_unit_test(a_drain_has_a_limit),
		cmocka_unit_test(a_second_signal_ends_it_now),
		cmocka_unit_test(nothing_to_drain_is_drained_after_the_delay),
		cmocka_unit_test(a_reload_drops_no_request),
		cmocka_unit_test(a_bad_config_is_refused_and_the_old_one_kept),
		cmocka_unit_test(a_hundred_reloads_under_load),
		cmocka_unit_test(what_was_learned_survives_a_reload),
		cmocka_unit_test(a_log_that_blocks_or_breaks_stops_nobody),
		cmocka_unit_test(the_access_log_says_what_happened),
		cmocka_unit_test(chaos),
	};
	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
