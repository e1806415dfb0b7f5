/* What lies between two dialects: what a target cannot be told, options for one provider, limits, slow readers,
 * keep-alives, what heads say, and reloads. */
#include "pairs.h"

/* --- what a target cannot be told ----------------------------------------------------------------------- */

#define ODD ",\"seed\":7,\"logit_bias\":{\"5\":1}"

static void what_is_left_out_is_named(void **state)
{
	struct sim *s = sim_new(SIM_SEED, config(""));
	struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 0), NULL);
	struct sim_client *c = ask_with(s, SIM_CHAT, "claude", true, "", ODD);

	sim_run(s);
	check_answer(s, SIM_CHAT, c, true);
	sim_check(s, sim_http_has(sim_http_field(&c->answers[0].http, "x-weir-dropped"), "seed"));
	sim_check(s, sim_http_has(sim_http_field(&c->answers[0].http, "x-weir-dropped"), "logit_bias"));
	sim_check(s, !asked_for(p, 0, "seed") && !asked_for(p, 0, "logit_bias"));
	sim_free(&s);
}

static void strict_takes_the_next_target_or_refuses(void **state)
{
	static const char *const models[] = { "claude-chat", "claude" };

	for (size_t i = 0; i < 2; i++) {
		struct sim *s = sim_new(SIM_SEED, config("retry: {share: 0, per_second: 0.0001}\n"));
		struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true,
			TEXT, 0), NULL);
		struct sim_provider *q = sim_provider(s, "chat.test", sim_tongue_script(s, SIM_CHAT, true, TEXT,
			0), NULL);
		struct sim_client *c[4];

		/* the second target is no retry: it needs no permission */
		for (size_t k = 0; k < COUNT_OF(c); k++)
			c[k] = ask_with(s, SIM_CHAT, models[i], true, "x-weir-strict: true\r\n", ODD);
		sim_run(s);
		for (size_t k = 0; k < COUNT_OF(c); k++) {
			if (i == 0)
				check_answer(s, SIM_CHAT, c[k], true);
			else
				sim_check_error(s, c[k], 400, "unsupported_value");
		}
		sim_check(s, p->n == 0 && p->n_conns == 0 && q->n == (i == 0 ? COUNT_OF(c) : 0));
		if (i == 0)
			sim_check(s, asked_for(q, 0, "\"seed\":7") && sim_http_field(&c[0]->answers[0].http,
				"x-weir-dropped").p == NULL);
		else
			sim_check(s, sim_http_has(buf_slice(&c[0]->answers[0].http.body), "claude cannot express: "));
		struct sim_client *plain = ask(s, SIM_CHAT, "claude", true);
		sim_run(s);
		check_answer(s, SIM_CHAT, plain, true);
		sim_check(s, p->n == 1 && p->n_conns == 1);
		sim_free(&s);
	}
}

/* A header that is too long to go on is named as well; half of it would ask for something else. */
static void betas_that_are_too_long_are_named(void **state)
{
	for (int i = 0; i < 4; i++) {
		bool is_long = i % 2, strict = i / 2;
		struct sim *s = sim_new(SIM_SEED, config(""));
		struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT,
			0), NULL);
		struct sim_client *c = ask_with(s, SIM_CLAUDE, "claude", true, sim_printf(s,
			"anthropic-beta: %0*d\r\n%s", is_long ? 1025 : 1024, 7,
			strict ? "x-weir-strict: true\r\n" : ""), "");

		sim_run(s);
		if (is_long && strict) {
			sim_check(s, c->answers[0].http.status == 400 && p->n_conns == 0);
			sim_check(s, sim_http_has(buf_slice(&c->answers[0].http.body), "anthropic-beta"));
		} else {
			check_answer(s, SIM_CLAUDE, c, true);
			sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-weir-dropped"),
				is_long ? SLICE("anthropic-beta") : SLICE_EMPTY));
			sim_check(s, (sim_http_field(&p->seen[0]->http, "anthropic-beta").n == 0) == is_long);
		}
		sim_free(&s);
	}
}

/* A host that nobody can reach is no better answer than that it could not do this anyway. */
static void a_dead_host_hides_no_refusal(void **state)
{
	struct sim *s = sim_new(SIM_SEED, config(""));
	struct sim_provider *p = sim_provider(s, "claude.test", scene_good, NULL);
	struct sim_client *c = ask_with(s, SIM_CHAT, "claude", true, "x-weir-strict: true\r\n", ODD);

	p->host->way = SIM_WAY_RESET;
	sim_run(s);
	sim_check_error(s, c, 400, "unsupported_value");
	sim_free(&s);
}

