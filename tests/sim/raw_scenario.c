/* Pictures, sounds, moderations and the like: of the request only the model is read and replaced, of the answer nothing
 * but its counts; and yet failing over, leaving, slow readers and cut answers are as honest as elsewhere. */
#include "base/counter.h"
#include "scene.h"

#define CONFIG SCENE_LISTEN "ping: 1s\nproviders:\n" SCENE_PROVIDER("a", "") SCENE_PROVIDER("b", "") \
	"  other: {dialect: anthropic, url: \"https://c.test/v1\", key: \"${SIM_KEY}\"}\n" \
	"models:\n" \
	"  m:\n    tiers:\n      - targets: [a/m1]\n      - targets: [b/m2]\n    retries: 0\n" SCENE_CLOCKS \
	"  one:\n    tiers: [{targets: [a/m1]}]\n    retries: 0\n" SCENE_CLOCKS \
	"  none:\n    tiers: [{targets: [other/m]}]\n    retries: 0\n" SCENE_CLOCKS \
	"  late:\n    tiers:\n      - targets: [other/m]\n      - targets: [a/m1]\n    retries: 0\n" SCENE_CLOCKS \
	"retry: {share: 0, per_second: 0.0001}\n"
#define SPEECH "/v1/audio/speech"
#define ASK(model) "{ \"input\": \"hi\", \"model\": \"" model "\", \"speed\": 1e0 }"
#define SOUND_HEAD SIM_RAW("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n")
#define SOUND_TEXT "\xffID3-lo-world"

static const struct sim_act sound[] = { SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_WAIT(50), SIM_CHUNK("-lo"), SIM_WAIT(50),
	SIM_CHUNK("-world"), SIM_LAST_CHUNK, SIM_STOP };

static struct sim_client *speak(struct sim *s, const char *model)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_post(s, SPEECH, "", sim_printf(s, ASK("%s"),
		model)) } });
}

static bool body_is(const struct sim_answer *a, const char *text)
{
	return slice_eq(buf_slice(&a->http.body), slice_str(text));
}

static bool field_is(const struct sim_answer *a, const char *name, const char *value)
{
	return slice_eq(sim_http_field(&a->http, name), slice_str(value));
}

#define check_sound(s, c) \
	do { \
		sim_check(s, (c)->answers[0].end == SIM_CLEAN && (c)->answers[0].http.status == 200); \
		sim_check(s, body_is(&(c)->answers[0], SOUND_TEXT)); \
		sim_check(s, field_is(&(c)->answers[0], "content-type", "audio/mpeg")); \
	} while (0)

/* --- what passes ---------------------------------------------------------------------------------------- */

static void a_request_passes_but_for_its_model(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", sound, NULL);
	struct sim_client *c = speak(s, "one");

	sim_run(s);
	check_sound(s, c);
	sim_check(s, slice_eq(buf_slice(&a->seen[0]->http.body), slice_str(ASK("m1"))));
	sim_check(s, slice_eq(a->seen[0]->http.target, SLICE(SPEECH)));
	sim_check(s, slice_eq(sim_http_field(&a->seen[0]->http, "content-type"), SLICE("application/json")));
	sim_check(s, field_is(&c->answers[0], "x-weir-target", "a/m1"));
	sim_check(s, field_is(&c->answers[0], "x-weir-attempts", "1"));
	sim_check(s, sim_http_field(&c->answers[0].http, "content-length").p == NULL);
	sim_free(&s);
}

/* Each piece as it comes, in whatever pieces the network cuts it. */
static void a_sound_begins_before_it_ends(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", sound, NULL);
	c = speak(s, "one");
	sim_run_for(s, 40);
	sim_check(s, body_is(&c->answers[0], "\xffID3"));
	sim_run_for(s, 50);
	sim_check(s, body_is(&c->answers[0], "\xffID3-lo"));
	sim_run(s);
	check_sound(s, c);
	sim_free(&s);
	s = sim_new(SIM_SEED, CONFIG);
	s->loop->split = SIM_BYTES;
	sim_provider(s, "a.test", sound, NULL);
	c = speak(s, "one");
	sim_run(s);
	check_sound(s, c);
	sim_free(&s);
}

#define PART(name, value) "--XyZ\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define RECORDING "--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n\xff\x01\r\n-" \
	"-Xy\r\n"
#define FORM(model) RECORDING PART("model", model) "--XyZ--\r\n"

