/* Before the first event is released no failure of a provider reaches the client: every way to fail, streamed and
 * not, at every split of the bytes. */
#include "scene.h"

#define NO_FIELDS ""

enum {
	STREAMED = 1,		/* the row is played with a streamed request */
	AT_ONCE = 2,		/* ... and with one that is not */
	BOTH = 3,
};

/* How provider a fails; b is good. */
struct row {
	const char *name;
	int forms;
	enum sim_way way;
	size_t asked;			/* requests a sees: 0 when the connection is not made */
	uint64_t within_ms;		/* the answer is complete by then */
	struct sim_act script[6];
};

#define SCRIPT(...) { __VA_ARGS__, SIM_STOP }
#define ROW_WAY(name, way, ms) { name, BOTH, way, 0, ms, { SIM_STOP } }
#define ROW_SCRIPT(name, forms, ...) { name, forms, SIM_WAY_OK, 1, 200, SCRIPT(__VA_ARGS__) }
#define ROW_CLOCK(name, ms, ...) { name, STREAMED, SIM_WAY_OK, 1, (ms) + 200, SCRIPT(__VA_ARGS__) }
#define SSE_ERROR SIM_SSE("{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}")

static const struct row rows[] = {
	ROW_WAY("fails_over_when_the_name_is_unknown", SIM_WAY_NO_NAME, 200),
	ROW_WAY("fails_over_when_the_name_server_is_mute", SIM_WAY_MUTE_NAME, SCENE_CONNECT_MS + 200),
	ROW_WAY("fails_over_when_refused", SIM_WAY_REFUSED, 200),
	ROW_WAY("fails_over_when_the_connection_times_out", SIM_WAY_BLACKHOLE, SCENE_CONNECT_MS + 200),
	ROW_WAY("fails_over_when_the_certificate_is_bad", SIM_WAY_TLS_BAD, 200),
	ROW_WAY("fails_over_when_the_handshake_stalls", SIM_WAY_TLS_MUTE, SCENE_CONNECT_MS + 200),
	ROW_WAY("fails_over_when_the_connection_is_reset_at_once", SIM_WAY_RESET, 200),
	ROW_SCRIPT("fails_over_on_reset_before_the_head", BOTH, SIM_RESET),
	ROW_SCRIPT("fails_over_on_fin_before_the_head", BOTH, SIM_SHUT),
	ROW_SCRIPT("fails_over_on_a_cut_without_close_notify", BOTH, SIM_CUT),
	ROW_SCRIPT("fails_over_on_reset_within_the_head", BOTH, SIM_RAW("HTTP/1.1 200 OK\r\nContent-Ty"), SIM_RESET),
	ROW_SCRIPT("fails_over_on_reset_after_the_head", BOTH, SIM_STREAM_HEAD, SIM_RESET),
	ROW_CLOCK("fails_over_when_no_head_comes", SCENE_FIRST_MS, SIM_HANG),
	ROW_CLOCK("fails_over_when_no_event_comes", SCENE_FIRST_MS, SIM_STREAM_HEAD, SIM_HANG),
	ROW_CLOCK("fails_over_when_only_the_role_comes", SCENE_FIRST_MS, SIM_STREAM_HEAD, SIM_ROLE, SIM_HANG),
	ROW_CLOCK("comments_are_no_first_token", SCENE_FIRST_MS, SIM_STREAM_HEAD,
		{ .kind = SIM_ACT_CHUNK, .text = ": PROCESSING\n\n", .times = 100, .gap_ms = 100 }, SIM_HANG),
	ROW_SCRIPT("fails_over_on_500", BOTH, SIM_ERROR(500, NO_FIELDS, "server_error", "internal")),
	ROW_SCRIPT("fails_over_on_502_with_html", BOTH,
		SIM_ANSWER(502, "Content-Type: text/html\r\n", "<html>Bad Gateway</html>")),
	ROW_SCRIPT("fails_over_on_503_without_a_body", BOTH, SIM_ANSWER(503, NO_FIELDS, "")),
	ROW_SCRIPT("fails_over_on_504", BOTH, SIM_ERROR(504, NO_FIELDS, "timeout_error", "timeout")),
	ROW_SCRIPT("fails_over_on_529", BOTH, SIM_ERROR(529, NO_FIELDS, "overloaded_error", "overloaded")),
	ROW_SCRIPT("fails_over_on_429", BOTH, SIM_ERROR(429, "Retry-After: 20\r\n", "requests", "rate_limit_exceeded")),
	ROW_SCRIPT("fails_over_on_429_insufficient_quota", BOTH,
		SIM_ERROR(429, NO_FIELDS, "insufficient_quota", "insufficient_quota")),
	ROW_SCRIPT("fails_over_on_401", BOTH, SIM_ERROR(401, NO_FIELDS, "invalid_request_error", "invalid_api_key")),
	ROW_SCRIPT("fails_over_on_402", BOTH, SIM_ERROR(402, NO_FIELDS, "billing", "payment_required")),
	ROW_SCRIPT("fails_over_on_403", BOTH, SIM_ERROR(403, NO_FIELDS, "permission", "permission_denied")),
	ROW_SCRIPT("fails_over_on_404_for_the_model", BOTH,
		SIM_ERROR(404, NO_FIELDS, "invalid_request_error", "model_not_found")),
	ROW_SCRIPT("fails_over_on_413", BOTH, SIM_ERROR(413, NO_FIELDS, "invalid_request_error", "request_too_large")),
	ROW_SCRIPT("fails_over_when_the_context_is_too_short", BOTH,
		SIM_ERROR(400, NO_FIELDS, "invalid_request_error", "context_length_exceeded")),
	ROW_SCRIPT("fails_over_on_408", BOTH, SIM_ERROR(408, NO_FIELDS, "timeout", "timeout")),
	ROW_SCRIPT("fails_over_on_a_redirect", BOTH, SIM_ANSWER(302, "Location: https://evil.test/v1\r\n", "")),
	ROW_SCRIPT("fails_over_on_an_error_inside_200", BOTH, SIM_ERROR(200, NO_FIELDS, "server_error", "internal")),
	ROW_SCRIPT("fails_over_when_the_first_event_is_an_error", BOTH, SIM_STREAM_HEAD, SSE_ERROR, SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_when_an_error_follows_the_role", BOTH, SIM_STREAM_HEAD, SIM_ROLE, SSE_ERROR,
		SIM_DONE, SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_on_an_empty_json_body", BOTH, SIM_ANSWER(200, NO_FIELDS, "")),
	ROW_SCRIPT("fails_over_on_an_empty_stream", BOTH, SIM_STREAM_HEAD, SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_on_a_stream_of_nothing_but_done", BOTH, SIM_STREAM_HEAD, SIM_DONE, SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_on_a_stream_of_role_and_done", BOTH, SIM_STREAM_HEAD, SIM_ROLE, SIM_DONE,
		SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_on_html_with_200", BOTH,
		SIM_ANSWER(200, "Content-Type: text/html\r\n", "<!doctype html><p>Checking")),
	ROW_SCRIPT("fails_over_on_text_with_200", BOTH,
		SIM_ANSWER(200, "Content-Type: text/plain\r\n", "upstream connect error")),
	ROW_SCRIPT("fails_over_on_an_image_with_200", BOTH, SIM_ANSWER(200, "Content-Type: image/png\r\n", "\x89PNG")),
	ROW_SCRIPT("fails_over_on_broken_json", BOTH, SIM_ANSWER(200, NO_FIELDS, "{\"choices\":[{\"mess")),
	ROW_SCRIPT("fails_over_on_json_of_another_kind", BOTH, SIM_ANSWER(200, NO_FIELDS, "[1,2,3]")),
	ROW_SCRIPT("fails_over_on_broken_json_in_the_first_event", STREAMED, SIM_STREAM_HEAD,
		SIM_SSE("{\"choices\":[{"), SIM_LAST_CHUNK),
	ROW_SCRIPT("fails_over_when_the_body_ends_before_its_length", BOTH,
		SIM_RAW("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"id\":"),
		SIM_SHUT),
	ROW_SCRIPT("fails_over_when_a_chunk_is_cut", BOTH, SIM_STREAM_HEAD, SIM_RAW("40\r\ndata: {\"choi"), SIM_SHUT),
	ROW_SCRIPT("fails_over_on_bytes_that_are_no_http", BOTH, SIM_RAW("SSH-2.0-OpenSSH_9.2\r\n\r\n"), SIM_SHUT),
	ROW_SCRIPT("fails_over_on_two_framings", BOTH,
		SIM_RAW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
	ROW_SCRIPT("fails_over_on_a_coding_it_cannot_read", BOTH,
		SIM_ANSWER(200, "Content-Type: application/json\r\nContent-Encoding: br\r\n", "\x8b\x03\x80")),
};

static const enum sim_split splits[] = { SIM_WHOLE, SIM_BYTES, SIM_RANDOM };

static void play(const struct row *r, bool streamed, enum sim_split split)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", r->script, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c = scene_ask(s, "m", streamed);

	s->loop->split = split;
	a->host->way = r->way;
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, sim_is_stream(&c->answers[0]) == streamed);
	sim_check(s, a->n == r->asked);
	sim_check(s, b->n == 1);
	sim_check(s, c->answers[0].end_ms - c->answers[0].asked_ms <= r->within_ms);
	sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-weir-target"), SLICE("b/m2")));
	sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-weir-attempts"), SLICE("2")));
	/* each provider is asked for its own name of the model */
	sim_check(s, sim_http_has(buf_slice(&b->seen[0]->http.body), "\"m2\""));
	sim_run_for(s, 1000);
	sim_check_left(s, a, c->answers[0].end_ms, 0);
	sim_free(&s);
}

