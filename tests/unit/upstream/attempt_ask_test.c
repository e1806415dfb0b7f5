/* What one attempt sends: the head, the body in the provider's dialect, what is left out of it; and how it ends when
 * there is nothing to send. */
#include "unit/upstream/attempt_scene.h"

static uint64_t count(enum counter c)
{
	return counter_values[c];
}

/* --- the request ---------------------------------------------------------------------------------------- */

#define FIRST "POST /v1/chat/completions HTTP/1.1\r\nhost: a.test\r\n"
#define SECOND(accept) "content-type: application/json\r\naccept-encoding: identity\r\nuser-agent: weir\r\n" \
	"accept: " accept "\r\nx-request-id: req_1\r\nx-weir-hops: 1\r\n"
#define ASKS_USAGE \
	"{\"model\":\"m1\"," MESSAGES ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}"

static void test_the_request(void **state)
{
	static const struct {
		enum provider_auth auth;
		enum provider_usage usage;
		bool key;
		const char *body, *auth_field, *accept, *want;
	} rows[] = {
		{ PROVIDER_AUTH_BEARER, PROVIDER_USAGE_ASK, true, BODY, "authorization: Bearer sk-1\r\n",
			"text/event-stream", ASKS_USAGE },
		{ PROVIDER_AUTH_API_KEY, PROVIDER_USAGE_ALWAYS, true, BODY, "api-key: sk-1\r\n",
			"text/event-stream",
			"{\"model\":\"m1\"," MESSAGES ",\"stream\":true}" },
		{ PROVIDER_AUTH_X_API_KEY, PROVIDER_USAGE_NEVER, true, BODY, "x-api-key: sk-1\r\n",
			"text/event-stream",
			"{\"model\":\"m1\"," MESSAGES ",\"stream\":true}" },
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_ASK, true, BODY_WHOLE, "", "application/json",
			"{\"model\":\"m1\"," MESSAGES "}" },
		{ PROVIDER_AUTH_BEARER, PROVIDER_USAGE_ASK, false, BODY_WHOLE, "", "application/json",
			"{\"model\":\"m1\"," MESSAGES "}" },
		/* the client's own wish reaches a provider that can grant it, and no other */
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_ALWAYS, false, ASKS_USAGE, "", "text/event-stream",
			ASKS_USAGE },
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_NEVER, false, ASKS_USAGE, "", "text/event-stream",
			"{\"model\":\"m1\"," MESSAGES ",\"stream\":true}" },
	};
	struct roster_header header = { SLICE("x-team"), SLICE("blue\r\nevil: 1") };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		char want[1000];
		scene_open(&s, rows[i].body);
		s.p.provider.url.path = SLICE("/v1");
		s.p.provider.auth = rows[i].auth;
		s.p.provider.usage = rows[i].usage;
		s.p.provider.headers = &header;
		s.p.provider.n_headers = i == 0;
		if (rows[i].key)
			s.key.secret.bytes = SLICE("sk-1");
		struct peer *peer = start_and_hear(&s, 0);
		snprintf(want, sizeof(want), FIRST "%s" SECOND("%s") "%scontent-length: %zu\r\n\r\n%s",
			rows[i].auth_field, rows[i].accept, i == 0 ? "x-team: blue  evil: 1\r\n" : "",
			strlen(rows[i].want), rows[i].want);
		assert_slice(buf_slice(&peer->in), want);
		assert_int_equal(s.at.bytes_out, strlen(want));
		scene_close(&s);
	}
}

/* A dialect that cannot write this request, at once or the second time: told in a later turn like every end. */
static int builds, cannot_build_at;

static enum err build_or_not(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	drops_add_str(ask->drops, "seed");
	if (++builds < cannot_build_at)
		return openai_chat.build(r, ask, out);
	buf_add(out, SLICE("{\"half"));
	return ERR_TOO_BIG;
}

static void scene_build_at(struct scene *s, struct dialect *odd, int at)
{
	*odd = openai_chat;
	odd->build = build_or_not;
	builds = 0;
	cannot_build_at = at;
	s->p.provider.tongues.main = s->request.dialect = odd;
}

static void test_a_request_that_cannot_be_built(void **state)
{
	struct dialect odd;
	struct scene s;

	scene_open(&s, BODY);
	scene_build_at(&s, &odd, 1);
	start(&s);
	assert_int_equal(s.ends, 0);
	expect_end(&s, ERR_TOO_BIG, "");
	run_ms(&s.p, 5);
	assert_int_equal(s.p.n, 0);
	assert_int_equal(count(COUNTER_upstream_connects), 0);
	scene_close(&s);
}

