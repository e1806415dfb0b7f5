/* One call to one provider on loopback: what is sent, the clocks, replay, pausing, and that every way ends once. */
#include "unit/upstream/peers.h"

#include "unit/loop/raw.h"
#include "upstream/attempt.h"

#define BODY "{\"model\":\"chat\",\"messages\":[],\"stream\":true}"
#define BODY_WHOLE "{\"model\":\"chat\",\"messages\":[]}"
#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
/* a chunk of one event */
#define ROLE "39\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"x\"}}]}  \n\n\r\n"
#define HI "3c\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}  \n\n\r\n"
#define STOP "43\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}  \n\n\r\n"
#define DONE "e\r\ndata: [DONE]\n\n\r\n"
#define LAST "0\r\n\r\n"
#define COMMENT "5\r\n: .\n\n\r\n"
#define STREAM STREAM_HEAD ROLE HI STOP DONE LAST
#define WHOLE_BODY "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}"
#define WHOLE "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 79\r\n\r\n" WHOLE_BODY

struct scene {
	struct peers p;
	struct attempt_env env;
	struct target target;
	struct clocks clocks;
	struct request request;
	struct roster_key key;
	struct arena parse, arena;
	struct attempt at;
	struct buf story;
	int ends;
	bool inside;		/* attempt_open has not returned */
	uint32_t refuse_at;	/* this event is refused */
	uint32_t events;
};

static enum err on_event(void *arg, const struct event *ev)
{
	struct scene *s = arg;
	assert_false(s->inside);
	buf_addf(&s->story, "%s%s", buf_len(&s->story) ? " " : "", event_kind_name(ev->kind));
	return ++s->events == s->refuse_at ? ERR_UP_TOO_BIG : ERR_OK;
}

static void on_end(void *arg)
{
	struct scene *s = arg;
	assert_false(s->inside);
	assert_int_equal(s->at.lease.state, LEASE_NONE);	/* the connection is given back already */
	assert_int_equal(s->at.state, ATTEMPT_ENDED);
	s->ends++;
}

static const struct attempt_events events = { on_event, on_end };

static void ask_for(struct scene *s, const char *body)
{
	struct fault f = { 0 };

	s->request = (struct request){ .choices = 1 };
	assert_int_equal(openai_chat.parse(&s->parse, slice_str(body), &s->request, &f), ERR_OK);
}

static void scene_open(struct scene *s, const char *body)
{
	const struct answer_limits limits = { .head_bytes = 8192, .event_bytes = 65536, .body_bytes = 1 << 20 };

	*s = (struct scene){ .ends = 0 };
	peers_open(&s->p);
	attempt_env_init(&s->env, s->p.rig.loop, &limits);
	s->p.provider.dialect = &openai_chat;
	s->p.provider.authority = SLICE("a.test");
	s->target = (struct target){ .name = SLICE("a/m1"), .provider = &s->p.provider, .model = SLICE("m1") };
	s->clocks = (struct clocks){ 2000, 5000, 5000, 5000, 0 };
	arena_init(&s->parse, 0);
	arena_init(&s->arena, 0);
	buf_init(&s->story, 1 << 16);
	ask_for(s, body);
	peers_pool(&s->p);
}

static void scene_close(struct scene *s)
{
	attempt_close(&s->at);
	assert_int_equal(s->at.state, ATTEMPT_IDLE);
	attempt_env_done(&s->env);
	arena_done(&s->arena);
	arena_done(&s->parse);
	buf_done(&s->story);
	peers_close(&s->p);
	assert_int_equal(counter_values[COUNTER_buffered_bytes], 0);
}

static void start(struct scene *s)
{
	const struct attempt_ask ask = { .target = &s->target, .key = s->key.secret.bytes.n ? &s->key : NULL,
		.clocks = &s->clocks, .request = &s->request, .request_id = SLICE("req_1"), .hops = 1 };

	s->ends = 0;
	s->events = 0;
	buf_clear(&s->story);
	s->inside = true;
	attempt_open(&s->at, &s->env, &ask, &s->arena, &events, s);
	s->inside = false;
}

/* The request has come whole on connection `i`. */
static bool asked(const struct scene *s, size_t i)
{
	if (i >= s->p.n)
		return false;
	struct slice in = buf_slice(&s->p.v[i].in);
	return in.n && in.p[in.n - 1] == '}';
}

