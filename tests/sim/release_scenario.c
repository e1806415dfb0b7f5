/* After the first event is released a failure can no longer be hidden: the client gets the text so far, one error
 * event, and then an end that no client takes for a whole answer.  Never [DONE], never text twice, never another
 * provider. */
#include "scene.h"

#define PART "Hello"
#define SSE_ERROR SIM_SSE("{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}")

struct row {
	const char *name;
	uint64_t within_ms;		/* from the last event to the end of the client's answer */
	struct sim_act script[8];
};

/* The text is there in two events, so release is surely over when the failure comes. */
#define ROW(name, ms, ...) { name, (ms) + 100, \
	{ SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_TEXT("lo"), __VA_ARGS__, SIM_STOP } }

static const struct row rows[] = {
	ROW("reset_after_release", 10, SIM_WAIT(10), SIM_RESET),
	ROW("fin_in_the_middle_of_chunks", 10, SIM_WAIT(10), SIM_SHUT),
	ROW("a_cut_without_close_notify", 10, SIM_WAIT(10), SIM_CUT),
	ROW("a_clean_end_without_finish_reason", 10, SIM_WAIT(10), SIM_LAST_CHUNK),
	ROW("done_without_finish_reason", 10, SIM_WAIT(10), SIM_DONE, SIM_LAST_CHUNK),
	ROW("an_error_event_after_text", 10, SIM_WAIT(10), SSE_ERROR, SIM_LAST_CHUNK),
	ROW("an_error_event_then_done", 10, SSE_ERROR, SIM_DONE, SIM_LAST_CHUNK),
	ROW("broken_json_after_text", 10, SIM_SSE("{\"choices\":[{\"delta\":"), SIM_HANG),
	ROW("a_broken_chunk_size", 10, SIM_RAW("zz\r\n"), SIM_HANG),
	ROW("silence_after_text", SCENE_IDLE_MS, SIM_HANG),
	/* comments keep a connection alive, they are no progress (faults.md 46) */
	ROW("comments_but_no_more_text", SCENE_IDLE_MS,
		{ .kind = SIM_ACT_CHUNK, .text = ": PROCESSING\n\n", .times = 200, .gap_ms = 100 }, SIM_HANG),
	ROW("events_without_end", SCENE_TOTAL_MS,
		{ .kind = SIM_ACT_CHUNK, .text = SIM_SSE_TEXT(SIM_TEXT_JSON("")), .times = 1000, .gap_ms = 500 },
		SIM_HANG),
};

static const enum sim_split splits[] = { SIM_WHOLE, SIM_BYTES, SIM_RANDOM };

static void a_row(void **state)
{
	const struct row *r = *state;

	for (size_t i = 0; i < COUNT_OF(splits); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", r->script, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
		struct sim_client *c = scene_ask(s, "m", SIM_STREAMED);

		s->loop->split = splits[i];
		sim_run(s);
		sim_check_broken(s, c, PART);
		sim_check(s, a->n == 1 && b->n == 0);
		sim_check(s, c->answers[0].end_ms - c->answers[0].asked_ms <= r->within_ms);
		sim_run_for(s, 1000);
		sim_check_left(s, a, c->answers[0].end_ms, 1000);
		sim_free(&s);
	}
}

/* A provider that dies after n bytes of its answer, for every n: what the client sees is honest. */
static void die_everywhere(bool streamed, enum sim_act_kind how)
{
	size_t whole = SIZE_MAX, hidden = 0, broken = 0;

	for (uint64_t n = 0; n <= whole; n++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
		struct sim_client *c = scene_ask(s, "m", streamed);

		a->die_after = n;
		a->die_how = how;
		sim_run(s);
		sim_check_honest(s, c, SCENE_GOOD);
		if (c->answers[0].end == SIM_CLEAN)
			sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, c->answers[0].end != SIM_CLEAN || b->n <= 1);
		sim_check(s, c->answers[0].end == SIM_CLEAN || b->n == 0);
		hidden += b->n == 1;
		broken += c->answers[0].end != SIM_CLEAN;
		/* a's answer is one long write: when it was taken whole, the last byte has been reached */
		if (a->seen[0]->sent < n)
			whole = n;
		sim_free(&s);
	}
	assert_true(hidden > 100);
	assert_int_equal(broken > 100, streamed);
}

