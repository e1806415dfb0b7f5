/* One attempt at a provider on loopback, and what it gave: for the tests of upstream/attempt. */
#ifndef TESTS_ATTEMPT_SCENE_H
#define TESTS_ATTEMPT_SCENE_H

#include "unit/upstream/peers.h"

#include "upstream/attempt.h"

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define BODY "{\"model\":\"chat\"," MESSAGES ",\"stream\":true}"
#define BODY_WHOLE "{\"model\":\"chat\"," MESSAGES "}"
#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
/* a chunk of one event */
#define ROLE "38\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"x\"}}]}  \n\n\r\n"
#define HI "3c\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}  \n\n\r\n"
#define STOP "45\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}  \n\n\r\n"
#define DONE "e\r\ndata: [DONE]\n\n\r\n"
#define LAST "0\r\n\r\n"
#define COMMENT "5\r\n: .\n\n\r\n"
#define STREAM STREAM_HEAD ROLE HI STOP DONE LAST
#define WHOLE_BODY "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}"
#define WHOLE "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 75\r\n\r\n" WHOLE_BODY

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
	bool strict;
	int ends;
	bool inside;		/* attempt_open has not returned */
	uint32_t refuse_at;	/* this event is refused */
	uint32_t events;
};

static inline enum err on_event(void *arg, const struct event *ev)
{
	struct scene *s = arg;
	assert_false(s->inside);
	buf_addf(&s->story, "%s%s", buf_len(&s->story) ? " " : "", event_kind_name(ev->kind));
	return ++s->events == s->refuse_at ? ERR_UP_TOO_BIG : ERR_OK;
}

static inline void on_end(void *arg)
{
	struct scene *s = arg;
	assert_false(s->inside);
	assert_int_equal(s->at.lease.state, LEASE_NONE);	/* the connection is given back already */
	assert_int_equal(s->at.state, ATTEMPT_ENDED);
	s->ends++;
}

static const struct attempt_events events = { on_event, on_end };

static inline void ask_for(struct scene *s, const char *body)
{
	struct fault f = { 0 };

	s->request = (struct request){ .choices = 1 };
	assert_int_equal(openai_chat.parse(&s->parse, slice_str(body), &s->request, &f), ERR_OK);
}

static inline void scene_open(struct scene *s, const char *body)
{
	const struct answer_limits limits = { .head_bytes = 8192, .event_bytes = 65536,
		.body_bytes = 1 << 20 };

	*s = (struct scene){ .ends = 0 };
	peers_open(&s->p);
	attempt_env_init(&s->env, s->p.rig.loop, &limits);
	s->p.provider.tongues.main = &openai_chat;
	s->p.provider.authority = SLICE("a.test");
	s->target = (struct target){ .name = SLICE("a/m1"), .provider = &s->p.provider,
		.model = SLICE("m1") };
	s->clocks = (struct clocks){ 2000, 5000, 5000, 5000, 0 };
	arena_init(&s->parse, 0);
	arena_init(&s->arena, 0);
	buf_init(&s->story, 1 << 16);
	ask_for(s, body);
	peers_pool(&s->p);
}

static inline void scene_close(struct scene *s)
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

static inline void start(struct scene *s)
{
	const struct attempt_ask ask = { .target = &s->target, .key = s->key.secret.bytes.n ? &s->key : NULL,
		.clocks = &s->clocks, .request = &s->request, .request_id = SLICE("req_1"), .hops = 1,
			.strict = s->strict };

	s->ends = 0;
	s->events = 0;
	buf_clear(&s->story);
	s->inside = true;
	attempt_open(&s->at, &s->env, &ask, &s->arena, &events, s);
	s->inside = false;
}

/* The request has come whole on connection `i`. */
static inline bool asked(const struct scene *s, size_t i)
{
	if (i >= s->p.n)
		return false;
	struct slice in = buf_slice(&s->p.v[i].in);
	return in.n && in.p[in.n - 1] == '}';
}

static inline struct peer *start_and_hear(struct scene *s, size_t i)
{
	if (i < s->p.n)
		buf_clear(&s->p.v[i].in);
	start(s);
	run_until(&s->p, asked(s, i));
	return &s->p.v[i];
}

static inline void expect_end(struct scene *s, enum err want, const char *story)
{
	run_until(&s->p, s->ends);
	run_ms(&s->p, 2);
	assert_int_equal(s->ends, 1);
	if (s->at.answer.fault.err != want)
		fail_msg("%s, want %s", err_name(s->at.answer.fault.err), err_name(want));
	assert_slice(buf_slice(&s->story), story);
	assert_true(s->at.end_ns >= s->at.open_ns);
}

#endif
