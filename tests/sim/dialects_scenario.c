/* Clients of every dialect before providers of every dialect: one clean answer in the client's own form, whoever
 * gives it, whoever fails before it, and an honest end where it cannot be whole. */
#include "pairs.h"

/* --- one answers ---------------------------------------------------------------------------------------- */

static void check_call(struct sim *s, size_t back, const struct sim_provider *p, bool streamed)
{
	const struct sim_http *r = &p->seen[0]->http;

	sim_check(s, sim_tongue_is_path(backs[back].tongue, r->target, "m1", streamed));
	sim_check(s, sim_http_field(r, sim_tongue_key(backs[back].tongue)).n > 0);
	sim_check(s, backs[back].tongue != SIM_CLAUDE || sim_http_count(r, "anthropic-version") == 1);
	sim_check(s, sim_http_has(buf_slice(&r->body), "hi"));
}

static void play_pair(enum sim_tongue front, size_t back, bool streamed, enum sim_split split)
{
	struct sim *s = sim_new(SIM_SEED, config(""));
	struct sim_provider *p = sim_provider(s, backs[back].host,
		sim_tongue_script(s, backs[back].tongue, streamed, TEXT, 0), NULL);
	struct sim_client *c = ask(s, front, backs[back].name, streamed);

	s->loop->split = split;
	sim_run(s);
	check_answer(s, front, c, streamed);
	check_call(s, back, p, streamed);
	sim_check(s, field_is(c, "x-weir-provider", backs[back].name));
	sim_free(&s);
}

static void every_client_before_every_provider(void **state)
{
	static const enum sim_split splits[] = { SIM_WHOLE, SIM_BYTES, SIM_RANDOM };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++)
			for (size_t i = 0; i < COUNT_OF(splits) * 2; i++)
				play_pair(f, b, i % 2, splits[i / 2]);
}

/* A provider that streams although it was not asked to, or answers whole although it was: the client gets its form. */
static void a_provider_that_answers_in_the_other_form(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++)
			for (int streamed = 0; streamed < 2; streamed++) {
				struct sim *s = sim_new(SIM_SEED, config(""));
				struct sim_client *c = ask(s, f, backs[b].name, streamed);

				sim_provider(s, backs[b].host, sim_tongue_script(s, backs[b].tongue, !streamed,
					TEXT, 0), NULL);
				sim_run(s);
				check_answer(s, f, c, streamed);
				sim_free(&s);
			}
}

/* What has been said is there at once, not at the end of a block or of the answer. */
static void text_comes_as_it_is_made(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			struct sim *s = sim_new(SIM_SEED, config(""));
			struct sim_client *c = ask(s, f, backs[b].name, true);
			size_t before = 0, steps = 0;

			sim_provider(s, backs[b].host, sim_tongue_script(s, backs[b].tongue, true, TEXT, 20), NULL);
			for (int i = 0; i < 100 && before < strlen(TEXT); i++) {
				sim_run_for(s, 10);
				size_t now = strlen(sim_tongue_hear(s, f, &c->answers[0], true).text);
				sim_check(s, now >= before && now <= before + 2);
				steps += now > before;
				before = now;
			}
			sim_check(s, steps == (strlen(TEXT) + 1) / 2 && c->answers[0].end == SIM_PENDING);
			sim_run(s);
			sim_tongue_whole(s, f, c, true, TEXT);
			sim_free(&s);
		}
}

/* --- another one takes over ----------------------------------------------------------------------------- */

static const struct sim_act fail_status[] = { SIM_ERROR(500, "request-id: dead\r\n", "server_error", "internal"),
	SIM_STOP };
static const struct sim_act fail_throttled[] = { SIM_ANSWER(429, "retry-after: 2\r\n", "{\"type\":\"error\",\"error\":"
	"{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}"), SIM_STOP };