static void a_model_can_be_strict(void **state)
{
	struct sim *s = sim_new(SIM_SEED,
		SCENE_LISTEN "providers:\n  claude: {dialect: anthropic, url: \"https://claude.test/v1\", "
		"key: \"${SIM_KEY}\"}\nmodels:\n  m: {targets: [claude/m1], strict: true}\n"
			"  loose: {targets: [claude/m2]}\n"
		"  n: {targets: [claude/m3], strict: true, fallbacks: [loose]}\n");
	struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 0), NULL);
	struct sim_client *m = ask_with(s, SIM_CHAT, "m", true, "", ODD), *n = ask_with(s, SIM_CHAT, "n", true,
		"", ODD),
		*loose = ask_with(s, SIM_CHAT, "loose", true, "", ODD);

	sim_run(s);
	sim_check_error(s, m, 400, "unsupported_value");
	sim_check_error(s, n, 400, "unsupported_value");	/* its fallback is bound by it too */
	check_answer(s, SIM_CHAT, loose, true);
	sim_check(s, p->n == 1);
	sim_free(&s);
}

/* That one target cannot say it is no answer when another one, which can, is only late. */
static void what_one_cannot_does_not_hide_what_became_of_the_other(void **state)
{
	static const struct {
		const char *clocks;
		struct sim_act script[2];
		int status;
	} rows[] = {
		{ "{first_token: 5s, total: 60s}", { SIM_HANG }, 504 },
		{ "{first_token: 60s, total: 5s}", { SIM_HANG }, 504 },
		{ "{first_token: 5s, total: 60s}", { SIM_ERROR(503, "", "x", "y"), SIM_STOP }, 503 },
		{ "{first_token: 5s, total: 60s}", { SIM_ERROR(429, "retry-after: 9\r\n", "x", "y"), SIM_STOP }, 429 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, config_with(rows[i].clocks));
		struct sim_client *c = ask_with(s, SIM_CHAT, "m", false, "x-weir-strict: 1\r\n", ODD), *again;

		sim_provider(s, "claude.test", scene_good, NULL);
		sim_provider(s, "chat.test", rows[i].script, NULL);
		sim_run(s);
		sim_tongue_refused(s, SIM_CHAT, c, rows[i].status);
		/* while it rests the client hears that, too */
		again = ask_with(s, SIM_CHAT, "m", false, "x-weir-strict: 1\r\n", ODD);
		sim_run(s);
		sim_tongue_refused(s, SIM_CHAT, again, rows[i].status);
		sim_free(&s);
	}
}

/* A reload that changes what a provider speaks: who asked before is served as before. */
static void a_reload_changes_the_dialect(void **state)
{
	static const char before[] = SCENE_LISTEN "providers:\n  p: {dialect: anthropic, url: \"https://p.test/v1\", "
		"key: \"${SIM_KEY}\"}\nmodels:\n  m: {targets: [p/m1], join: separate}\n";
	static const char after[] = SCENE_LISTEN "providers:\n  p: {dialect: responses, url: \"https://p.test/v1\", "
		"key: \"${SIM_KEY}\"}\nmodels:\n  m: {targets: [p/m1], join: separate}\n";
	static const char gone[] = SCENE_LISTEN "providers:\n  q: {url: \"https://q.test/v1\", key: \"${SIM_KEY}\"}\n"
		"models:\n  m: {targets: [q/m1], join: separate}\n";

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (uint64_t ms = 1; ms < 200; ms += 13) {
			struct sim *s = sim_new(SIM_SEED, before);
			char why[300] = "";
			struct sim_provider *p = sim_provider(s, "p.test", sim_tongue_script(s, SIM_CLAUDE, true,
				TEXT, 10),
				sim_tongue_script(s, SIM_RESPONSES, true, TEXT, 10), NULL);
			struct sim_client *x = ask(s, f, "m", true), *y;

			sim_run_for(s, ms);
			if (p->n == 0) {	/* not even asked yet: it may be either */
				sim_free(&s);
				continue;
			}
			sim_check(s, sim_reload(s, after, why, sizeof(why)));
			y = ask(s, f, "m", true);
			sim_run_for(s, 30);
			sim_check(s, sim_reload(s, gone, why, sizeof(why)));
			sim_run(s);
			check_answer(s, f, x, true);
			check_answer(s, f, y, true);
			sim_check(s, sim_tongue_is_path(SIM_CLAUDE, p->seen[0]->http.target, "m1", true));
			sim_check(s, sim_tongue_is_path(SIM_RESPONSES, p->seen[1]->http.target, "m1", true));
			sim_free(&s);
		}
}