static const char *form_post(struct sim *s, const char *path, const char *body)
{
	return sim_printf(s,
		"POST %s HTTP/1.1\r\nHost: weir.test\r\nContent-Type: multipart/form-data; boundary=XyZ\r\n"
		"Content-Length: %zu\r\n\r\n%s", path, strlen(body), body);
}

static void a_form_passes_but_for_its_model(void **state)
{
	static const struct sim_act text[] = { SIM_ANSWER(200, "", "{\"text\":\"hi\",\"usage\":{\"input_tokens\":14,"
		"\"output_tokens\":45,\"total_tokens\":59}}"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", text, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){
		.sends = { form_post(s, "/v1/audio/transcriptions", FORM("one")) }, .send_piece = 7,
			.send_gap_ms = 1 });

	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_CLEAN && body_is(&c->answers[0], text[0].text));
	sim_check(s, slice_eq(buf_slice(&a->seen[0]->http.body), slice_str(FORM("m1"))));
	sim_check(s, slice_eq(sim_http_field(&a->seen[0]->http, "content-type"),
		SLICE("multipart/form-data; boundary=XyZ")));
	/* the counts are in the record all the same */
	sim_run_for(s, 100);
	sim_check(s, sim_log_has(s, "\"prompt_tokens\":14") && sim_log_has(s, "\"completion_tokens\":45"));
	sim_free(&s);
}

/* Refused before anybody is asked, in the client's form. */
static void what_is_refused(void **state)
{
	static const struct {
		const char *path, *form, *json, *code;
		int status;
	} rows[] = {
		{ "/v1/audio/transcriptions", FORM("one") "x", NULL, NULL, 200 },
		{ "/v1/audio/transcriptions", RECORDING PART("model", "one") PART("model", "dear") "--XyZ--", NULL,
			"invalid_value", 400 },
		{ "/v1/audio/transcriptions", RECORDING "--XyZ--", NULL, "invalid_value", 400 },
		{ "/v1/audio/transcriptions", "{}", NULL, "invalid_value", 400 },
		{ "/v1/images/../files", NULL, ASK("one"), "not_found", 404 },
		{ "/v1/images/%2e%2e/files", NULL, ASK("one"), "not_found", 404 },
		{ "/v1/images/generations", NULL, "{\"model\":\"nobody\"}", "model_not_found", 404 },
		{ "/v1/images/generations", NULL, "{", "invalid_json", 400 },
		{ "/v1/files", FORM("one"), NULL, "not_found", 404 },
		{ "/v1/embeddings", FORM("one"), NULL, "unsupported_media_type", 415 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", sound, NULL);
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { rows[i].form
			? form_post(s, rows[i].path, rows[i].form) : sim_post(s, rows[i].path, "", rows[i].json) } });

		sim_run(s);
		if (rows[i].code)
			sim_check_error(s, c, rows[i].status, rows[i].code);
		sim_check(s, a->n == (rows[i].code == NULL));
		sim_free(&s);
	}
}

/* An answer without a body is whole too; one behind the other on the same connections. */
static void answers_of_all_sizes_share_a_connection(void **state)
{
	static const struct sim_act nothing[] = { SIM_ANSWER(200, "Content-Type: text/plain\r\n", ""), SIM_STOP };
	static const struct sim_act silent[] = { SIM_RAW("HTTP/1.1 204 No Content\r\n\r\n"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", nothing, silent, scene_good, sound, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .pipelined = true, .sends = {
		sim_post(s, SPEECH, "", ASK("one")), sim_post(s, SPEECH, "", ASK("one")), sim_chat(s, "one", true,
			"hi"),
		form_post(s, "/v1/audio/translations", FORM("one")), sim_get(s, "/v1/models") } });

	sim_run(s);
	for (size_t i = 0; i < 5; i++)
		sim_check(s, c->answers[i].end == SIM_CLEAN && c->answers[i].http.status == (i == 1 ? 204 : 200));
	sim_check(s, body_is(&c->answers[0], "") && field_is(&c->answers[0], "content-type", "text/plain"));
	sim_check(s, body_is(&c->answers[1], "") && sim_http_field(&c->answers[1].http, "content-type").p == NULL);
	sim_check(s, strcmp(sim_text(s, &c->answers[2]), SCENE_GOOD) == 0);
	sim_check(s, body_is(&c->answers[3], SOUND_TEXT));
	sim_check(s, a->n == 4 && a->n_conns == 1 && !c->extra);
	sim_free(&s);
}

