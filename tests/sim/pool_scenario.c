/* Connections to providers: reuse, stale ones, limits and queues, warm ones, answers before the request is out. */
#include "scene.h"

static struct sim_client *ask_and_run(struct sim *s, bool streamed)
{
	struct sim_client *c = scene_ask(s, "one", streamed);

	sim_run(s);
	return c;
}

static void a_connection_is_used_again(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, scene_down, scene_good, NULL);

	for (int i = 0; i < 10; i++) {
		ask_and_run(s, i % 2);
		sim_run_for(s, 1000);
	}
	sim_check(s, a->n == 10 && a->n_conns == 1 && a->n_open == 1);
	/* idle for 50 s: closed by weir */
	sim_run_for(s, 52000);
	sim_check(s, a->n_open == 0 && s->loop->n_streams == 0);
	sim_free(&s);
}

static void connection_close_of_a_provider_is_obeyed(void **state)
{
	static const struct sim_act closes[] = { SIM_ANSWER(200, "Connection: close\r\n",
		SIM_WHOLE_JSON("Hello world")), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", closes, NULL);

	for (int i = 0; i < 3; i++)
		sim_check_whole(s, ask_and_run(s, SIM_AT_ONCE), SCENE_GOOD);
	sim_check(s, a->n == 3 && a->n_conns == 3);
	sim_free(&s);
}

/* A reused connection turns out to be dead: the request is sent once more on a fresh one, without counting as a
 * failure. */
static void a_stale_connection_is_replaced(void **state)
{
	static const struct sim_act dies[][1] = { { SIM_RESET }, { SIM_SHUT }, { SIM_CUT } };

	for (size_t i = 0; i < 2 * COUNT_OF(dies); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, dies[i / 2], scene_good, NULL);
		struct sim_client *c;

		sim_check_whole(s, ask_and_run(s, SIM_STREAMED), SCENE_GOOD);
		c = ask_and_run(s, i % 2);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, a->n == 3 && a->n_conns == 2);
		sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-weir-attempts"), SLICE("1")));
		sim_free(&s);
	}
}