/* Requests of all dialects one behind the other on one connection. */
static void all_dialects_share_a_connection(void **state)
{
	for (int streamed = 0; streamed < 2; streamed++) {
		struct sim *s = sim_new(SIM_SEED, config(""));
		struct sim_plan plan = { .pipelined = true };
		struct sim_client *c;

		sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, streamed, TEXT, 3), NULL);
		for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
			plan.sends[f] = sim_tongue_ask(s, f, f % 2 ? "claude" : "claude/x", streamed, "", "");
		s->loop->split = SIM_RANDOM;
		c = sim_client(s, plan);
		sim_run(s);
		for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
			struct sim_tongue_heard h = sim_tongue_hear(s, f, &c->answers[f], streamed);
			if (h.bad || h.error || !h.finish || strcmp(h.text, TEXT) || c->answers[f].end != SIM_CLEAN)
				sim_fail(s, __FILE__, __LINE__, "%s: %s", sim_tongue_name(f), h.bad ? h.bad
					: "not whole");
		}
		sim_check(s, !c->extra);
		sim_free(&s);
	}
}

/* Options for one provider go into its request as they are, whatever the client's dialect, and into no other's. */
static void provider_options_reach_their_provider_only(void **state)
{
	static const char options[] =
		",\"provider_options\":{\"claude\":{\"metadata\":{\"user_id\":\"u-1\"},\"top_k\":5},"
		"\"chat\":{\"verbosity\":\"low\"},\"gem\":{\"labels\":{\"team\":\"blue\"}},\"resp\":{\"truncation\""
			":\"auto\"},"
		"\"old\":{\"best_of\":1}}";
	static const char *const want[BACKS] = { "\"verbosity\":\"low\"", "\"best_of\":1",
		"\"truncation\":\"auto\"", "\"top_k\":5",
		"\"labels\":{\"team\":\"blue\"}" };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			struct sim *s = sim_new(SIM_SEED, config(""));
			struct sim_provider *p = sim_provider(s, backs[b].host,
				sim_tongue_script(s, backs[b].tongue, true, TEXT, 0), NULL);
			struct sim_client *c = ask_with(s, f, backs[b].name, true, "", options);

			sim_run(s);
			check_answer(s, f, c, true);
			for (size_t i = 0; i < BACKS; i++)
				sim_check(s, asked_for(p, 0, want[i]) == (i == b));
			sim_check(s, !asked_for(p, 0, "provider_options"));
			sim_free(&s);
		}
}

static void provider_options_do_not_route(void **state)
{
	static const char *const bad[] = { "{\"claude\":{\"model\":\"dear\"}}", "{\"claude\":{\"stream\":false}}",
		"{\"claude\":null}", "7" };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t i = 0; i < COUNT_OF(bad); i++) {
			struct sim *s = sim_new(SIM_SEED, config(""));
			struct sim_provider *p = sim_provider(s, "claude.test", scene_good, NULL);
			struct sim_client *c = ask_with(s, f, "claude", true, "", sim_printf(s,
				",\"provider_options\":%s", bad[i]));

			sim_run(s);
			sim_tongue_refused(s, f, c, 400);
			sim_check(s, p->n_conns == 0);
			sim_free(&s);
		}
}

/* --- many choices, limits, slow readers ----------------------------------------------------------------- */

/* Two answers of one request: where there is only one, the next target is asked. */
static void several_choices(void **state)
{
	static const struct sim_act two[] = { SIM_ANSWER(200, "",
		"{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\","
		"\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"},{\"index\":1,\"content\":{\"role\":\""
			"model\","
		"\"parts\":[{\"text\":\"Bye\"}]},\"finishReason\":\"MAX_TOKENS\"}],\"modelVersion\":\"m-2026\","
			"\"responseId\":\"id-1\"}"),
		SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, config(""));
	struct sim_provider *p = sim_provider(s, "claude.test", scene_good, NULL), *q = sim_provider(s,
		"gem.test", two, NULL);
	struct sim_client *c = ask_with(s, SIM_CHAT, "claude-gem", false, "", ",\"n\":2");

	sim_run(s);
	sim_tongue_whole(s, SIM_CHAT, c, false, "Hello");
	sim_check(s, sim_http_has(buf_slice(&c->answers[0].http.body), "\"index\":1"));
	sim_check(s, sim_http_has(buf_slice(&c->answers[0].http.body), "\"content\":\"Bye\""));
	sim_check(s, p->n == 0 && q->n == 1);
	sim_check(s, asked_for(q, 0, "\"candidateCount\":2"));
	sim_free(&s);
}

