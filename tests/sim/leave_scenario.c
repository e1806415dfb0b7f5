/* A client that leaves stops the upstream call within one second, and whatever is struck between any two things
 * that happen, nothing leaks, nobody else is hurt and no answer pretends to be more than it is. */
#include "scene.h"

/* The reference run: a fails, b answers slowly, with a pause before the first event so that there is time to leave. */
static const struct sim_act late[] = { SIM_WAIT(30), SIM_STREAM_HEAD, SIM_ROLE, SIM_WAIT(30), SIM_TEXT("Hel"),
	SIM_WAIT(30),
	SIM_TEXT("lo"), SIM_WAIT(30), SIM_TEXT(" world"), SIM_FINISH("stop"), SIM_USAGE(9, 2), SIM_END };

static struct sim *make(uint64_t seed, bool shuffled, bool streamed, const char *config)
{
	struct sim *s = shuffled ? sim_new_shuffled(seed, config) : sim_new(seed, config);

	sim_provider(s, "a.test", scene_down, NULL);
	sim_provider(s, "b.test", streamed ? late : (const struct sim_act *)scene_good, NULL);
	scene_ask(s, "m", streamed);
	/* somebody else, who must not notice */
	scene_client(s, "b/m2", streamed, .at_ms = 3);
	return s;
}

static struct sim *set_stream(uint64_t seed)
{
	return make(seed, false, SIM_STREAMED, SCENE_CONFIG);
}

static struct sim *set_json(uint64_t seed)
{
	return make(seed, false, SIM_AT_ONCE, SCENE_CONFIG);
}

static struct sim *set_shuffled(uint64_t seed)
{
	return make(seed, true, SIM_STREAMED, SCENE_CONFIG);
}

static struct sim_client *second_client(struct sim *s)
{
	return LIST_ITEM(s->clients.next->next, struct sim_client, node);
}

static void check_left(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	uint64_t left_ms = c->left ? c->left_ms : sim_now_ms(s);

	sim_check_honest(s, c, SCENE_GOOD);
	if (!c->left)
		sim_check_whole(s, c, SCENE_GOOD);
	sim_check_whole(s, second_client(s), SCENE_GOOD);
	sim_run_for(s, 1000);
	LIST_EACH(node, tmp, &s->providers) {
		struct sim_provider *p = LIST_ITEM(node, struct sim_provider, node);
		sim_check_left(s, p, left_ms, 1000);
	}
	/* one line an exchange, whatever happened */
	sim_check(s, sim_log_count(s, "\"event\":\"access\"") <= 2);
}

static void sweep(struct sim *(*set)(uint64_t), void (*strike)(struct sim *), void (*check)(struct sim *),
	uint64_t seed)
{
	size_t n = sim_sweep(&(struct sim_sweep){ .set = set, .strike = strike, .check = check, .seed = seed });

	assert_true(n > 15);
}

static void a_client_may_reset_at_every_step_of_a_stream(void **state)
{
	sweep(set_stream, sim_strike_client_resets, check_left, 1);
}

static void a_client_may_close_at_every_step_of_a_stream(void **state)
{
	sweep(set_stream, sim_strike_client_leaves, check_left, 1);
}

static void a_client_may_reset_at_every_step_of_a_json_answer(void **state)
{
	sweep(set_json, sim_strike_client_resets, check_left, 1);
}

static void a_client_may_close_at_every_step_of_a_json_answer(void **state)
{
	sweep(set_json, sim_strike_client_leaves, check_left, 1);
}

static void a_client_may_leave_at_every_step_in_any_order_of_things(void **state)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		sweep(set_shuffled, sim_strike_client_resets, check_left, seed);
		sweep(set_shuffled, sim_strike_client_leaves, check_left, seed);
	}
}

/* The same while the upstream is paused, because the client reads slowly. */
static const struct sim_act flood[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(1000, 200, 0), SIM_FINISH("stop"),
	SIM_END };