static void a_row(void **state)
{
	const struct row *r = *state;

	for (size_t i = 0; i < COUNT_OF(splits); i++) {
		if (r->forms & STREAMED)
			play(r, SIM_STREAMED, splits[i]);
		if (r->forms & AT_ONCE)
			play(r, SIM_AT_ONCE, splits[i]);
	}
}

static void the_first_tier_is_asked_first(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);

	for (int i = 0; i < 5; i++) {
		struct sim_client *c = scene_ask(s, "m", i % 2);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_check(s, a->n == 5 && b->n == 0);
	/* one connection served them all */
	sim_check(s, a->n_conns == 1);
	sim_check(s, slice_eq(a->seen[0]->http.target, SLICE("/v1/chat/completions")));
	sim_free(&s);
}

static void tiers_are_tried_in_order(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_down, NULL);
	struct sim_provider *c = sim_provider(s, "c.test", scene_good, NULL);
	struct sim_client *client = scene_ask(s, "three", SIM_STREAMED);

	sim_run(s);
	sim_check_whole(s, client, SCENE_GOOD);
	sim_check(s, a->n == 1 && b->n == 1 && c->n == 1);
	sim_check(s, a->seen[0]->at_ms <= b->seen[0]->at_ms && b->seen[0]->at_ms <= c->seen[0]->at_ms);
	sim_free(&s);
}