static struct peer *start_and_hear(struct scene *s, size_t i)
{
	if (i < s->p.n)
		buf_clear(&s->p.v[i].in);
	start(s);
	run_until(&s->p, asked(s, i));
	return &s->p.v[i];
}

static void expect_end(struct scene *s, enum err want, const char *story)
{
	run_until(&s->p, s->ends);
	run_ms(&s->p, 2);
	assert_int_equal(s->ends, 1);
	if (s->at.answer.fault.err != want)
		fail_msg("%s, want %s", err_name(s->at.answer.fault.err), err_name(want));
	assert_slice(buf_slice(&s->story), story);
	assert_true(s->at.end_ns >= s->at.open_ns);
}

static uint64_t count(enum counter c)
{
	return counter_values[c];
}

/* --- the request ------------------------------------------------------------------------------------------------------- */

#define FIRST "POST /v1/chat/completions HTTP/1.1\r\nhost: a.test\r\n"
#define SECOND(accept) "content-type: application/json\r\naccept-encoding: identity\r\nuser-agent: weir\r\naccept: " accept \
	"\r\nx-request-id: req_1\r\nx-weir-hops: 1\r\n"
#define ASKS_USAGE "{\"model\":\"m1\",\"messages\":[],\"stream\":true,\"stream_options\":{\"include_usage\":true}}"

static void test_the_request(void **state)
{
	static const struct {
		enum provider_auth auth;
		enum provider_usage usage;
		bool key;
		const char *body, *auth_field, *accept, *want;
	} rows[] = {
		{ PROVIDER_AUTH_BEARER, PROVIDER_USAGE_ASK, true, BODY, "authorization: Bearer sk-1\r\n", "text/event-stream",
			ASKS_USAGE },
		{ PROVIDER_AUTH_API_KEY, PROVIDER_USAGE_ALWAYS, true, BODY, "api-key: sk-1\r\n", "text/event-stream",
			"{\"model\":\"m1\",\"messages\":[],\"stream\":true}" },
		{ PROVIDER_AUTH_X_API_KEY, PROVIDER_USAGE_NEVER, true, BODY, "x-api-key: sk-1\r\n", "text/event-stream",
			"{\"model\":\"m1\",\"messages\":[],\"stream\":true}" },
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_ASK, true, BODY_WHOLE, "", "application/json",
			"{\"model\":\"m1\",\"messages\":[]}" },
		{ PROVIDER_AUTH_BEARER, PROVIDER_USAGE_ASK, false, BODY_WHOLE, "", "application/json",
			"{\"model\":\"m1\",\"messages\":[]}" },
		/* the client's own wish reaches a provider that can grant it, and no other */
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_ALWAYS, false, ASKS_USAGE, "", "text/event-stream", ASKS_USAGE },
		{ PROVIDER_AUTH_NONE, PROVIDER_USAGE_NEVER, false, ASKS_USAGE, "", "text/event-stream",
			"{\"model\":\"m1\",\"messages\":[],\"stream\":true}" },
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
		snprintf(want, sizeof(want), FIRST "%s" SECOND("%s") "%scontent-length: %zu\r\n\r\n%s", rows[i].auth_field,
			rows[i].accept, i == 0 ? "x-team: blue  evil: 1\r\n" : "", strlen(rows[i].want), rows[i].want);
		assert_slice(buf_slice(&peer->in), want);
		assert_int_equal(s.at.bytes_out, strlen(want));
		scene_close(&s);
	}
}

/* A dialect that cannot write this request: told in a later turn like every end, even if the provider talks meanwhile. */
static enum err cannot_build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	buf_add(out, SLICE("{\"half"));
	return ERR_TOO_BIG;
}

static void test_a_request_that_cannot_be_built(void **state)
{
	for (int talks = 0; talks < 2; talks++) {
		struct dialect odd = openai_chat;
		struct scene s;
		scene_open(&s, BODY);
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, STREAM);
		expect_end(&s, ERR_OK, "start text finish end");
		odd.build = cannot_build;
		s.p.provider.dialect = &odd;
		buf_clear(&peer->in);
		if (talks)
			assert_int_equal(raw_say_to_pool(&s.p, "HTTP/1.1 408 Late\r\n\r\n"), 0);
		start(&s);
		assert_int_equal(s.ends, 0);
		expect_end(&s, ERR_TOO_BIG, "");
		run_until(&s.p, peer->gone);
		assert_int_equal(buf_len(&peer->in), 0);
		scene_close(&s);
	}
}