static struct sim *set_flood(uint64_t seed)
{
	struct sim *s = sim_new(seed, "answers: {lag: 16KiB}\n" SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", flood, NULL);

	a->host->cap = 8192;
	scene_client(s, "one", SIM_STREAMED, .read_piece = 5000, .read_gap_ms = 5, .buffer = 8192);
	return s;
}

static void check_flood(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	uint64_t left_ms = c->left ? c->left_ms : c->done_ms;

	if (c->left)
		sim_check(s, c->answers[0].end == SIM_PENDING && !c->answers[0].http.bad);
	else if (c->answers[0].end == SIM_CLEAN && c->answers[0].http.status == 200)
		sim_check(s, strlen(sim_text(s, &c->answers[0])) == 200000);
	else
		sim_check(s, sim_error_code(s, &c->answers[0]) != NULL);
	sim_run_for(s, 1000);
	sim_check_left(s, sim_first_provider(s), left_ms, 1000);
}

static void a_slow_client_may_leave_at_every_step(void **state)
{
	sweep(set_flood, sim_strike_client_resets, check_flood, 1);
	sweep(set_flood, sim_strike_client_leaves, check_flood, 1);
}

static void a_paused_provider_may_die_at_every_step(void **state)
{
	sweep(set_flood, sim_strike_provider_resets, check_flood, 1);
	sweep(set_flood, sim_strike_provider_closes, check_flood, 1);
}

/* ---- other strikes at every step ---- */

static void strike_second_provider(struct sim *s)
{
	sim_provider_hang_up(LIST_ITEM(s->providers.prev, struct sim_provider, node), true);
}

static void check_all_honest(struct sim *s)
{
	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		if (c->refused)		/* weir has stopped listening */
			continue;
		sim_check_honest(s, c, SCENE_GOOD);
		sim_check(s, c->answers[0].end != SIM_PENDING);
	}
	sim_check(s, sim_log_count(s, "\"event\":\"access\"") <= 2);
}

static void the_answering_provider_may_die_at_every_step(void **state)
{
	sweep(set_stream, strike_second_provider, check_all_honest, 1);
	sweep(set_json, strike_second_provider, check_all_honest, 1);
	for (uint64_t seed = 1; seed <= 4; seed++)
		sweep(set_shuffled, strike_second_provider, check_all_honest, seed);
}

/* Two requests on one connection, and the provider's end of it closes at any time: only an answer that had begun
 * may fail. */
static struct sim *set_two(uint64_t seed)
{
	struct sim *s = sim_new(seed, SCENE_CONFIG);

	sim_provider(s, "a.test", scene_slow, NULL);
	sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "one", SIM_STREAMED, "hi"),
		sim_chat(s, "one", SIM_STREAMED, "hi") },
		.gap_ms = 20 });
	return s;
}

static void check_two(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	struct sim_provider *a = sim_first_provider(s);

	sim_check_honest(s, c, SCENE_GOOD);
	if (a->n >= 2 && a->seen[1]->sent == 0 && a->seen[1]->conn == 0)
		sim_check(s, a->n == 3 && c->answers[1].end == SIM_CLEAN);
}

static void a_reused_connection_may_die_at_every_step(void **state)
{
	sweep(set_two, sim_strike_provider_resets, check_two, 1);
	sweep(set_two, sim_strike_provider_closes, check_two, 1);
}

static void strike_network(struct sim *s)
{
	LIST_EACH(node, tmp, &s->providers) {
		struct sim_provider *p = LIST_ITEM(node, struct sim_provider, node);
		p->host->way = SIM_WAY_BLACKHOLE;
		sim_provider_hang_up(p, true);
	}
}

static void the_network_may_vanish_at_every_step(void **state)
{
	sweep(set_stream, strike_network, check_all_honest, 1);
	sweep(set_shuffled, strike_network, check_all_honest, 2);
}

static void check_drained(struct sim *s)
{
	check_all_honest(s);
	if (s->struck) {
		sim_run_for(s, 3000);
		sim_check(s, sim_drained(s));
	}
}

static void a_drain_may_begin_at_every_step(void **state)
{
	sweep(set_stream, sim_strike_drain, check_drained, 1);
	sweep(set_json, sim_strike_drain, check_drained, 1);
	sweep(set_shuffled, sim_strike_drain, check_drained, 3);
}

static void strike_drain_and_cut(struct sim *s)
{
	sim_drain(s);
	sim_cut(s);
}

static void a_cut_may_come_at_every_step(void **state)
{
	sweep(set_stream, strike_drain_and_cut, check_drained, 1);
	sweep(set_json, strike_drain_and_cut, check_drained, 1);
	sweep(set_shuffled, strike_drain_and_cut, check_drained, 4);
}

static void strike_reload(struct sim *s)
{
	char why[512] = "";

	sim_check(s, sim_reload(s, SCENE_LISTEN SCENE_PROVIDERS "models: {other: {targets: [c/m3]}}\n", why,
		sizeof(why)));
}

/* A request that had begun keeps the configuration it began with; one that had not gets a clear answer. */
static void check_reloaded(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	const char *code = sim_error_code(s, &c->answers[0]);

	if (code)
		sim_check_error(s, c, 404, "model_not_found");
	else
		sim_check_whole(s, c, SCENE_GOOD);
	sim_check_whole(s, second_client(s), SCENE_GOOD);	/* b/m2 is there in both */
}