static const struct sim_act fail_reset[] = { SIM_STREAM_HEAD, SIM_RESET };
static const struct sim_act fail_empty[] = { SIM_STREAM_HEAD, SIM_LAST_CHUNK, SIM_STOP };
static const struct sim_act fail_html[] = { SIM_ANSWER(200, "Content-Type: text/html\r\n", "<html>"), SIM_STOP };
static const struct sim_act fail_event[] = { SIM_STREAM_HEAD,
	SIM_CHUNK("event: error\ndata: {\"type\":\"error\",\"error\":"
	"{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"), SIM_LAST_CHUNK, SIM_STOP };
static const struct sim_act *const fails[] = { fail_status, fail_throttled, fail_reset, fail_empty, fail_html,
	fail_event };

/* From each dialect to the next one, before the first word: the client sees one answer, and the second one's name. */
static void failing_over_between_dialects_is_invisible(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t i = 0; i < COUNT_OF(fails); i++)
			for (size_t b = 0; b < BACKS; b++) {
				size_t next = (b + 1 + f % (BACKS - 1)) % BACKS;
				bool streamed = (b + i) % 3 != 0;
				struct sim *s = sim_new(SIM_SEED, config(""));
				struct sim_provider *p = sim_provider(s, backs[b].host, fails[i], NULL);
				struct sim_provider *q = sim_provider(s, backs[next].host,
					sim_tongue_script(s, backs[next].tongue, streamed, TEXT, 0), NULL);
				struct sim_client *c = ask(s, f,
					sim_printf(s, "%s-%s", backs[b].name, backs[next].name), streamed);

				sim_run(s);
				check_answer(s, f, c, streamed);
				sim_check(s, p->n == 1 && q->n == 1);
				sim_check(s, field_is(c, "x-weir-provider", backs[next].name));
				sim_check(s, field_is(c, "x-weir-attempts", "2"));
				/* the id is that of the call that answered, which had none */
				sim_check(s, sim_http_field(&c->answers[0].http, "x-weir-upstream-id").p == NULL);
				sim_free(&s);
			}
}

/* The start of a stream that holds no word yet (role, message_start, response.created) releases nothing. */
static void the_start_of_a_stream_is_not_released(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			size_t next = (b + 1) % BACKS;
			struct sim *s = sim_new(SIM_SEED, config(""));
			const char *said;
			struct sim_client *c = ask(s, f, sim_printf(s, "%s-%s", backs[b].name, backs[next].name), true);

			sim_provider(s, backs[b].host, sim_tongue_cut(s, backs[b].tongue, "",
				(struct sim_act)SIM_RESET, &said), NULL);
			sim_provider(s, backs[next].host, sim_tongue_script(s, backs[next].tongue, true, TEXT, 0),
				NULL);
			sim_run(s);
			check_answer(s, f, c, true);
			sim_free(&s);
		}
}

/* A client that wants one whole answer sees nothing of one that breaks in its middle, even where the provider
 * streams. */
static void a_whole_answer_is_held(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			size_t next = (b + 1) % BACKS;
			struct sim *s = sim_new(SIM_SEED, config(""));
			const char *said;
			struct sim_client *c = ask(s, f, sim_printf(s, "%s-%s", backs[b].name, backs[next].name),
				false);

			sim_provider(s, backs[b].host, sim_tongue_cut(s, backs[b].tongue, TEXT,
				(struct sim_act)SIM_RESET, &said),
				NULL);
			sim_provider(s, backs[next].host, sim_tongue_script(s, backs[next].tongue, false, TEXT,
				0), NULL);
			sim_run(s);
			check_answer(s, f, c, false);
			sim_free(&s);
		}
}

/* --- it breaks ------------------------------------------------------------------------------------------ */

