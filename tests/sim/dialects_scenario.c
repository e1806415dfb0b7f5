/* Clients of every dialect before providers of every dialect: one clean answer in the client's own form, whoever gives it,
 * whoever fails before it, and an honest end where it cannot be whole. */
#include "base/counter.h"
#include "scene.h"
#include "sim_tongue.h"

#define TEXT "Hello brave new world"

/* A provider of each dialect: "https://<host>", of which model `<name>` has one target and `<name>-<other>` a second. */
static const struct {
	enum sim_tongue tongue;
	const char *name, *dialect, *host, *base;
} backs[] = {
	{ SIM_CHAT, "chat", "openai", "chat.test", "/v1" },
	{ SIM_COMPLETIONS, "old", "completions", "old.test", "/v1" },
	{ SIM_RESPONSES, "resp", "responses", "resp.test", "/v1" },
	{ SIM_CLAUDE, "claude", "anthropic", "claude.test", "/v1" },
	{ SIM_GEMINI, "gem", "gemini", "gem.test", "/v1beta" },
};
#define BACKS COUNT_OF(backs)

/* `before` stands at its start. */
static const char *config(const char *before)
{
	static char text[16384];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s" SCENE_LISTEN "providers:\n", before);

	for (size_t i = 0; i < BACKS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s: {dialect: %s, url: \"https://%s%s\", key: \"${SIM_KEY}\"}\n",
			backs[i].name, backs[i].dialect, backs[i].host, backs[i].base);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "models:\n");
	for (size_t i = 0; i < BACKS; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s:\n    targets: [%s/m1]\n    retries: 0\n" SCENE_CLOCKS,
			backs[i].name, backs[i].name);
		for (size_t k = 0; k < BACKS; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s-%s:\n    tiers: [{targets: [%s/m1]}, "
				"{targets: [%s/m2]}]\n    retries: 0\n" SCENE_CLOCKS, backs[i].name, backs[k].name,
				backs[i].name, backs[k].name);
	}
	must(n < sizeof(text));
	return text;
}

/* Model `m`: claude, then chat, with these clocks. */
static const char *config_with(const char *clocks)
{
	static char text[1000];

	snprintf(text, sizeof(text), SCENE_LISTEN "providers:\n  claude: {dialect: anthropic, url: \"https://claude.test/v1\", "
		"key: \"${SIM_KEY}\"}\n  chat: {url: \"https://chat.test/v1\", key: \"${SIM_KEY}\"}\nmodels:\n"
		"  m: {tiers: [{targets: [claude/m1]}, {targets: [chat/m2]}], retries: 0, join: separate, clocks: %s}\n"
		"breaker: {fails: 0}\n", clocks);
	return text;
}

static struct sim_client *ask(struct sim *s, enum sim_tongue t, const char *model, bool streamed)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, t, model, streamed, "", "") } });
}

static struct sim_client *ask_with(struct sim *s, enum sim_tongue t, const char *model, bool streamed, const char *fields,
	const char *members)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, t, model, streamed, fields, members) } });
}

static bool field_is(const struct sim_client *c, const char *name, const char *value)
{
	return slice_eq(sim_http_field(&c->answers[0].http, name), slice_str(value));
}

static bool asked_for(const struct sim_provider *p, size_t i, const char *what)
{
	return sim_http_has(buf_slice(&p->seen[i]->http.body), what);
}

/* --- one answers ---------------------------------------------------------------------------------------- */

static const char *const finishes[SIM_TONGUES] = { [SIM_CHAT] = "stop", [SIM_COMPLETIONS] = "stop",
	[SIM_RESPONSES] = "completed", [SIM_CLAUDE] = "end_turn", [SIM_GEMINI] = "STOP", [SIM_GEMINI_ARRAY] = "STOP" };