static void a_reload_may_come_at_every_step(void **state)
{
	sweep(set_stream, strike_reload, check_reloaded, 1);
	sweep(set_json, strike_reload, check_reloaded, 1);
	sweep(set_shuffled, strike_reload, check_reloaded, 5);
}

static void strike_close(struct sim *s)
{
	s->ending = true;
	sim_subject.close(s->it);
	s->it = NULL;
}

static void check_nothing(struct sim *s)
{
	LIST_EACH(node, tmp, &s->clients) {
		const struct sim_answer *a = &LIST_ITEM(node, struct sim_client, node)->answers[0];
		if (a->end == SIM_CLEAN)
			sim_check(s, strcmp(sim_text(s, a), SCENE_GOOD) == 0);
	}
}

static void the_service_may_be_closed_at_every_step(void **state)
{
	sweep(set_stream, strike_close, check_nothing, 1);
	sweep(set_json, strike_close, check_nothing, 1);
}

/* ---- leaving in numbers ---- */

static void leaving_while_the_provider_thinks_stops_it(void **state)
{
	static const struct sim_act thinks[] = { SIM_WAIT(4000), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	static const enum sim_leave how[] = { SIM_LEAVES, SIM_RESETS };

	for (int i = 0; i < 4; i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", thinks, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
		struct sim_client *c = scene_client(s, "m", i / 2, .leave = how[i % 2], .leave_at_ms = 500);

		sim_run_for(s, 3000);
		sim_check(s, a->n == 1 && b->n == 0);
		sim_check(s, a->seen[0]->fate == SIM_LEFT);
		sim_check_left(s, a, c->left_ms, 1000);
		sim_check(s, sim_log_has(s, "\"client_gone\""));
		sim_free(&s);
	}
}

static void leaving_while_the_connection_is_made_stops_that(void **state)
{
	static const enum sim_way ways[] = { SIM_WAY_MUTE_NAME, SIM_WAY_BLACKHOLE, SIM_WAY_TLS_MUTE };

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);

		a->host->way = ways[i];
		scene_client(s, "m", SIM_STREAMED, .leave = SIM_RESETS, .leave_at_ms = 300);
		sim_run_for(s, 5000);
		sim_check(s, b->n == 0);
		sim_free(&s);
	}
}

static void a_thousand_leavers_leave_nothing_behind(void **state)
{
	struct sim *s = sim_new_shuffled(11, SCENE_CONFIG);
	struct sim_provider *b;

	sim_provider(s, "a.test", scene_slow, scene_down, scene_slow, NULL);
	b = sim_provider(s, "b.test", scene_slow, NULL);
	for (unsigned i = 0; i < 1000; i++)
		scene_client(s, "m", i % 3 != 0, .at_ms = i, .leave = i % 2 ? SIM_LEAVES : SIM_RESETS,
			.leave_at_ms = 1 + i % 130);
	sim_run(s);
	sim_run_for(s, 2000);
	sim_check(s, b->n_running == 0);
	sim_check(s, s->loop->n_streams == b->n_open + sim_first_provider(s)->n_open);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_may_reset_at_every_step_of_a_stream),
		cmocka_unit_test(a_client_may_close_at_every_step_of_a_stream),
		cmocka_unit_test(a_client_may_reset_at_every_step_of_a_json_answer),
		cmocka_unit_test(a_client_may_close_at_every_step_of_a_json_answer),
		cmocka_unit_test(a_client_may_leave_at_every_step_in_any_order_of_things),
		cmocka_unit_test(a_slow_client_may_leave_at_every_step),
		cmocka_unit_test(a_paused_provider_may_die_at_every_step),
		cmocka_unit_test(a_reused_connection_may_die_at_every_step),
		cmocka_unit_test(the_answering_provider_may_die_at_every_step),
		cmocka_unit_test(the_network_may_vanish_at_every_step),
		cmocka_unit_test(a_drain_may_begin_at_every_step),
		cmocka_unit_test(a_cut_may_come_at_every_step),
		cmocka_unit_test(a_reload_may_come_at_every_step),
		cmocka_unit_test(the_service_may_be_closed_at_every_step),
		cmocka_unit_test(leaving_while_the_provider_thinks_stops_it),
		cmocka_unit_test(leaving_while_the_connection_is_made_stops_that),
		cmocka_unit_test(a_thousand_leavers_leave_nothing_behind),
	};
	return cmocka_run_group_tests_name("leave", tests, NULL, NULL);
}