static void an_answer_that_breaks_is_told_in_the_clients_form(void **state)
{
	static const struct sim_act ends[] = { SIM_RESET, SIM_SHUT, SIM_HANG, SIM_LAST_CHUNK,
		SIM_CHUNK("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
			"\"message\":\"Overloaded\","
			"\"code\":503,\"status\":\"UNAVAILABLE\"}}\n\n") };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++)
			for (size_t i = 0; i < COUNT_OF(ends); i++) {
				size_t next = (b + 1) % BACKS;
				struct sim *s = sim_new(SIM_SEED, config(""));
				const char *said;
				const struct sim_act *script = sim_tongue_cut(s, backs[b].tongue, TEXT, ends[i], &said);
				struct sim_provider *p = sim_provider(s, backs[b].host, script, NULL);
				struct sim_provider *q = sim_provider(s, backs[next].host, scene_good, NULL);
				struct sim_client *c = ask(s, f,
					sim_printf(s, "%s-%s", backs[b].name, backs[next].name), true);

				sim_run(s);
				sim_tongue_broken(s, f, c, said);
				sim_check(s, q->n == 0);
				sim_run_for(s, 1000);
				sim_check_left(s, p, c->answers[0].end_ms, 1000);
				sim_free(&s);
			}
}

/* Gemini's streams have no end mark: behind the terminal reason a transfer that breaks or hangs takes nothing away. */
static void a_stream_without_an_end_mark(void **state)
{
	static const struct sim_act ends[] = { SIM_RESET, SIM_SHUT, SIM_HANG };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t i = 0; i < COUNT_OF(ends); i++) {
			struct sim *s = sim_new(SIM_SEED, config(""));
			const struct sim_act *whole = sim_tongue_script(s, SIM_GEMINI, true, TEXT, 0);
			struct sim_act script[40];
			size_t n = 0;
			struct sim_client *c = ask(s, f, "gem", true);

			for (; whole[n].kind != SIM_ACT_RAW || n == 0; n++)
				script[n] = whole[n];
			script[n++] = (struct sim_act)SIM_WAIT(5);
			script[n] = ends[i];
			sim_provider(s, "gem.test", script, NULL);
			sim_run(s);
			check_answer(s, f, c, true);
			sim_free(&s);
		}
}

/* A provider that dies after n bytes of its stream, for every n. */
static void die_everywhere(enum sim_tongue front, size_t back, enum sim_act_kind how)
{
	size_t whole = SIZE_MAX, hidden = 0, broken = 0, next = (back + 1) % BACKS;

	for (uint64_t n = 0; n <= whole; n += 3) {
		struct sim *s = sim_new(SIM_SEED, config(""));
		struct sim_provider *p = sim_provider(s, backs[back].host,
			sim_tongue_script(s, backs[back].tongue, true, "Hello", 0), NULL);
		struct sim_provider *q = sim_provider(s, backs[next].host,
			sim_tongue_script(s, backs[next].tongue, true, "Hello", 0), NULL);
		struct sim_client *c = ask(s, front, sim_printf(s, "%s-%s", backs[back].name, backs[next].name), true);

		p->die_after = n;
		p->die_how = how;
		sim_run(s);
		sim_tongue_honest(s, front, c, true, "Hello");
		if (c->answers[0].end == SIM_CLEAN)
			sim_tongue_whole(s, front, c, true, "Hello");
		sim_check(s, c->answers[0].end == SIM_CLEAN || q->n == 0);
		hidden += q->n == 1;
		broken += c->answers[0].end != SIM_CLEAN;
		if (p->seen[0]->sent < n)
			whole = n;
		sim_free(&s);
	}
	assert_true(hidden > 20 && broken > 20);
}

static void a_stream_reset_at_every_byte_is_honest(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		die_everywhere(f, (f + 3) % BACKS, SIM_ACT_RESET);
}

static void a_stream_ended_at_every_byte_is_honest(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		die_everywhere(f, (f + 4) % BACKS, SIM_ACT_SHUT);
}

/* --- anybody leaves, at any time ------------------------------------------------------------------------ */

static enum sim_tongue sweep_front;
static size_t sweep_back;
static bool sweep_streamed;

static struct sim *set_pair(uint64_t seed)
{
	struct sim *s = sim_new(seed, config(""));
	size_t next = (sweep_back + 1) % BACKS;