/* --- what fails ----------------------------------------------------------------------------------------- */

/* Until the first byte every failure is invisible. */
static void the_next_target_takes_over(void **state)
{
	static const struct sim_act bad[][3] = {
		{ SIM_ERROR(500, "", "server_error", "internal"), SIM_STOP },
		{ SIM_ERROR(429, "Retry-After: 3\r\n", "rate_limit", "x"), SIM_STOP },
		{ SIM_RESET },
		{ SOUND_HEAD, SIM_RESET },
		{ SIM_RAW("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"), SIM_STOP },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sim *s = sim_new(SIM_SEED, "retry: {share: 1}\n" SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", bad[i], NULL), *b = sim_provider(s, "b.test",
			sound, NULL);
		struct sim_client *c = speak(s, "m");

		/* the head's release needs a byte: SOUND_HEAD alone is not one */
		sim_run(s);
		check_sound(s, c);
		sim_check(s, a->n == 1 && b->n == 1);
		sim_check(s, field_is(&c->answers[0], "x-weir-target", "b/m2"));
		sim_free(&s);
	}
}

static void an_error_is_told_in_openais_form(void **state)
{
	static const struct sim_act refused[] = { SIM_ERROR(400, "", "image_generation_user_error",
		"moderation_blocked"),
		SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", refused, NULL);
	c = speak(s, "one");
	sim_run(s);
	sim_check_error(s, c, 400, NULL);
	sim_check(s, sim_http_has(buf_slice(&c->answers[0].http.body), "scripted"));
	sim_check(s, !field_is(&c->answers[0], "content-length", "") && !c->extra);
	sim_free(&s);
}

/* A target that has no such thing is passed over, without a connection and without a retry's permission. */
static void a_target_that_cannot_is_not_asked(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", sound, NULL), *o = sim_provider(s, "c.test", sound, NULL);
	struct sim_client *c[5];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = speak(s, "late");
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		check_sound(s, c[i]);
	sim_check(s, a->n == COUNT_OF(c) && o->n_conns == 0);
	struct sim_client *none = speak(s, "none");
	sim_run(s);
	sim_check_error(s, none, 400, "unsupported_value");
	sim_check(s, sim_http_has(buf_slice(&none->answers[0].http.body), "other cannot do this"));
	sim_check(s, o->n_conns == 0);
	sim_free(&s);
}

/* After the first byte nothing can be hidden: the body ends so that every client notices. */
static void a_cut_sound_is_visibly_cut(void **state)
{
	static const struct sim_act bad[][4] = {
		{ SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_WAIT(10), SIM_RESET },
		{ SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_WAIT(10), SIM_SHUT },
		{ SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_HANG },
		{ SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_RAW("zz\r\n"), SIM_HANG },
	};

	for (size_t i = 0; i < COUNT_OF(bad) * 2; i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", bad[i / 2], NULL), *b = sim_provider(s,
			"b.test", sound, NULL);
		bool old = i % 2;	/* HTTP/1.0 knows no chunks: only a reset tells */
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_printf(s,
			"POST " SPEECH " HTTP/1.%d\r\n"
			"Host: w\r\nContent-Length: %zu\r\n\r\n" ASK("m"), !old, strlen(ASK("m"))) } });

		sim_run(s);
		sim_check(s, c->answers[0].end == (old ? SIM_RST : SIM_BROKEN));
		/* a reset can overtake what was said in the same moment */
		sim_check(s, b->n == 0 && (body_is(&c->answers[0], "\xffID3") || (old && i / 2 == 3)));
		sim_check(s, (sim_http_field(&c->answers[0].http, "transfer-encoding").p == NULL) == old);
		sim_run_for(s, 1000);
		sim_check_left(s, a, c->answers[0].end_ms, 1000);
		sim_free(&s);
	}
}

#define EVENTS_HEAD SIM_RAW("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n")
#define PICTURE "event: image_generation.partial_image\ndata: {\"b64_json\":\"AA\"}\n\n"