static void a_stream_reset_at_every_byte_is_honest(void **state)
{
	die_everywhere(SIM_STREAMED, SIM_ACT_RESET);
}

static void a_stream_ended_at_every_byte_is_honest(void **state)
{
	die_everywhere(SIM_STREAMED, SIM_ACT_SHUT);
}

static void a_json_answer_reset_at_every_byte_is_replaced(void **state)
{
	die_everywhere(SIM_AT_ONCE, SIM_ACT_RESET);
}

static void a_json_answer_ended_at_every_byte_is_replaced(void **state)
{
	die_everywhere(SIM_AT_ONCE, SIM_ACT_SHUT);
}

/* The same in time instead of bytes: the provider dies between any two things that happen. */
static struct sim *set_slow(uint64_t seed)
{
	struct sim *s = sim_new(seed, SCENE_CONFIG);

	sim_provider(s, "a.test", scene_slow, NULL);
	sim_provider(s, "b.test", scene_good, NULL);
	scene_ask(s, "m", SIM_STREAMED);
	return s;
}

static struct sim *set_slow_shuffled(uint64_t seed)
{
	struct sim *s = sim_new_shuffled(seed, SCENE_CONFIG);

	sim_provider(s, "a.test", scene_slow, NULL);
	sim_provider(s, "b.test", scene_good, NULL);
	scene_ask(s, "m", SIM_STREAMED);
	return s;
}

static void check_honest(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);

	sim_check_honest(s, c, SCENE_GOOD);
	/* only one client, and it did not leave: it is answered in some way */
	sim_check(s, c->answers[0].http.status != 0);
}

static void a_provider_may_die_at_every_step(void **state)
{
	assert_true(sim_sweep(&(struct sim_sweep){ .set = set_slow, .strike = sim_strike_provider_resets,
		.check = check_honest }) > 12);
	assert_true(sim_sweep(&(struct sim_sweep){ .set = set_slow, .strike = sim_strike_provider_closes,
		.check = check_honest }) > 12);
	for (uint64_t seed = 1; seed <= 5; seed++)
		sim_sweep(&(struct sim_sweep){ .set = set_slow_shuffled, .strike = sim_strike_provider_resets,
			.check = check_honest,
				.seed = seed });
}

/* Everything is well when the finish reason has been told, whatever the transfer does afterwards. */
static void what_comes_after_the_finish_does_no_harm(void **state)
{
	static const struct sim_act rest[][3] = {
		{ SIM_DONE, SIM_HANG, SIM_STOP },
		{ SIM_DONE, SIM_RESET, SIM_STOP },
		{ SIM_DONE, SIM_SHUT, SIM_STOP },
		{ SIM_LAST_CHUNK, SIM_STOP, SIM_STOP },		/* some servers send no [DONE] */
	};

	for (size_t i = 0; i < COUNT_OF(rest); i++) {
		const struct sim_act script[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello world"),
			SIM_FINISH("stop"), SIM_WAIT(20),
			rest[i][0], SIM_WAIT(20), rest[i][1], rest[i][2] };
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", script, NULL);
		struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_run_for(s, 2000);
		sim_check_left(s, a, c->answers[0].end_ms, 1500);
		sim_free(&s);
	}
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(a_stream_reset_at_every_byte_is_honest),
		cmocka_unit_test(a_stream_ended_at_every_byte_is_honest),
		cmocka_unit_test(a_json_answer_reset_at_every_byte_is_replaced),
		cmocka_unit_test(a_json_answer_ended_at_every_byte_is_replaced),
		cmocka_unit_test(a_provider_may_die_at_every_step),
		cmocka_unit_test(what_comes_after_the_finish_does_no_harm),
	};
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(single)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = SCENE_ROW(&rows[i], a_row);
	memcpy(tests + COUNT_OF(rows), single, sizeof(single));
	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