static void check_answer(struct sim *s, enum sim_tongue front, struct sim_client *c, bool streamed)
{
	struct sim_tongue_heard h = sim_tongue_hear(s, front, &c->answers[0], streamed);

	sim_tongue_whole(s, front, c, streamed, TEXT);
	sim_check(s, strcmp(h.finish, finishes[front]) == 0);
	sim_check(s, strcmp(h.model, "m-2026") == 0);
	/* these tell counts in streams only when asked to */
	if (streamed && (front == SIM_CHAT || front == SIM_COMPLETIONS))
		return;
	sim_check(s, h.in_tok == 9 && h.out_tok == 2);
}

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

				sim_provider(s, backs[b].host, sim_tongue_script(s, backs[b].tongue, !streamed, TEXT, 0), NULL);
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

static const struct sim_act fail_status[] = { SIM_ERROR(500, "request-id: dead\r\n", "server_error", "internal"), SIM_STOP };
static const struct sim_act fail_throttled[] = { SIM_ANSWER(429, "retry-after: 2\r\n", "{\"type\":\"error\",\"error\":"
	"{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}"), SIM_STOP };
static const struct sim_act fail_reset[] = { SIM_STREAM_HEAD, SIM_RESET };
static const struct sim_act fail_empty[] = { SIM_STREAM_HEAD, SIM_LAST_CHUNK, SIM_STOP };
static const struct sim_act fail_html[] = { SIM_ANSWER(200, "Content-Type: text/html\r\n", "<html>"), SIM_STOP };
static const struct sim_act fail_event[] = { SIM_STREAM_HEAD, SIM_CHUNK("event: error\ndata: {\"type\":\"error\",\"error\":"
	"{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"), SIM_LAST_CHUNK, SIM_STOP };
static const struct sim_act *const fails[] = { fail_status, fail_throttled, fail_reset, fail_empty, fail_html, fail_event };

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

			sim_provider(s, backs[b].host, sim_tongue_cut(s, backs[b].tongue, "", (struct sim_act)SIM_RESET, &said), NULL);
			sim_provider(s, backs[next].host, sim_tongue_script(s, backs[next].tongue, true, TEXT, 0), NULL);
			sim_run(s);
			check_answer(s, f, c, true);
			sim_free(&s);
		}
}

/* A client that wants one whole answer sees nothing of one that breaks in its middle, even where the provider streams. */
static void a_whole_answer_is_held(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++)
		for (size_t b = 0; b < BACKS; b++) {
			size_t next = (b + 1) % BACKS;
			struct sim *s = sim_new(SIM_SEED, config(""));
			const char *said;
			struct sim_client *c = ask(s, f, sim_printf(s, "%s-%s", backs[b].name, backs[next].name), false);

			sim_provider(s, backs[b].host, sim_tongue_cut(s, backs[b].tongue, TEXT, (struct sim_act)SIM_RESET, &said),
				NULL);
			sim_provider(s, backs[next].host, sim_tongue_script(s, backs[next].tongue, false, TEXT, 0), NULL);
			sim_run(s);
			check_answer(s, f, c, false);
			sim_free(&s);
		}
}

/* --- it breaks ------------------------------------------------------------------------------------------ */