/* A picture or a sound that comes as events: between two of them there is room for an error event. */
static void a_cut_stream_of_events_says_why(void **state)
{
	static const struct sim_act bad[][5] = {
		{ EVENTS_HEAD, SIM_CHUNK(PICTURE), SIM_WAIT(10), SIM_RESET },
		{ EVENTS_HEAD, SIM_CHUNK(PICTURE), SIM_CHUNK("data: {\"b64"), SIM_WAIT(10), SIM_SHUT },
		{ EVENTS_HEAD, SIM_CHUNK(PICTURE "data: {}"), SIM_HANG },
		{ EVENTS_HEAD, SIM_CHUNK(PICTURE), SIM_RAW("zz\r\n"), SIM_HANG },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_client *c;

		sim_provider(s, "a.test", bad[i], NULL);
		c = speak(s, "one");
		sim_run(s);
		struct slice body = buf_slice(&c->answers[0].http.body);
		sim_check(s, c->answers[0].end == SIM_BROKEN && c->answers[0].http.status == 200);
		sim_check(s, slice_starts(body, SLICE(PICTURE "event: error\ndata: {\"type\":\"error\",\"error\":{")));
		sim_check(s, sim_error_code(s, &c->answers[0]) != NULL && c->answers[0].n_events == 2);
		sim_free(&s);
	}
}

static void a_stream_of_events_passes(void **state)
{
	static const struct sim_act good[] = { EVENTS_HEAD, SIM_CHUNK(": hi\n\n" PICTURE "dat"), SIM_WAIT(50),
		SIM_CHUNK("a: {}\n\n: bye\n"), SIM_LAST_CHUNK, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", good, NULL);
	c = speak(s, "one");
	sim_run_for(s, 40);
	sim_check(s, body_is(&c->answers[0], ": hi\n\n" PICTURE));
	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_CLEAN);
	sim_check(s, body_is(&c->answers[0], ": hi\n\n" PICTURE "data: {}\n\n: bye\n"));
	sim_check(s, field_is(&c->answers[0], "content-type", "text/event-stream; charset=utf-8"));
	sim_free(&s);
}

/* Any 2xx is the provider's word: 201 for what it has made, 202 for what it will make. */
static void a_good_status_passes(void **state)
{
	static const struct sim_act made[] = { SIM_ANSWER(201, "", "{}"), SIM_STOP },
		queued[] = { SIM_ANSWER(202, "", ""), SIM_STOP }, own[] = { SIM_ANSWER(299, "", "{}"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", made, queued, own, NULL);
	c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, SPEECH, "", ASK("one")),
		sim_post(s, SPEECH, "", ASK("one")), sim_post(s, SPEECH, "", ASK("one")) } });
	sim_run(s);
	sim_check(s, c->answers[0].http.status == 201 && body_is(&c->answers[0], "{}"));
	sim_check(s, c->answers[1].http.status == 202 && body_is(&c->answers[1], ""));
	sim_check(s, c->answers[2].http.status == 299 && c->answers[2].end == SIM_CLEAN);
	sim_run_for(s, 100);
	sim_check(s, sim_log_has(s, "\"status\":201"));
	sim_free(&s);
}

static void an_old_client_gets_all_of_it(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", sound, NULL);
	c = sim_client(s, (struct sim_plan){ .sends = { sim_printf(s, "POST " SPEECH " HTTP/1.0\r\nHost: w\r\n"
		"Connection: keep-alive\r\nContent-Length: %zu\r\n\r\n" ASK("m"), strlen(ASK("m"))) } });
	sim_run(s);
	check_sound(s, c);
	sim_check(s, field_is(&c->answers[0], "connection", "close"));
	sim_free(&s);
}