/* It had to wait for its connection, which is as good as before, unless the provider talks meanwhile. */
static void test_a_request_that_cannot_be_built_again(void **state)
{
	for (int talks = 0; talks < 2; talks++) {
		struct dialect odd;
		struct scene s;
		scene_open(&s, BODY);
		scene_build_at(&s, &odd, 2);
		start(&s);
		run_until(&s.p, s.p.n);
		if (talks)
			peer_say(&s.p.v[0], "HTTP/1.1 408 Late\r\n\r\n");
		expect_end(&s, ERR_TOO_BIG, "");
		assert_int_equal(builds, 2);
		assert_slice(s.at.dropped, "seed");
		assert_int_equal(buf_len(&s.p.v[0].in), 0);
		if (talks)
			run_until(&s.p, s.p.v[0].gone);
		else
			assert_int_equal(count(COUNTER_upstream_idle), 1);	/* nothing was sent on it */
		scene_close(&s);
	}
}

/* Once where a connection is there, twice after waiting for one; what was built for one is no part of another. */
static void test_how_often_it_is_built(void **state)
{
	struct dialect odd;
	struct scene s;

	scene_open(&s, BODY);
	scene_build_at(&s, &odd, 99);
	struct peer *peer = start_and_hear(&s, 0);
	assert_int_equal(builds, 2);
	peer_say(peer, STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	peer = start_and_hear(&s, 0);
	assert_int_equal(builds, 3);
	assert_slice(s.at.dropped, "seed");
	assert_int_equal(s.p.n, 1);
	scene_close(&s);
}

/* --- where it goes -------------------------------------------------------------------------------------- */

static void put_odd_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	buf_add(out, SLICE("/models/"));
	buf_add(out, ask->model);
	buf_add(out, SLICE(":go?alt=sse"));
}

static void put_odd_field(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	http1_write_field(out, SLICE("x-beta"), r->door.betas);
}