	sim_provider(s, backs[sweep_back].host, scene_down, NULL);
	sim_provider(s, backs[next].host, sim_tongue_script(s, backs[next].tongue, sweep_streamed, TEXT, 7), NULL);
	ask(s, sweep_front, sim_printf(s, "%s-%s", backs[sweep_back].name, backs[next].name), sweep_streamed);
	return s;
}

static void check_pair(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	uint64_t left_ms = c->left ? c->left_ms : sim_now_ms(s);

	sim_tongue_honest(s, sweep_front, c, sweep_streamed, TEXT);
	sim_run_for(s, 1000);
	LIST_EACH(node, tmp, &s->providers)
		sim_check_left(s, LIST_ITEM(node, struct sim_provider, node), left_ms, 1000);
	sim_check(s, sim_log_count(s, "\"event\":\"access\"") <= 1);
}

static void anybody_may_go_at_every_step(void **state)
{
	static void (*const strikes[])(struct sim *) = { sim_strike_client_leaves, sim_strike_client_resets,
		sim_strike_drain };

	for (sweep_front = 0; sweep_front < SIM_TONGUES; sweep_front++)
		for (size_t i = 0; i < COUNT_OF(strikes) * 2; i++) {
			sweep_back = (sweep_front + i) % BACKS;
			sweep_streamed = i % 2;
			size_t n = sim_sweep(&(struct sim_sweep){ .set = set_pair, .strike = strikes[i / 2],
				.check = check_pair,
				.seed = SIM_SEED });
			assert_true(n > 10);
		}
}

/* A drain that reaches its end cuts what still runs: told in the client's form. */
static void a_cut_at_the_end_of_a_drain_is_told(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (int started = 0; started < 2; started++) {
			size_t b = (f + 2) % BACKS;
			struct sim *s = sim_new(SIM_SEED, config(""));
			const char *said;
			struct sim_client *c = ask(s, f, backs[b].name, true);

			sim_provider(s, backs[b].host, started ? sim_tongue_cut(s, backs[b].tongue, TEXT,
				(struct sim_act)SIM_HANG,
				&said) : (const struct sim_act[]){ SIM_HANG }, NULL);
			sim_run_for(s, 100);
			sim_drain(s);
			sim_run_for(s, 100);
			sim_cut(s);
			sim_run(s);
			if (started)
				sim_tongue_broken(s, f, c, said);
			else
				sim_tongue_refused(s, f, c, 0);
			sim_free(&s);
		}
}

/* --- refusals ------------------------------------------------------------------------------------------- */

static void refusals_speak_as_the_client_does(void **state)
{
	static const struct sim_act unknown[] = { SIM_ERROR(404, "", "not_found_error", "model_not_found"), SIM_STOP };
	static const struct sim_act bad[] = { SIM_ERROR(400, "", "invalid_request_error", "x"), SIM_STOP };
	static const struct {
		const char *model;
		const struct sim_act *script;
		int status;
	} rows[] = { { "nobody", fail_status, 404 }, { NULL, unknown, 404 }, { NULL, bad, 400 }, { NULL,
		fail_throttled, 429 },
		{ NULL, fail_status, 0 }, { NULL, fail_html, 0 } };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
			size_t b = (f + i) % BACKS;
			struct sim *s = sim_new(SIM_SEED, config(""));
			struct sim_client *c = ask(s, f, rows[i / 2].model ? rows[i / 2].model : backs[b].name, i % 2);

			sim_provider(s, backs[b].host, rows[i / 2].script, NULL);
			sim_run(s);
			sim_tongue_refused(s, f, c, rows[i / 2].status);
			sim_check(s, c->answers[0].http.length == (int64_t)buf_len(&c->answers[0].http.body));
			sim_check(s, rows[i / 2].status != 429 || field_is(c, "retry-after", "2"));
			sim_free(&s);
		}
}