#define FLOOD_TEXT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FLOOD_TIMES 4000u
#define CLAUDE_SAYS(text) "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":" \
	"{\"type\":\"text_delta\",\"text\":\"" text "\"}}\n\n"
#define CLAUDE_MESSAGE "{\"id\":\"id-1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m-2026\"," \
	"\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}"
#define CLAUDE_EVENT(type, more) "event: " type "\ndata: {\"type\":\"" type "\"" more "}\n\n"
#define CLAUDE_STARTS SIM_STREAM_HEAD, SIM_CHUNK(CLAUDE_EVENT("message_start", ",\"message\":" CLAUDE_MESSAGE) \
	CLAUDE_EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"))
#define CLAUDE_ENDS SIM_CHUNK(CLAUDE_EVENT("content_block_stop", ",\"index\":0") \
	CLAUDE_EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," \
	"\"usage\":{\"output_tokens\":2}") CLAUDE_EVENT("message_stop", "")), SIM_LAST_CHUNK, SIM_STOP

static const struct sim_act flood[] = { CLAUDE_STARTS,
	{ .kind = SIM_ACT_CHUNK, .text = CLAUDE_SAYS(FLOOD_TEXT), .times = FLOOD_TIMES }, CLAUDE_ENDS };

/* Back-pressure goes through a translation: the provider waits, memory stays small, nothing is lost. */
static void a_slow_reader_of_a_translated_stream(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
		struct sim *s = sim_new(SIM_SEED, config("answers: {lag: 16KiB}\n"));
		struct sim_provider *p = sim_provider(s, "claude.test", flood, NULL);
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, f, "claude",
			true, "", "") },
			.read_piece = 4096, .read_gap_ms = 20, .buffer = 16384 });

		p->host->cap = 16384;
		sim_run_for(s, 500);
		sim_check(s, counter_values[COUNTER_pauses] > 0);
		if (p->seen[0]->sent >= FLOOD_TIMES * strlen(CLAUDE_SAYS(FLOOD_TEXT)) / 2)
			sim_fail(s, __FILE__, __LINE__, "%s: %zu sent, %zu received", sim_tongue_name(f),
				(size_t)p->seen[0]->sent, (size_t)c->received);
		sim_check(s, counter_values[COUNTER_buffered_bytes] < 1500 * 1024);
		sim_run(s);
		struct sim_tongue_heard h = sim_tongue_hear(s, f, &c->answers[0], true);
		sim_check(s, h.bad == NULL && h.error == NULL && h.n_ends == 1 && c->answers[0].end == SIM_CLEAN);
		sim_check(s, strlen(h.text) == FLOOD_TIMES * strlen(FLOOD_TEXT));
		sim_free(&s);
	}
}

/* What is larger than allowed is an error in every form, streamed or collected. */
static void an_answer_past_the_limit(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (int streamed = 0; streamed < 2; streamed++) {
			struct sim *s = sim_new(SIM_SEED, config("answers: {body: 128KiB}\n"));
			struct sim_provider *p = sim_provider(s, "claude.test", flood, NULL);
			struct sim_client *c = ask(s, f, "claude", streamed);

			p->host->cap = 16384;
			sim_run(s);
			if (streamed) {
				struct sim_tongue_heard h = sim_tongue_hear(s, f, &c->answers[0], true);
				sim_check(s, h.bad == NULL && h.error && h.n_ends == 0
					&& c->answers[0].end == SIM_BROKEN);
				sim_check(s, strlen(h.text) > 10000);
			} else {
				sim_tongue_refused(s, f, c, 502);
			}
			sim_check(s, c->received < 512 * 1024);
			sim_check_left(s, p, c->done_ms, 100);
			sim_free(&s);
		}
}

/* --- while it waits ------------------------------------------------------------------------------------- */

/* A keep-alive that the dialect's SDKs skip; the answer behind it is whole. */
static void pings_are_of_the_clients_dialect(void **state)
{
	static const char *const want[SIM_TONGUES] = { [SIM_CHAT] = ": ping\n", [SIM_COMPLETIONS] = ": ping\n",
		[SIM_RESPONSES] = ": ping\n", [SIM_CLAUDE] = "event: ping\ndata: {", [SIM_GEMINI] = NULL,
		[SIM_GEMINI_ARRAY] = NULL };

	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			struct sim *s = sim_new(SIM_SEED, config("ping: 1s\n"));
			struct sim_provider *p = sim_provider(s, backs[b].host,
				(const struct sim_act[]){ SIM_WAIT(3500), SIM_RESET },
				sim_tongue_script(s, backs[b].tongue, true, TEXT, 1200), NULL);
			struct sim_client *c = ask(s, f, sim_printf(s, "%s-%s", backs[b].name,
				backs[(b + 1) % BACKS].name), true);

			sim_provider(s, backs[(b + 1) % BACKS].host,
				sim_tongue_script(s, backs[(b + 1) % BACKS].tongue, true, TEXT, 1200), NULL);
			sim_run(s);
			check_answer(s, f, c, true);
			sim_check(s, p->n == 1);
			sim_check(s, (counter_values[COUNTER_pings] > 0) == (want[f] != NULL));
			if (want[f] && !sim_http_has(buf_slice(&c->answers[0].http.body), want[f]))
				sim_fail(s, __FILE__, __LINE__, "%s: %.*s", sim_tongue_name(f),
					SLICE_ARG(buf_slice(&c->answers[0].http.body)));
			sim_free(&s);
		}
}

