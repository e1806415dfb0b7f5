/* The four clocks of an upstream call, the client's own deadline, and the keep-alive comments while a client waits. */
#include "scene.h"

static uint64_t took_ms(const struct sim_client *c)
{
	return c->answers[0].end_ms - c->answers[0].asked_ms;
}

/* Alone, a target that runs into a clock gives 504 at that time, not before and not much later. */
static void each_clock_strikes_at_its_time(void **state)
{
	static const struct sim_act mute[] = { SIM_HANG }, head_only[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_HANG };
	static const struct {
		enum sim_way way;
		const struct sim_act *script;
		uint64_t ms;
		const char *log;
	} rows[] = {
		{ SIM_WAY_MUTE_NAME, mute, SCENE_CONNECT_MS, "up_connect_timeout" },
		{ SIM_WAY_BLACKHOLE, mute, SCENE_CONNECT_MS, "up_connect_timeout" },
		{ SIM_WAY_TLS_MUTE, mute, SCENE_CONNECT_MS, "up_connect_timeout" },
		{ SIM_WAY_OK, mute, SCENE_FIRST_MS, "up_first_timeout" },
		{ SIM_WAY_OK, head_only, SCENE_FIRST_MS, "up_first_timeout" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", rows[i].script, NULL);
		struct sim_client *c;

		a->host->way = rows[i].way;
		c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
		sim_check_error(s, c, 504, "provider_timeout");
		assert_in_range(took_ms(c), rows[i].ms, rows[i].ms + 50);
		sim_run_for(s, 100);
		sim_check(s, sim_log_has(s, rows[i].log));
		sim_check_left(s, a, c->answers[0].end_ms, 100);
		sim_free(&s);
	}
}

/* A name that resolves but no host: each attempt has its own connect clock, the total bounds them all. */
static void the_total_clock_bounds_all_attempts(void **state)
{
	static const struct sim_act drip[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 10000, 1000), SIM_END };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", drip, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

	sim_run(s);
	assert_in_range(took_ms(c), SCENE_TOTAL_MS, SCENE_TOTAL_MS + 50);
	sim_check(s, c->answers[0].end == SIM_BROKEN);
	sim_check(s, strcmp(sim_error_code(s, &c->answers[0]), "provider_timeout") == 0);
	sim_check_left(s, a, c->answers[0].end_ms, 100);
	sim_free(&s);
}

static void a_stream_slower_than_no_clock_is_left_alone(void **state)
{
	/* each gap just under the idle clock, the first token just under its own */
	static const struct sim_act slow[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_WAIT(4900), SIM_TEXT("Hello"),
		SIM_WAIT(2900),
		SIM_TEXT(" world"), SIM_WAIT(2900), SIM_FINISH("stop"), SIM_WAIT(900), SIM_END };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", slow, NULL);
	c = scene_ask(s, "one", SIM_STREAMED);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_free(&s);
}

/* Without a stream nothing is to be seen while the model works: the first-token clock does not count. */
static void an_answer_at_once_may_take_its_time(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(40000), SIM_JSON("Hello world"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", slow, NULL);
	c = scene_ask(s, "one", SIM_AT_ONCE);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_free(&s);
}

static void an_answer_at_once_that_stalls_in_its_body_fails_over(void **state)
{
	static const struct sim_act stalls[] = {
		SIM_RAW("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":"),
		SIM_HANG };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", stalls, NULL);
	struct sim_client *c;

	sim_provider(s, "b.test", scene_good, NULL);
	c = scene_ask(s, "m", SIM_AT_ONCE);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	assert_in_range(took_ms(c), SCENE_IDLE_MS, SCENE_IDLE_MS + 100);
	sim_check_left(s, a, c->answers[0].end_ms, 0);
	sim_free(&s);
}

/* The caller's deadline is the caller's: 408, no vote against anybody (faults.md 67). */
static void the_clients_deadline_hurts_only_the_client(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(100), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);

	for (int i = 0; i < 30; i++) {
		const char *ask = sim_post(s, "/v1/chat/completions", "x-weir-timeout-ms: 20\r\n",
			"{\"model\":\"one\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask } });
		sim_run(s);
		sim_check_error(s, c, 408, "deadline_exceeded");
		assert_in_range(took_ms(c), 20, 30);
		sim_check_left(s, a, c->answers[0].end_ms, 50);
	}
	sim_check(s, sim_log_count(s, "\"event\":\"breaker\"") == 0);
	{
		struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_free(&s);
}

#define PING_CONFIG "ping: 1s\n" SCENE_CONFIG

/* `: ping` and one newline, never an empty line after it (users.md 4.1). */
static void a_waiting_client_gets_pings(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(3500), SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"),
		SIM_WAIT(2500), SIM_TEXT(" world"),
		SIM_FINISH("stop"), SIM_END };
	struct sim *s = sim_new(SIM_SEED, PING_CONFIG);
	struct sim_client *c;
	struct slice body;

	sim_provider(s, "a.test", slow, NULL);
	c = scene_ask(s, "one", SIM_STREAMED);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	body = buf_slice(&c->answers[0].http.body);
	sim_check(s, c->answers[0].n_comments == 3 + 2);
	sim_check(s, sim_http_has(body, ": ping\n"));
	sim_check(s, !sim_http_has(body, ": ping\n\n"));
	sim_free(&s);
}

static void no_ping_goes_into_a_json_answer(void **state)
{
	static const struct sim_act slow[] = { SIM_WAIT(3500), SIM_GOOD(SCENE_GOOD), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, PING_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", slow, NULL);
	c = scene_ask(s, "one", SIM_AT_ONCE);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, !sim_http_has(buf_slice(&c->answers[0].http.body), "ping"));
	sim_free(&s);
}

/* A ping has opened the answer with 200; a fault that comes then is told inside the stream. */
static void a_fault_after_a_ping_ends_the_stream_as_broken(void **state)
{
	static const struct sim_act mute[] = { SIM_HANG };
	struct sim *s = sim_new(SIM_SEED, PING_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", mute, NULL);
	c = scene_ask(s, "one", SIM_STREAMED);
	sim_run(s);
	sim_check_broken(s, c, "");
	sim_check(s, strcmp(sim_error_code(s, &c->answers[0]), "provider_timeout") == 0);
	sim_free(&s);
}

/* Failing over stays invisible after a ping. */
static void failing_over_after_a_ping_is_invisible(void **state)
{
	static const struct sim_act mute[] = { SIM_HANG };
	struct sim *s = sim_new(SIM_SEED, PING_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", mute, NULL);
	sim_provider(s, "b.test", scene_good, NULL);
	c = scene_ask(s, "m", SIM_STREAMED);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, c->answers[0].n_comments == 5 || c->answers[0].n_comments == 4);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_clock_strikes_at_its_time),
		cmocka_unit_test(the_total_clock_bounds_all_attempts),
		cmocka_unit_test(a_stream_slower_than_no_clock_is_left_alone),
		cmocka_unit_test(an_answer_at_once_may_take_its_time),
		cmocka_unit_test(an_answer_at_once_that_stalls_in_its_body_fails_over),
		cmocka_unit_test(the_clients_deadline_hurts_only_the_client),
		cmocka_unit_test(a_waiting_client_gets_pings),
		cmocka_unit_test(no_ping_goes_into_a_json_answer),
		cmocka_unit_test(a_fault_after_a_ping_ends_the_stream_as_broken),
		cmocka_unit_test(failing_over_after_a_ping_is_invisible),
	};
	return cmocka_run_group_tests_name("clocks", tests, NULL, NULL);
}