static void interim_answers_are_swallowed(void **state)
{
	static const struct sim_act script[] = {
		SIM_RAW("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
		SIM_GOOD(SCENE_GOOD), SIM_STOP };

	for (int i = 0; i < 6; i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_client *c;

		sim_provider(s, "a.test", script, NULL);
		s->loop->split = splits[i / 2];
		c = scene_ask(s, "one", i % 2);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, c->answers[0].http.n_interim == 0);
		sim_free(&s);
	}
}

/* A provider that answers in the other form is understood: nothing forces a retry. */
static void the_other_form_is_translated(void **state)
{
	static const struct sim_act json[] = { SIM_JSON("Hello world"), SIM_STOP };

	for (int i = 0; i < 6; i++) {
		bool streamed = i % 2;
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_client *c;

		sim_provider(s, "a.test", streamed ? json : scene_slow, NULL);
		sim_provider(s, "b.test", scene_good, NULL);
		s->loop->split = splits[i / 2];
		c = scene_ask(s, "m", streamed);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, sim_is_stream(&c->answers[0]) == streamed);
		sim_free(&s);
	}
}

/* What one failure of the only target tells the client. */
static void the_last_fault_is_told_in_the_clients_shape(void **state)
{
	static const struct {
		enum sim_way way;
		struct sim_act script[3];
		int status;
		const char *code;
	} faults[] = {
		{ SIM_WAY_NO_NAME, SCRIPT(SIM_HANG), 502, "provider_unavailable" },
		{ SIM_WAY_REFUSED, SCRIPT(SIM_HANG), 502, "provider_unavailable" },
		{ SIM_WAY_BLACKHOLE, SCRIPT(SIM_HANG), 504, "provider_timeout" },
		{ SIM_WAY_TLS_BAD, SCRIPT(SIM_HANG), 502, "provider_unavailable" },
		{ SIM_WAY_OK, SCRIPT(SIM_RESET), 502, "provider_unavailable" },
		{ SIM_WAY_OK, SCRIPT(SIM_HANG), 504, "provider_timeout" },
		{ SIM_WAY_OK, SCRIPT(SIM_ERROR(500, "", "server_error", "x")), 502, NULL },
		{ SIM_WAY_OK, SCRIPT(SIM_ERROR(503, "", "server_error", "x")), 503, NULL },
		{ SIM_WAY_OK, SCRIPT(SIM_ERROR(401, "", "auth", "invalid_api_key")), 502, "provider_key_rejected" },
		{ SIM_WAY_OK, SCRIPT(SIM_ERROR(429, "Retry-After: 20\r\n", "requests", "rate_limit_exceeded")), 429,
			"rate_limit_exceeded" },
		{ SIM_WAY_OK, SCRIPT(SIM_ANSWER(200, "Content-Type: text/html\r\n", "<html>")), 502,
			"provider_bad_answer" },
		{ SIM_WAY_OK, SCRIPT(SIM_STREAM_HEAD, SIM_LAST_CHUNK), 502, "provider_bad_answer" },
	};

	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", faults[i].script, NULL);
		struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

		a->host->way = faults[i].way;
		sim_run(s);
		sim_check_error(s, c, faults[i].status, faults[i].code);
		/* the SDK would multiply what weir has tried already (dependencies.md 4) */
		sim_check(s, slice_eq(sim_http_field(&c->answers[0].http, "x-should-retry"), SLICE("false")));
		/* a page of a CDN or a key never reaches the client */
		sim_check(s, !sim_http_has(buf_slice(&c->answers[0].http.body), "<html>"));
		sim_check(s, !sim_http_has(buf_slice(&c->answers[0].http.body), "sim-key"));
		sim_free(&s);
	}
}