/* Before anything is parsed: by the path alone it is known how the client wants to be refused. */
static void refusals_at_the_door(void **state)
{
	static const struct {
		enum sim_tongue tongue;
		const char *start, *fields;
		int status;
	} rows[] = {
		{ SIM_CLAUDE, "GET /v1/messages", "", 405 }, { SIM_CLAUDE, "PUT /v1/messages/count_tokens", "", 405 },
		{ SIM_CLAUDE, "POST /v1/messages/batches", "", 404 }, { SIM_GEMINI,
			"POST /v1beta/models/m:nothing", "", 404 },
		{ SIM_GEMINI, "DELETE /v1beta/models/m", "", 405 }, { SIM_GEMINI, "GET /v1beta/models/nobody", "",
			404 },
		{ SIM_GEMINI, "POST /v1beta/files", "", 404 }, { SIM_RESPONSES, "GET /v1/responses", "", 405 },
		{ SIM_CHAT, "POST /v1/nothing", "", 404 }, { SIM_CLAUDE, "GET /v1/models/nobody",
			"anthropic-version: 2023-06-01\r\n", 404 },
		{ SIM_CLAUDE, "POST /v1/messages",
			"Content-Length: 99999999\r\nContent-Type: application/json\r\n", 413 },
		{ SIM_GEMINI, "POST /v1beta/models/m:generateContent", "Content-Length: 99999999\r\n", 413 },
		{ SIM_CLAUDE, "POST /v1/messages", "Content-Length: 2\r\nContent-Type: text/plain\r\n", 415 },
		{ SIM_GEMINI, "POST /v1beta/models/m:generateContent",
			"Content-Length: 2\r\nContent-Encoding: gzip\r\n", 415 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, config("limits: {body: 1MiB}\n"));
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_printf(s,
			"%s HTTP/1.1\r\nHost: w\r\n%s\r\n",
			rows[i].start, rows[i].fields) } });

		sim_run(s);
		sim_tongue_refused(s, rows[i].tongue, c, rows[i].status);
		bool is_claude = sim_http_has(buf_slice(&c->answers[0].http.body), "\"type\":\"error\"");
		bool is_gemini = sim_http_has(buf_slice(&c->answers[0].http.body), "\"status\":\"");
		sim_check(s, is_claude == (rows[i].tongue == SIM_CLAUDE)
			&& is_gemini == (rows[i].tongue == SIM_GEMINI));
		sim_check(s, rows[i].status != 405 || sim_http_field(&c->answers[0].http, "allow").n > 0);
		sim_free(&s);
	}
}

/* A request that no dialect's parser takes. */
static void a_bad_body_is_refused_in_the_clients_form(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
		struct sim *s = sim_new(SIM_SEED, config(""));
		struct sim_client *c = ask_with(s, f, "chat", true, "", ",\"broken\":");
		struct sim_provider *p = sim_provider(s, "chat.test", scene_good, NULL);

		sim_run(s);
		sim_tongue_refused(s, f, c, 400);
		sim_check(s, p->n == 0);
		sim_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_client_before_every_provider),
		cmocka_unit_test(a_provider_that_answers_in_the_other_form),
		cmocka_unit_test(text_comes_as_it_is_made),
		cmocka_unit_test(failing_over_between_dialects_is_invisible),
		cmocka_unit_test(the_start_of_a_stream_is_not_released),
		cmocka_unit_test(a_whole_answer_is_held),
		cmocka_unit_test(an_answer_that_breaks_is_told_in_the_clients_form),
		cmocka_unit_test(a_stream_without_an_end_mark),
		cmocka_unit_test(a_stream_reset_at_every_byte_is_honest),
		cmocka_unit_test(a_stream_ended_at_every_byte_is_honest),
		cmocka_unit_test(anybody_may_go_at_every_step),
		cmocka_unit_test(a_cut_at_the_end_of_a_drain_is_told),
		cmocka_unit_test(refusals_speak_as_the_client_does),
		cmocka_unit_test(refusals_at_the_door),
		cmocka_unit_test(a_bad_body_is_refused_in_the_clients_form),
	};
	return cmocka_run_group_tests_name("dialects", tests, NULL, NULL);
}