/* Silence is no stream of events: nothing is said into it. */
static void no_ping_goes_into_a_sound(void **state)
{
	static const struct sim_act late[] = { SIM_WAIT(2500), SOUND_HEAD, SIM_CHUNK("\xffID3"), SIM_WAIT(2500),
		SIM_CHUNK("-lo-world"), SIM_LAST_CHUNK, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", late, NULL);
	c = speak(s, "one");
	sim_run(s);
	check_sound(s, c);
	sim_check(s, counter_values[COUNTER_pings] == 0);
	sim_free(&s);
}

static void a_sound_past_the_limit(void **state)
{
	static const struct sim_act endless[] = { SOUND_HEAD,
		{ .kind = SIM_ACT_CHUNK, .text = "0123456789abcdef0123456789abcdef", .times = 10000 },
			SIM_LAST_CHUNK, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, "answers: {body: 64KiB}\n" CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", endless, NULL);
	struct sim_client *c = speak(s, "m");

	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_BROKEN);
	sim_check(s, buf_len(&c->answers[0].http.body) <= 64 * 1024);
	sim_check_left(s, a, c->done_ms, 100);
	sim_free(&s);
}

/* --- the client ----------------------------------------------------------------------------------------- */

#define MANY 20000u	/* pieces of 32 bytes */

/* Its provider waits; nothing piles up, nothing is lost. */
static void a_slow_client_pauses_its_provider(void **state)
{
	static const struct sim_act flood[] = { SOUND_HEAD,
		{ .kind = SIM_ACT_CHUNK, .text = "0123456789abcdef0123456789abcdef", .times = MANY },
			SIM_LAST_CHUNK, SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, "answers: {lag: 16KiB}\n" CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", flood, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, SPEECH, "", ASK("one")) },
		.read_piece = 4096, .read_gap_ms = 20, .buffer = 16384 });

	a->host->cap = 16384;
	sim_run_for(s, 1500);
	sim_check(s, counter_values[COUNTER_pauses] > 0);
	sim_check(s, a->seen[0]->sent < c->received + 700 * 1024 && a->seen[0]->sent < MANY * 32);
	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_CLEAN && buf_len(&c->answers[0].http.body) == MANY * 32);
	for (size_t i = 0; i < MANY * 32; i++)
		if (c->answers[0].http.body.p[i] != "0123456789abcdef"[i % 16])
			sim_fail(s, __FILE__, __LINE__, "byte %zu is another one", i);
	sim_free(&s);
}

static struct sim *set_sound(uint64_t seed)
{
	struct sim *s = sim_new(seed, CONFIG);

	sim_provider(s, "a.test", sound, NULL);
	sim_provider(s, "b.test", sound, NULL);
	sim_client(s, (struct sim_plan){ .sends = { form_post(s, "/v1/audio/translations", FORM("m")) },
		.send_piece = 90,
		.send_gap_ms = 1 });
	return s;
}

/* Whole, refused, or visibly cut; never more than the sound. */
static void check_sound_honest(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);
	const struct sim_answer *a = &c->answers[0];
	struct slice body = buf_slice(&a->http.body);

	if (a->end == SIM_CLEAN && a->http.status == 200)
		sim_check(s, body_is(a, SOUND_TEXT));
	else if (a->end == SIM_CLEAN)
		sim_check(s, a->http.status >= 400);
	else if (body.n && a->http.status == 200)
		sim_check(s, slice_starts(SLICE(SOUND_TEXT), body));
	sim_run_for(s, 1000);
	LIST_EACH(node, tmp, &s->providers)
		sim_check_left(s, LIST_ITEM(node, struct sim_provider, node), c->left ? c->left_ms : c->done_ms, 1000);
}

static void anybody_may_go_at_every_step(void **state)
{
	static void (*const strikes[])(struct sim *) = { sim_strike_client_leaves, sim_strike_client_resets,
		sim_strike_provider_resets, sim_strike_provider_closes, sim_strike_drain };

	for (size_t i = 0; i < COUNT_OF(strikes); i++) {
		size_t n = sim_sweep(&(struct sim_sweep){ .set = set_sound, .strike = strikes[i],
			.check = check_sound_honest,
			.seed = SIM_SEED });
		assert_true(n > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_passes_but_for_its_model),
		cmocka_unit_test(a_sound_begins_before_it_ends),
		cmocka_unit_test(a_form_passes_but_for_its_model),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(answers_of_all_sizes_share_a_connection),
		cmocka_unit_test(the_next_target_takes_over),
		cmocka_unit_test(an_error_is_told_in_openais_form),
		cmocka_unit_test(a_target_that_cannot_is_not_asked),
		cmocka_unit_test(a_cut_sound_is_visibly_cut),
		cmocka_unit_test(a_cut_stream_of_events_says_why),
		cmocka_unit_test(a_stream_of_events_passes),
		cmocka_unit_test(a_good_status_passes),
		cmocka_unit_test(an_old_client_gets_all_of_it),
		cmocka_unit_test(no_ping_goes_into_a_sound),
		cmocka_unit_test(a_sound_past_the_limit),
		cmocka_unit_test(a_slow_client_pauses_its_provider),
		cmocka_unit_test(anybody_may_go_at_every_step),
	};
	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