/* A ping has said 200: what fails then is told inside the stream, where there was one. */
static void a_fault_after_a_ping(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
		struct sim *s = sim_new(SIM_SEED, config("ping: 1s\n"));
		struct sim_client *c = ask(s, f, "claude", true);

		sim_provider(s, "claude.test", (const struct sim_act[]){ SIM_WAIT(2500), SIM_RESET }, NULL);
		sim_run(s);
		if (f == SIM_GEMINI || f == SIM_GEMINI_ARRAY)
			sim_tongue_refused(s, f, c, 502);
		else
			sim_tongue_broken(s, f, c, "");
		sim_free(&s);
	}
}

/* --- what heads say ------------------------------------------------------------------------------------- */

#define CLAUDE_LIMITS "anthropic-ratelimit-requests-limit: 50\r\nanthropic-ratelimit-requests-remaining: 49\r\n" \
	"anthropic-ratelimit-requests-reset: 2026-11-21T09:31:00Z\r\nrequest-id: req_claude\r\n"

static void limits_and_ids_of_the_provider(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
		struct sim *s = sim_new(SIM_SEED, config(""));
		const struct sim_act *whole = sim_tongue_script(s, SIM_CLAUDE, false, TEXT, 0);
		const struct sim_act late[] = { SIM_WAIT(10000), { .kind = SIM_ACT_ANSWER, .n = 200,
			.fields = CLAUDE_LIMITS,
			.text = whole[0].text }, SIM_STOP };
		struct sim_client *c = ask(s, f, "claude", false);

		sim_provider(s, "claude.test", late, NULL);
		sim_run(s);
		check_answer(s, f, c, false);
		sim_check(s, field_is(c, "x-weir-upstream-id", "req_claude"));
		bool is_openai = f == SIM_CHAT || f == SIM_COMPLETIONS || f == SIM_RESPONSES;
		sim_check(s, field_is(c, "x-ratelimit-limit-requests", "50") == is_openai);
		sim_check(s, field_is(c, "x-ratelimit-remaining-requests", "49") == is_openai);
		sim_check(s, (sim_http_field(&c->answers[0].http, "x-ratelimit-reset-requests").n > 0) == is_openai);
		/* the moment is the same, however long the call took */
		sim_check(s, slice_starts(sim_http_field(&c->answers[0].http, "anthropic-ratelimit-requests-reset"),
			SLICE("2026-11-21T09:31:00")) == (f == SIM_CLAUDE));
		sim_check(s, (sim_http_field(&c->answers[0].http, "request-id").n > 0) == (f == SIM_CLAUDE));
		sim_check(s, sim_http_field(&c->answers[0].http, "x-request-id").n > 0);
		sim_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out_is_named),
		cmocka_unit_test(strict_takes_the_next_target_or_refuses),
		cmocka_unit_test(betas_that_are_too_long_are_named),
		cmocka_unit_test(a_dead_host_hides_no_refusal),
		cmocka_unit_test(a_model_can_be_strict),
		cmocka_unit_test(what_one_cannot_does_not_hide_what_became_of_the_other),
		cmocka_unit_test(a_reload_changes_the_dialect),
		cmocka_unit_test(all_dialects_share_a_connection),
		cmocka_unit_test(provider_options_reach_their_provider_only),
		cmocka_unit_test(provider_options_do_not_route),
		cmocka_unit_test(several_choices),
		cmocka_unit_test(a_slow_reader_of_a_translated_stream),
		cmocka_unit_test(an_answer_past_the_limit),
		cmocka_unit_test(pings_are_of_the_clients_dialect),
		cmocka_unit_test(a_fault_after_a_ping),
		cmocka_unit_test(limits_and_ids_of_the_provider),
	};
	return cmocka_run_group_tests_name("translate", tests, NULL, NULL);
}