/* On a fresh connection the same is a failure like any other. */
static void a_fresh_connection_is_not_replayed(void **state)
{
	static const struct sim_act dies[] = { SIM_RESET };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", dies, scene_good, NULL);

	sim_check_error(s, ask_and_run(s, SIM_STREAMED), 502, NULL);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

/* After the first byte of an answer nothing is sent twice. */
static void nothing_is_replayed_once_bytes_have_come(void **state)
{
	static const struct sim_act dies[] = { SIM_RAW("HTTP/1.1 200 OK\r\n"), SIM_RESET };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, dies, scene_good, NULL);

	sim_check_whole(s, ask_and_run(s, SIM_STREAMED), SCENE_GOOD);
	sim_check_error(s, ask_and_run(s, SIM_STREAMED), 502, NULL);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

static void hang_up_idle(struct sim *s, void *arg)
{
	sim_provider_hang_up(sim_first_provider(s), arg != NULL);
}

/* The provider closes its idle connection at any moment around the next request: no client ever notices. */
static void an_idle_close_races_with_the_next_request(void **state)
{
	for (int reset = 0; reset < 2; reset++)
		for (uint64_t us = 0; us < 12000; us += 100) {
			struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
			struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
			struct sim_client *c;

			ask_and_run(s, SIM_STREAMED);
			sim_at(s, 10, hang_up_idle, reset ? s : NULL);
			s->loop->now_ns += us * 1000;
			c = scene_client(s, "one", SIM_STREAMED, .at_ms = 5);
			sim_run(s);
			/* a request whose answer was cut off by our strike may fail honestly, but not one that had
			 * not begun */
			if (c->answers[0].end != SIM_CLEAN || c->answers[0].http.status != 200)
				sim_check(s, a->seen[1]->sent > 0);
			sim_check_honest(s, c, SCENE_GOOD);
			sim_free(&s);
		}
}

/* An idle connection that says something is not used again. */
static void bytes_on_an_idle_connection_spoil_it(void **state)
{
	static const struct sim_act talks[] = { SIM_JSON("Hello world"), SIM_WAIT(100),
		SIM_RAW("HTTP/1.1 408 Request Timeout\r\n\r\n"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", talks, NULL);

	sim_check_whole(s, ask_and_run(s, SIM_AT_ONCE), SCENE_GOOD);
	sim_run_for(s, 1000);
	sim_check(s, a->n_open == 0);
	sim_check_whole(s, ask_and_run(s, SIM_AT_ONCE), SCENE_GOOD);
	sim_check(s, a->n_conns == 2);
	sim_free(&s);
}

static void bytes_behind_an_answer_spoil_the_connection(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a;
	struct sim_client *c;
	char raw[1024];
	struct sim_act script[] = { SIM_RAW(raw), SIM_STOP };

	snprintf(raw, sizeof(raw), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n"
		"%sHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", strlen(SIM_WHOLE_JSON("Hello world")),
		SIM_WHOLE_JSON("Hello world"));
	a = sim_provider(s, "a.test", script, NULL);
	for (int i = 0; i < 2; i++) {
		c = ask_and_run(s, SIM_AT_ONCE);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_check(s, a->n_conns == 2);
	sim_free(&s);
}

#define LIMITED(more) SCENE_LISTEN "providers:\n" SCENE_PROVIDER("a", more) SCENE_PROVIDER("b", "") \
	SCENE_PROVIDER("c", "") SCENE_MODELS

static void the_maximum_holds_and_the_rest_waits(void **state)
{
	struct sim *s = sim_new(SIM_SEED, LIMITED(", max_connections: 3, queue: 20s"));
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);

	for (int i = 0; i < 40; i++)
		scene_ask(s, "m", SIM_STREAMED);
	sim_run(s);
	LIST_EACH(node, tmp, &s->clients)
		sim_check_whole(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
	sim_check(s, a->n == 40 && b->n == 0);
	sim_check(s, a->most_running == 3 && a->n_conns == 3);
	sim_free(&s);
}

static void first_come_first_served(void **state)
{
	struct sim *s = sim_new(SIM_SEED, LIMITED(", max_connections: 1, queue: 20s"));
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);

	for (unsigned i = 0; i < 10; i++)
		sim_client(s, (struct sim_plan){ .at_ms = i,
			.sends = { sim_chat(s, "one", SIM_STREAMED, sim_printf(s, "say %c", 'a' + i)) } });
	sim_run(s);
	for (unsigned i = 0; i < 10; i++)
		sim_check(s, sim_http_has(buf_slice(&a->seen[i]->http.body), sim_printf(s, "\"say %c\"", 'a' + i)));
	sim_free(&s);
}

static void a_full_queue_sends_the_rest_elsewhere(void **state)
{
	static const struct sim_act hangs[] = { SIM_WAIT(3000), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, LIMITED(", max_connections: 2, max_waiting: 3, queue: 20s"));
	struct sim_provider *a = sim_provider(s, "a.test", hangs, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	unsigned quick = 0;

	for (unsigned i = 0; i < 20; i++)
		scene_client(s, "m", SIM_STREAMED, .at_ms = i * 2);
	sim_run(s);
	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		sim_check_whole(s, c, SCENE_GOOD);
		quick += c->answers[0].end_ms - c->answers[0].asked_ms < 200;
	}
	sim_check(s, a->n == 5 && b->n == 15 && quick == 15);
	sim_free(&s);
}

static void waiting_too_long_in_the_queue_fails_over(void **state)
{
	static const struct sim_act hangs[] = { SIM_WAIT(4500), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, LIMITED(", max_connections: 1, queue: 500ms"));
	struct sim_provider *a = sim_provider(s, "a.test", hangs, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c, *d;

	c = scene_ask(s, "m", SIM_STREAMED);
	d = scene_client(s, "m", SIM_STREAMED, .at_ms = 100);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check_whole(s, d, SCENE_GOOD);
	sim_check(s, a->n == 1 && b->n == 1);
	/* the connect clock may come on top of the time in the queue */
	assert_in_range(d->answers[0].end_ms - d->answers[0].asked_ms, 500, 500 + SCENE_CONNECT_MS + 100);
	/* a full queue is weir's own limit, no fault of the provider: nothing is held against it */
	sim_run_for(s, 100);
	sim_check(s, !sim_log_has(s, "\"event\":\"breaker\""));
	sim_free(&s);
}

static void a_waiter_that_leaves_frees_its_place(void **state)
{
	static const struct sim_act hangs[] = { SIM_WAIT(1000), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, LIMITED(", max_connections: 1, max_waiting: 1, queue: 20s"));
	struct sim_provider *a = sim_provider(s, "a.test", hangs, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED), *d;

	scene_client(s, "one", SIM_STREAMED, .at_ms = 100, .leave = SIM_RESETS, .leave_at_ms = 100);
	d = scene_client(s, "one", SIM_STREAMED, .at_ms = 300);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check_whole(s, d, SCENE_GOOD);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* A dead host never leaves a waiter waiting: each gets its own failure. */
static void a_dead_host_fails_every_waiter(void **state)
{
	static const enum sim_way ways[] = { SIM_WAY_REFUSED, SIM_WAY_BLACKHOLE, SIM_WAY_NO_NAME };

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct sim *s = sim_new(SIM_SEED, "breaker: {fails: 0}\n" LIMITED(", max_connections: 3"));
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);

		a->host->way = ways[i];
		for (int k = 0; k < 50; k++)
			scene_ask(s, "m", SIM_STREAMED);
		sim_run(s);
		LIST_EACH(node, tmp, &s->clients) {
			struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
			sim_check_whole(s, c, SCENE_GOOD);
			sim_check(s, c->answers[0].end_ms - c->answers[0].asked_ms <= SCENE_CONNECT_MS + 2000 + 200);
		}
		sim_check(s, b->n == 50);
		sim_free(&s);
	}
}

static void warm_connections_are_kept(void **state)
{
	struct sim *s = sim_new(SIM_SEED, LIMITED(", warm: 4"));
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *c;

	sim_run_for(s, 1000);
	sim_check(s, a->n_open == 4);
	c = ask_and_run(s, SIM_STREAMED);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, a->n_conns == 4);
	sim_run_for(s, 200000);
	sim_check(s, a->n_open == 4);
	sim_provider_hang_up(a, true);
	sim_run_for(s, 3000);
	sim_check(s, a->n_open == 4 && a->n_conns == 8);
	sim_free(&s);
}

/* A host that cannot be reached is not hammered by warming (at most one try a connection and second). */
static void warming_does_not_hammer(void **state)
{
	struct sim *s = sim_new(SIM_SEED, LIMITED(", warm: 4"));
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	a->host->way = SIM_WAY_REFUSED;
	sim_run_for(s, 60000);
	sim_check(s, a->host->n_lookups <= 4 * 61);
	/* when the host is back, they are warm again */
	a->host->way = SIM_WAY_OK;
	sim_run_for(s, 5000);
	sim_check(s, a->n_open == 4);
	sim_check_whole(s, ask_and_run(s, SIM_STREAMED), SCENE_GOOD);
	sim_free(&s);
}

/* A provider that answers before it has read the request: the answer counts, the connection does not (faults.md 59). */
static void an_early_answer_is_taken(void **state)
{
	static const struct sim_act early[] = { SIM_EARLY,
		SIM_ERROR(413, "", "invalid_request_error", "request_too_large"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", early, scene_good, NULL);
	char *text = malloc(2000001);
	struct sim_client *c;

	must(text);
	memset(text, 'x', 2000000);
	text[2000000] = '\0';
	c = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "one", SIM_AT_ONCE, text) } });
	free(text);
	sim_run(s);
	sim_check_error(s, c, 413, NULL);
	sim_check(s, a->seen[0]->http.body.n < 2000000);
	sim_check_whole(s, ask_and_run(s, SIM_STREAMED), SCENE_GOOD);
	sim_check(s, a->n_conns == 2);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(connection_close_of_a_provider_is_obeyed),
		cmocka_unit_test(a_stale_connection_is_replaced),
		cmocka_unit_test(a_fresh_connection_is_not_replayed),
		cmocka_unit_test(nothing_is_replayed_once_bytes_have_come),
		cmocka_unit_test(an_idle_close_races_with_the_next_request),
		cmocka_unit_test(bytes_on_an_idle_connection_spoil_it),
		cmocka_unit_test(bytes_behind_an_answer_spoil_the_connection),
		cmocka_unit_test(the_maximum_holds_and_the_rest_waits),
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(a_full_queue_sends_the_rest_elsewhere),
		cmocka_unit_test(waiting_too_long_in_the_queue_fails_over),
		cmocka_unit_test(a_waiter_that_leaves_frees_its_place),
		cmocka_unit_test(a_dead_host_fails_every_waiter),
		cmocka_unit_test(warm_connections_are_kept),
		cmocka_unit_test(warming_does_not_hammer),
		cmocka_unit_test(an_early_answer_is_taken),
	};
	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
