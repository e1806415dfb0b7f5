/* The built-in provider, judged by weir's own reader of answers. */
#include "unit/upstream/peers.h"

#include "unit/upstream/answer_play.h"

#include "app/demo.h"

struct scene {
	struct peers p;
	struct demo *demo;
	struct end client;
};

static void scene_open(struct scene *s)
{
	char why[200] = "";

	*s = (struct scene){ .demo = NULL };
	peers_open(&s->p);
	s->demo = demo_open(s->p.rig.loop, why, sizeof(why));
	assert_non_null(s->demo);
	assert_true(slice_starts(slice_str(demo_addr(s->demo)), SLICE("127.0.0.1:")));
	end_init(&s->client, &s->p.rig, NULL);
	end_open(&s->client, SLICE("127.0.0.1"), rig_port_of(demo_addr(s->demo)), NULL, NULL, 2000);
}

static void scene_close(struct scene *s)
{
	end_done(&s->client);
	demo_close(&s->demo);
	assert_null(s->demo);
	demo_close(&s->demo);
	run_ms(&s->p, 2);
	peers_close(&s->p);
}

/* Asks and plays the answer; answer_play_done() it. */
static struct answer_play ask(struct scene *s, const char *body)
{
	struct answer_play play = { .limits = { 4096, 65536, 1 << 20 } };
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_addf(&b, "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %zu\r\n\r\n%s",
		strlen(body), body);
	stream_write(s->client.s, buf_slice(&b));
	buf_done(&b);
	buf_clear(&s->client.in);
	for (int i = 0;; i++) {
		assert_true(i < 5000);
		run_ms(&s->p, 1);
		assert_int_equal(s->client.closes + s->client.eofs, 0);
		struct slice in = buf_slice(&s->client.in);
		if (in.n < 5 || (in.p[in.n - 1] != '}' && memcmp(in.p + in.n - 5, "0\r\n\r\n", 5) != 0))
			continue;
		answer_play(&play, in, 0, in.n);
		if (play.ended_before_eof)
			return play;
		answer_play_done(&play);
	}
}

#define QUESTION(text, more) \
	"{\"model\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]" more "}"
#define STREAMED ",\"stream\":true"
#define WITH_USAGE STREAMED ",\"stream_options\":{\"include_usage\":true}"

static void test_the_same_question_has_the_same_answer(void **state)
{
	struct scene s;

	scene_open(&s);
	struct answer_play once = ask(&s, QUESTION("What is a \\\"weir\\\"?", ""));
	assert_int_equal(once.fault.err, ERR_OK);
	assert_true(once.fit);
	assert_true(once.usage.prompt_tok > 0 && once.usage.completion_tok > 0);
	assert_true(slice_starts(buf_slice(&once.text), SLICE("You said: What is a \"weir\"? ")));
	struct answer_play again = ask(&s, QUESTION("What is a \\\"weir\\\"?", ""));
	assert_true(slice_eq(buf_slice(&once.raw), buf_slice(&again.raw)));
	struct answer_play other = ask(&s, QUESTION("And now?", ""));
	assert_false(slice_eq(buf_slice(&once.raw), buf_slice(&other.raw)));
	struct answer_play streamed = ask(&s, QUESTION("What is a \\\"weir\\\"?", STREAMED));
	assert_int_equal(streamed.fault.err, ERR_OK);
	assert_true(streamed.fit);
	assert_true(streamed.n_events > 10);		/* word by word */
	assert_int_equal(streamed.mode, ANSWER_EVENTS);
	assert_true(slice_eq(buf_slice(&streamed.text), buf_slice(&once.text)));
	assert_int_equal(streamed.usage.prompt_tok, -1);
	struct answer_play after = ask(&s, QUESTION("And now?", ""));	/* the connection goes on */
	assert_true(slice_eq(buf_slice(&other.raw), buf_slice(&after.raw)));
	answer_play_done(&after);
	answer_play_done(&once);
	answer_play_done(&again);
	answer_play_done(&other);
	answer_play_done(&streamed);
	scene_close(&s);
}

static void test_usage_for_those_who_ask(void **state)
{
	struct scene s;

	scene_open(&s);
	struct answer_play play = ask(&s, QUESTION("a b", WITH_USAGE));
	assert_int_equal(play.fault.err, ERR_OK);
	assert_true(play.usage.prompt_tok > 0 && play.usage.completion_tok > 5);
	assert_true(play.end_mark);
	answer_play_done(&play);
	scene_close(&s);
}

/* Whatever is asked, an answer comes. */
static void test_odd_questions(void **state)
{
	static const char *const bodies[] = { "{}", "", "[", "[1]", "{\"messages\":[]}",
		"{\"messages\":[{\"content\":[]}]}", QUESTION("\\u0000\\n\\\\ \xf0\x9f\x98\x80", "") };
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct answer_play play = ask(&s, bodies[i]);
		assert_int_equal(play.fault.err, ERR_OK);
		assert_true(buf_len(&play.text) > 20);
		answer_play_done(&play);
	}
	scene_close(&s);
}

static void test_what_is_no_request_ends_the_connection(void **state)
{
	struct scene s;

	scene_open(&s);
	stream_write(s.client.s, SLICE("nonsense\r\n\r\n"));
	run_until(&s.p, s.client.closes + s.client.eofs);
	scene_close(&s);
}

/* Closing it, and clients that leave, in the middle of a stream. */
static void test_ends_in_the_middle(void **state)
{
	for (int demo_first = 0; demo_first < 2; demo_first++) {
		struct scene s;
		scene_open(&s);
		stream_write(s.client.s, SLICE("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 15\r\n\r\n"
			"{\"stream\":true}"));
		run_until(&s.p, buf_len(&s.client.in) > 400);
		if (demo_first) {
			demo_close(&s.demo);
			run_until(&s.p, s.client.closes + s.client.eofs);
		} else {
			stream_abort(&s.client.s, true);
			run_ms(&s.p, 100);
		}
		scene_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_question_has_the_same_answer),
		cmocka_unit_test(test_usage_for_those_who_ask),
		cmocka_unit_test(test_odd_questions),
		cmocka_unit_test(test_what_is_no_request_ends_the_connection),
		cmocka_unit_test(test_ends_in_the_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