static void an_answer_that_breaks_is_told_in_the_clients_form(void **state)
{
	static const struct sim_act ends[] = { SIM_RESET, SIM_SHUT, SIM_HANG, SIM_LAST_CHUNK,
		SIM_CHUNK("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\","
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
	static void (*const strikes[])(struct sim *) = { sim_strike_client_leaves, sim_strike_client_resets, sim_strike_drain };

	for (sweep_front = 0; sweep_front < SIM_TONGUES; sweep_front++)
		for (size_t i = 0; i < COUNT_OF(strikes) * 2; i++) {
			sweep_back = (sweep_front + i) % BACKS;
			sweep_streamed = i % 2;
			size_t n = sim_sweep(&(struct sim_sweep){ .set = set_pair, .strike = strikes[i / 2], .check = check_pair,
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

			sim_provider(s, backs[b].host, started ? sim_tongue_cut(s, backs[b].tongue, TEXT, (struct sim_act)SIM_HANG,
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
	} rows[] = { { "nobody", fail_status, 404 }, { NULL, unknown, 404 }, { NULL, bad, 400 }, { NULL, fail_throttled, 429 },
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
		{ SIM_CLAUDE, "POST /v1/messages/batches", "", 404 }, { SIM_GEMINI, "POST /v1beta/models/m:nothing", "", 404 },
		{ SIM_GEMINI, "DELETE /v1beta/models/m", "", 405 }, { SIM_GEMINI, "GET /v1beta/models/nobody", "", 404 },
		{ SIM_GEMINI, "POST /v1beta/files", "", 404 }, { SIM_RESPONSES, "GET /v1/responses", "", 405 },
		{ SIM_CHAT, "POST /v1/nothing", "", 404 }, { SIM_CLAUDE, "GET /v1/models/nobody", "anthropic-version: 2023-06-01\r\n", 404 },
		{ SIM_CLAUDE, "POST /v1/messages", "Content-Length: 99999999\r\nContent-Type: application/json\r\n", 413 },
		{ SIM_GEMINI, "POST /v1beta/models/m:generateContent", "Content-Length: 99999999\r\n", 413 },
		{ SIM_CLAUDE, "POST /v1/messages", "Content-Length: 2\r\nContent-Type: text/plain\r\n", 415 },
		{ SIM_GEMINI, "POST /v1beta/models/m:generateContent", "Content-Length: 2\r\nContent-Encoding: gzip\r\n", 415 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, config("limits: {body: 1MiB}\n"));
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_printf(s, "%s HTTP/1.1\r\nHost: w\r\n%s\r\n",
			rows[i].start, rows[i].fields) } });

		sim_run(s);
		sim_tongue_refused(s, rows[i].tongue, c, rows[i].status);
		bool is_claude = sim_http_has(buf_slice(&c->answers[0].http.body), "\"type\":\"error\"");
		bool is_gemini = sim_http_has(buf_slice(&c->answers[0].http.body), "\"status\":\"");
		sim_check(s, is_claude == (rows[i].tongue == SIM_CLAUDE) && is_gemini == (rows[i].tongue == SIM_GEMINI));
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
		struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 0), NULL);
		struct sim_provider *q = sim_provider(s, "chat.test", sim_tongue_script(s, SIM_CHAT, true, TEXT, 0), NULL);
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
		sim_check(s, p->n == 0 && q->n == (i == 0 ? COUNT_OF(c) : 0));
		if (i == 0)
			sim_check(s, asked_for(q, 0, "\"seed\":7") && sim_http_field(&c[0]->answers[0].http, "x-weir-dropped").p == NULL);
		else
			sim_check(s, sim_http_has(buf_slice(&c[0]->answers[0].http.body), "claude cannot express: "));
		/* connections on which nothing was sent are used for the next call */
		struct sim_client *plain = ask(s, SIM_CHAT, "claude", true);
		sim_run(s);
		check_answer(s, SIM_CHAT, plain, true);
		sim_check(s, p->n == 1 && p->n_conns <= COUNT_OF(c) && p->n_conns > 0);
		sim_free(&s);
	}
}

static void a_model_can_be_strict(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_LISTEN "providers:\n  claude: {dialect: anthropic, url: \"https://claude.test/v1\", "
		"key: \"${SIM_KEY}\"}\nmodels:\n  m: {targets: [claude/m1], strict: true}\n  loose: {targets: [claude/m2]}\n"
		"  n: {targets: [claude/m3], strict: true, fallbacks: [loose]}\n");
	struct sim_provider *p = sim_provider(s, "claude.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 0), NULL);
	struct sim_client *m = ask_with(s, SIM_CHAT, "m", true, "", ODD), *n = ask_with(s, SIM_CHAT, "n", true, "", ODD),
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
			struct sim_provider *p = sim_provider(s, "p.test", sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 10),
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
				sim_fail(s, __FILE__, __LINE__, "%s: %s", sim_tongue_name(f), h.bad ? h.bad : "not whole");
		}
		sim_check(s, !c->extra);
		sim_free(&s);
	}
}