/* {model} in the base URL, a query of every request, and a dialect that names the model itself. */
static void test_where_it_goes(void **state)
{
	static const struct {
		const char *path, *model, *query, *want;
		bool odd;
	} rows[] = {
		{ "/v1", "m1", "", "/v1/chat/completions", false },
		{ "", "m1", "", "/chat/completions", false },
		{ "/v1", "m1", "api-version=1", "/v1/chat/completions?api-version=1", false },
		{ "/openai/deployments/{model}", "gpt-4.1", "api-version=1&x=y",
			"/openai/deployments/gpt-4.1/chat/completions?api-version=1&x=y", false },
		{ "/d/{model}/v1", "a/b c?#%\r\nx: y", "", "/d/a%2Fb%20c%3F%23%25%0D%0Ax%3A%20y/v1/chat/completions",
			false },
		{ "/{model}", "m1", "", "/m1/chat/completions", false },
		{ "/v1", "m1", "", "/v1/models/m1:go?alt=sse", true },
		{ "/v1", "m1", "key=1", "/v1/models/m1:go?alt=sse&key=1", true },
		{ "/q?/v1", "m1", "key=1", "/q?/v1/models/m1:go?alt=sse&key=1", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct dialect odd = openai_chat;
		struct scene s;
		char want[300];
		scene_open(&s, "{\"model\":\"chat?\"," MESSAGES ",\"stream\":true,\"user\":\"?\"}");
		s.p.provider.url.path = slice_str(rows[i].path);
		s.p.provider.query = slice_str(rows[i].query);
		s.target.model = slice_str(rows[i].model);
		if (rows[i].odd) {
			odd.put_path = put_odd_path;
			s.p.provider.tongues.main = s.request.dialect = &odd;
		}
		snprintf(want, sizeof(want), "POST %s HTTP/1.1\r\nhost: a.test\r\n", rows[i].want);
		struct slice in = buf_slice(&start_and_hear(&s, 0)->in);
		assert_slice(slice_of(in.p, MIN_OF(in.n, strlen(want))), want);
		scene_close(&s);
	}
}

static bool has(const struct peer *peer, const char *text)
{
	return peer->in.n && memmem(peer->in.p, peer->in.n, text, strlen(text)) != NULL;
}

/* Fields of the dialect, constant and of this request; what clients put into them cannot end a line. */
static void test_fields_of_the_dialect(void **state)
{
	struct dialect odd = openai_chat;
	struct scene s;

	scene_open(&s, BODY);
	odd.fields = "x-version: 2023-06-01\r\n";
	odd.put_fields = put_odd_field;
	s.p.provider.tongues.main = s.request.dialect = &odd;
	s.request.door.betas = SLICE("a,b\r\nevil: 1");
	struct peer *peer = start_and_hear(&s, 0);
	assert_true(has(peer, "\r\nx-version: 2023-06-01\r\nx-beta: a,b  evil: 1\r\nx-request-id: req_1\r\n"));
	scene_close(&s);
}

/* What the configuration names is sent once, as configured: two fields of one name would contradict each other. */
static void test_configured_fields_count(void **state)
{
	struct roster_header headers[] = { { SLICE("User-Agent"), SLICE("mine") }, { SLICE("X-Version"), SLICE("2") } };
	struct dialect odd = openai_chat;
	struct scene s;

	scene_open(&s, BODY);
	odd.fields = "x-version: 1\r\nx-other: 1\r\n";
	s.p.provider.tongues.main = s.request.dialect = &odd;
	s.p.provider.headers = headers;
	s.p.provider.n_headers = COUNT_OF(headers);
	struct peer *peer = start_and_hear(&s, 0);
	assert_true(has(peer, "\r\nUser-Agent: mine\r\nX-Version: 2\r\n"));
	assert_true(has(peer, "\r\naccept-encoding: identity\r\n"));
	assert_true(has(peer, "\r\nx-other: 1\r\n"));
	assert_false(has(peer, "user-agent: weir"));
	assert_false(has(peer, "x-version: 1"));
	scene_close(&s);
}

static void test_all_ways_to_carry_a_key(void **state)
{
	static const char *const want[] = {
		[PROVIDER_AUTH_BEARER] = "\r\nauthorization: Bearer sk-1\r\n",
			[PROVIDER_AUTH_API_KEY] = "\r\napi-key: sk-1\r\n",
		[PROVIDER_AUTH_X_API_KEY] = "\r\nx-api-key: sk-1\r\n",
		[PROVIDER_AUTH_X_GOOG_API_KEY] = "\r\nx-goog-api-key: sk-1\r\n",
		[PROVIDER_AUTH_PORTKEY] = "\r\nx-portkey-api-key: sk-1\r\n", [PROVIDER_AUTH_NONE] = NULL,
	};

	for (size_t i = 0; i < COUNT_OF(want); i++) {
		struct scene s;
		scene_open(&s, BODY);
		s.key.secret.bytes = SLICE("sk-1");
		s.p.provider.auth = (enum provider_auth)i;
		struct peer *peer = start_and_hear(&s, 0);
		assert_int_equal(has(peer, "sk-1"), want[i] != NULL);
		assert_true(want[i] == NULL || has(peer, want[i]));
		scene_close(&s);
	}
}

/* --- another dialect ------------------------------------------------------------------------------------ */

static enum err read_little(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	assert_non_null(r->doc);
	return ERR_OK;
}

static enum err write_little(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	drops_add_str(ask->drops, "seed");
	drops_add_str(ask->drops, "x\r\ny");
	buf_addf(out, "{\"other\":\"%.*s\",\"stream\":%s}", SLICE_ARG(ask->model), ask->stream ? "true" : "false");
	return ERR_OK;
}

static enum err write_refused(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	buf_add(out, SLICE("{\"half"));
	*ask->fault = fault_make(ask->arena, ERR_UNSUPPORTED, "`n` cannot be 2");
	ask->fault->param = arena_copy(ask->arena, SLICE("n"));
	return ERR_UNSUPPORTED;
}

/* A front and a back of different dialects; `write` is the back's. */
struct pair {
	struct dialect front, back;
};

static void scene_translate(struct scene *s, struct pair *d, enum err (*write)(const struct prompt *,
	const struct dialect_ask *, struct buf *))
{
	*d = (struct pair){ openai_chat, openai_chat };
	d->front.read = read_little;
	d->back.name = "other";
	d->back.path = "/other";
	d->back.write = write;
	s->request.dialect = &d->front;
	s->request.doc = NULL;		/* as request_keep() leaves it */
	s->p.provider.tongues.main = &d->back;
}

/* The other dialect's path and body; what it could not take is kept for the client until the flight ends. */
static void test_translated(void **state)
{
	struct pair d;
	struct scene s;

	scene_open(&s, BODY);
	scene_translate(&s, &d, write_little);
	struct peer *peer = start_and_hear(&s, 0);
	assert_true(has(peer, "POST /other HTTP/1.1\r\n"));
	assert_true(has(peer, "\r\n\r\n{\"other\":\"m1\",\"stream\":true}"));
	assert_ptr_equal(s.at.dialect, &d.back);
	assert_slice(s.at.dropped, "seed, x??y");
	peer_say(peer, STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	assert_slice(s.at.dropped, "seed, x??y");
	assert_int_equal(s.env.build.used == 0 || s.env.build.used <= 1 << 20, true);
	/* the next one of these, in the provider's own dialect, drops nothing */
	s.p.provider.tongues = (struct translate_tongues){ .main = &d.back, .also = { &d.front }, .n_also = 1 };
	peer = start_and_hear(&s, 0);
	assert_true(has(peer, "POST /chat/completions HTTP/1.1\r\n"));
	assert_ptr_equal(s.at.dialect, &d.front);
	assert_int_equal(s.at.dropped.n, 0);
	scene_close(&s);
}

/* What the front could not take over is named like what the target cannot be told. */
static void test_lost_betas_are_named(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.request.door.betas_lost = true;
	struct peer *peer = start_and_hear(&s, 0);
	assert_slice(s.at.dropped, "anthropic-beta");
	peer_say(peer, STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	s.strict = true;
	start(&s);
	expect_end(&s, ERR_UNSUPPORTED, "");
	assert_slice(s.at.answer.fault.message, "a cannot express: anthropic-beta");
	scene_close(&s);
}

static void expect_unsupported(struct scene *s, const char *message)
{
	expect_end(s, ERR_UNSUPPORTED, "");
	arena_take(&s->env.build, 1000);	/* the next translation uses the scratch again */
	assert_slice(s->at.answer.fault.message, message);
	assert_int_equal(s->at.bytes_out, 0);
}

/* Refused before a connection is asked for: where there is none, none is opened, and one that is there stays. */
static void test_what_cannot_be_said(void **state)
{
	static const struct {
		enum err (*write)(const struct prompt *, const struct dialect_ask *, struct buf *);
		bool strict;
		const char *message, *param;
	} rows[] = {
		{ write_refused, false, "`n` cannot be 2", "n" },
		{ write_refused, true, "`n` cannot be 2", "n" },
		{ write_little, true, "a cannot express: seed, x??y", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pair d;
		struct scene s;
		scene_open(&s, BODY);
		scene_translate(&s, &d, rows[i].write);
		s.strict = rows[i].strict;
		start(&s);
		expect_unsupported(&s, rows[i].message);
		assert_slice(s.at.answer.fault.param, rows[i].param);
		run_ms(&s.p, 5);
		assert_int_equal(s.p.n, 0);
		assert_int_equal(count(COUNTER_upstream_connects), 0);
		d.back.write = write_little;
		s.strict = false;
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, STREAM);
		expect_end(&s, ERR_OK, "start text finish end");
		d.back.write = rows[i].write;
		s.strict = rows[i].strict;
		buf_clear(&peer->in);
		start(&s);
		expect_unsupported(&s, rows[i].message);
		assert_int_equal(buf_len(&peer->in), 0);
		assert_int_equal(count(COUNTER_upstream_idle), 1);
		assert_int_equal(s.p.n, 1);
		scene_close(&s);
	}
}

/* Nobody answers there: what the target cannot express is told all the same. */
static void test_a_dead_host_hides_no_refusal(void **state)
{
	struct pair d;
	struct scene s;

	scene_open(&s, BODY);
	s.p.provider.url.port = 1;	/* nobody listens */
	peers_pool(&s.p);
	scene_translate(&s, &d, write_refused);
	start(&s);
	expect_unsupported(&s, "`n` cannot be 2");
	scene_close(&s);
}

/* A provider without anything of the kind is not even called; and whoever gives up first, it ends once. */
static void test_no_such_endpoint(void **state)
{
	struct dialect counts = openai_chat;
	struct scene s;

	counts.op = REQUEST_COUNT;
	counts.family = DIALECT_ANTHROPIC;
	scene_open(&s, BODY_WHOLE);
	s.request.dialect = &counts;
	s.request.op = REQUEST_COUNT;
	start(&s);
	assert_null(s.at.dialect);
	attempt_pause(&s.at, true);
	expect_unsupported(&s, "a cannot do this: it has no such endpoint");
	assert_int_equal(s.at.sent_ns, 0);
	run_ms(&s.p, 5);
	assert_int_equal(s.p.n, 0);
	assert_int_equal(count(COUNTER_upstream_connects), 0);
	start(&s);			/* without attempt_close before */
	attempt_close(&s.at);		/* the client left in the same turn */
	run_ms(&s.p, 5);
	assert_int_equal(s.ends, 0);
	assert_int_equal(s.at.state, ATTEMPT_IDLE);
	scene_close(&s);
}

/* --- bytes of any kind ---------------------------------------------------------------------------------- */

#define FORM_TYPE "multipart/form-data; boundary=XyZ"
#define FORM(model) "--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\x01\xff\r\n" \
	"--XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" model "\r\n--XyZ--\r\n"

static void ask_raw(struct scene *s, const char *path, const char *type, const char *body)
{
	struct fault f = { 0 };

	s->request = (struct request){ .choices = 1,
		.door = { .path = slice_str(path), .content_type = slice_str(type) } };
	assert_int_equal(openai_raw.parse(&s->parse, slice_str(body), &s->request, &f), ERR_OK);
	s->p.provider.url.path = SLICE("/v1");
}

static void test_raw_requests(void **state)
{
	static const struct {
		const char *path, *type, *body, *first, *second, *want;
	} rows[] = {
		{ "/images/generations", NULL, "{ \"prompt\":\"x\", \"model\" : \"chat\", \"n\":2e0 }",
			"POST /v1/images/generations HTTP/1.1\r\n", "\r\ncontent-type: application/json\r\n",
			"{ \"prompt\":\"x\", \"model\" : \"m1\", \"n\":2e0 }" },
		{ "/audio/transcriptions", FORM_TYPE, FORM("chat"), "POST /v1/audio/transcriptions HTTP/1.1\r\n",
			"\r\ncontent-type: " FORM_TYPE "\r\n", FORM("m1") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		char end[300];
		scene_open(&s, BODY);
		ask_raw(&s, rows[i].path, rows[i].type, rows[i].body);
		snprintf(end, sizeof(end), "content-length: %zu\r\n\r\n%s", strlen(rows[i].want), rows[i].want);
		start(&s);
		assert_ptr_equal(s.at.dialect, &openai_raw);	/* the provider's main one is openai_chat */
		run_until(&s.p, s.p.n && has(&s.p.v[0], end));
		assert_true(has(&s.p.v[0], rows[i].first));
		assert_true(has(&s.p.v[0], rows[i].second));
		assert_true(has(&s.p.v[0], "\r\naccept: */*\r\n"));
		scene_close(&s);
	}
}

/* Every piece goes up as it comes, and pushes the idle clock. */
static void test_raw_answers(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	ask_raw(&s, "/audio/speech", "", "{\"model\":\"chat\"}");
	s.clocks.idle_ms = 60;
	s.clocks.first_token_ms = 1;	/* not for these */
	struct peer *peer = start_and_hear(&s, 0);
	run_ms(&s.p, 20);
	peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 20\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		peer_say(peer, "ab");
		run_ms(&s.p, 12);
	}
	run_until(&s.p, s.ends);
	assert_int_equal(s.at.answer.fault.err, ERR_OK);
	assert_true(s.events >= 5);
	assert_slice(slice_of(buf_slice(&s.story).p, 11), "other other");
	assert_slice(s.at.answer.type, "audio/mpeg");
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	/* silence in the middle */
	peer = start_and_hear(&s, 0);
	peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nab");
	expect_end(&s, ERR_UP_IDLE_TIMEOUT, "other");
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_request),
		cmocka_unit_test(test_a_request_that_cannot_be_built),
		cmocka_unit_test(test_a_request_that_cannot_be_built_again),
		cmocka_unit_test(test_how_often_it_is_built),
		cmocka_unit_test(test_where_it_goes),
		cmocka_unit_test(test_fields_of_the_dialect),
		cmocka_unit_test(test_configured_fields_count),
		cmocka_unit_test(test_all_ways_to_carry_a_key),
		cmocka_unit_test(test_translated),
		cmocka_unit_test(test_lost_betas_are_named),
		cmocka_unit_test(test_what_cannot_be_said),
		cmocka_unit_test(test_a_dead_host_hides_no_refusal),
		cmocka_unit_test(test_no_such_endpoint),
		cmocka_unit_test(test_raw_requests),
		cmocka_unit_test(test_raw_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