/* The request's own fault is the same everywhere: nobody else is asked, and the provider's words reach the client. */
static void a_bad_request_is_not_retried(void **state)
{
	static const struct {
		struct sim_act script[2];
		int status;
	} faults[] = {
		{ SCRIPT(SIM_ERROR(400, "", "invalid_request_error", "invalid_value")), 400 },
		{ SCRIPT(SIM_ERROR(422, "", "invalid_request_error", "unprocessable")), 422 },
	};

	for (size_t i = 0; i < 2 * COUNT_OF(faults); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", faults[i / 2].script, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
		struct sim_client *c = scene_ask(s, "m", i % 2);

		sim_run(s);
		sim_check_error(s, c, faults[i / 2].status, NULL);
		sim_check(s, sim_http_has(buf_slice(&c->answers[0].http.body), "scripted"));
		sim_check(s, a->n == 1 && b->n == 0);
		sim_free(&s);
	}
}

static void fallbacks_in_the_body_are_tried(void **state)
{
	static const char *const members[] = { ",\"models\":[\"one\",\"b/m9\"]", ",\"fallbacks\":[\"b/m9\"]" };

	for (size_t i = 0; i < COUNT_OF(members); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
		struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
		struct sim_client *c = sim_client(s, (struct sim_plan){
			.sends = { sim_chat_more(s, "one", SIM_STREAMED, "hi", members[i]) } });

		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, a->n == 1 && b->n == 1);
		sim_check(s, sim_http_has(buf_slice(&b->seen[0]->http.body), "\"m9\""));
		/* what weir consumed, no provider sees */
		sim_check(s, !sim_http_has(buf_slice(&b->seen[0]->http.body), "fallbacks"));
		sim_check(s, !sim_http_has(buf_slice(&b->seen[0]->http.body), "models"));
		sim_free(&s);
	}
}

static void a_model_is_addressed_directly(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c = scene_ask(s, "b/some-model", SIM_AT_ONCE), *d;

	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, sim_http_has(buf_slice(&b->seen[0]->http.body), "\"some-model\""));
	d = scene_ask(s, "no-such-model", SIM_STREAMED);
	sim_run(s);
	sim_check_error(s, d, 404, "model_not_found");
	sim_check(s, b->n == 1);
	sim_free(&s);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(the_first_tier_is_asked_first),
		cmocka_unit_test(tiers_are_tried_in_order),
		cmocka_unit_test(interim_answers_are_swallowed),
		cmocka_unit_test(the_other_form_is_translated),
		cmocka_unit_test(the_last_fault_is_told_in_the_clients_shape),
		cmocka_unit_test(a_bad_request_is_not_retried),
		cmocka_unit_test(fallbacks_in_the_body_are_tried),
		cmocka_unit_test(a_model_is_addressed_directly),
	};
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(single)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = SCENE_ROW(&rows[i], a_row);
	memcpy(tests + COUNT_OF(rows), single, sizeof(single));
	return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