/* Options for one provider go into its request as they are, whatever the client's dialect, and into no other's. */
static void provider_options_reach_their_provider_only(void **state)
{
	static const char options[] = ",\"provider_options\":{\"claude\":{\"metadata\":{\"user_id\":\"u-1\"},\"top_k\":5},"
		"\"chat\":{\"verbosity\":\"low\"},\"gem\":{\"labels\":{\"team\":\"blue\"}},\"resp\":{\"truncation\":\"auto\"},"
		"\"old\":{\"best_of\":1}}";
	static const char *const want[BACKS] = { "\"verbosity\":\"low\"", "\"best_of\":1", "\"truncation\":\"auto\"", "\"top_k\":5",
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
			struct sim_client *c = ask_with(s, f, "claude", true, "", sim_printf(s, ",\"provider_options\":%s", bad[i]));

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
	static const struct sim_act two[] = { SIM_ANSWER(200, "", "{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\","
		"\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"},{\"index\":1,\"content\":{\"role\":\"model\","
		"\"parts\":[{\"text\":\"Bye\"}]},\"finishReason\":\"MAX_TOKENS\"}],\"modelVersion\":\"m-2026\",\"responseId\":\"id-1\"}"),
		SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, config(""));
	struct sim_provider *p = sim_provider(s, "claude.test", scene_good, NULL), *q = sim_provider(s, "gem.test", two, NULL);
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
#define CLAUDE_STARTS SIM_STREAM_HEAD, SIM_CHUNK("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":" \
	"\"id-1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m-2026\",\"content\":[],\"stop_reason\":null," \
	"\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n" \
	"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":" \
	"{\"type\":\"text\",\"text\":\"\"}}\n\n")
#define CLAUDE_ENDS SIM_CHUNK("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" \
	"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," \
	"\"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), SIM_LAST_CHUNK, SIM_STOP

static const struct sim_act flood[] = { CLAUDE_STARTS,
	{ .kind = SIM_ACT_CHUNK, .text = CLAUDE_SAYS(FLOOD_TEXT), .times = FLOOD_TIMES }, CLAUDE_ENDS };

/* Back-pressure goes through a translation: the provider waits, memory stays small, nothing is lost. */
static void a_slow_reader_of_a_translated_stream(void **state)
{
	for (enum sim_tongue f = 0; f < SIM_TONGUES; f++) {
		struct sim *s = sim_new(SIM_SEED, config("answers: {lag: 16KiB}\n"));
		struct sim_provider *p = sim_provider(s, "claude.test", flood, NULL);
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, f, "claude", true, "", "") },
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
				sim_check(s, h.bad == NULL && h.error && h.n_ends == 0 && c->answers[0].end == SIM_BROKEN);
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
			struct sim_provider *p = sim_provider(s, backs[b].host, (const struct sim_act[]){ SIM_WAIT(3500), SIM_RESET },
				sim_tongue_script(s, backs[b].tongue, true, TEXT, 1200), NULL);
			struct sim_client *c = ask(s, f, sim_printf(s, "%s-%s", backs[b].name, backs[(b + 1) % BACKS].name), true);

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
		const struct sim_act late[] = { SIM_WAIT(10000), { .kind = SIM_ACT_ANSWER, .n = 200, .fields = CLAUDE_LIMITS,
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
		cmocka_unit_test(what_is_left_out_is_named),
		cmocka_unit_test(strict_takes_the_next_target_or_refuses),
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
	return cmocka_run_group_tests_name("dialects", tests, NULL, NULL);
}
