/* One call to one provider on loopback: the clocks, replay, pausing; every way ends once.  What is sent:
 * attempt_ask_test.c. */
#include "unit/upstream/attempt_scene.h"

static uint64_t count(enum counter c)
{
	return counter_values[c];
}

/* --- answers -------------------------------------------------------------------------------------------- */

static void test_a_streamed_answer(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	struct peer *peer = start_and_hear(&s, 0);
	assert_int_equal(s.at.head_ns, 0);
	peer_say(peer, STREAM_HEAD ROLE);
	run_until(&s.p, s.events == 1);
	assert_true(s.at.head_ns > 0);
	assert_int_equal(s.at.first_ns, 0);		/* a role is no content */
	peer_say(peer, HI);
	run_until(&s.p, s.events == 2);
	assert_true(s.at.first_ns >= s.at.head_ns && s.at.head_ns >= s.at.sent_ns
		&& s.at.sent_ns >= s.at.open_ns);
	peer_say(peer, STOP DONE LAST);
	expect_end(&s, ERR_OK, "start text finish end");
	assert_int_equal(s.at.bytes_in, strlen(STREAM));
	assert_int_equal(s.at.answer.fault.status, 200);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	assert_false(s.at.reused);
	peer = start_and_hear(&s, 0);			/* without attempt_close before */
	assert_true(s.at.reused);
	peer_say(peer, STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	assert_int_equal(s.p.n, 1);
	assert_int_equal(count(COUNTER_upstream_reused), 1);
	scene_close(&s);
}

static void test_a_whole_answer(void **state)
{
	struct scene s;

	scene_open(&s, BODY_WHOLE);
	peer_say(start_and_hear(&s, 0), WHOLE);
	expect_end(&s, ERR_OK, "start text finish");
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	scene_close(&s);
}

/* After these the connection is not used again. */
static void test_connections_that_are_not_kept(void **state)
{
	static const struct {
		const char *say, *story;
		enum err want;
	} rows[] = {
		{ STREAM "x", "start text finish end", ERR_OK },
		{ STREAM STREAM, "start text finish end", ERR_OK },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
			"Content-Length: 75\r\n\r\n" WHOLE_BODY, "start text finish", ERR_OK },
		{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<html>", "",
			ERR_UP_BAD_TYPE },
		{ "nonsense\r\n", "", ERR_UP_BAD_HTTP },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		scene_open(&s, BODY);
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, rows[i].say);
		expect_end(&s, rows[i].want, rows[i].story);
		assert_int_equal(count(COUNTER_upstream_idle), 0);
		run_until(&s.p, peer->gone);
		scene_close(&s);
	}
}

/* An error answer leaves a good connection. */
static void test_an_error_answer(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	peer_say(start_and_hear(&s, 0), "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
	expect_end(&s, ERR_UP_THROTTLED, "");
	assert_int_equal(s.at.answer.fault.retry_after_ms, 3000);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	scene_close(&s);
}

static void test_an_event_that_is_refused(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.refuse_at = 2;
	struct peer *peer = start_and_hear(&s, 0);
	peer_say(peer, STREAM);
	expect_end(&s, ERR_UP_TOO_BIG, "start text");
	run_until(&s.p, peer->gone);
	scene_close(&s);
}

/* --- the connection ------------------------------------------------------------------------------------- */

static void test_no_connection(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	listen_close(&s.p.rig.listen);
	start(&s);
	run_until(&s.p, s.ends);
	assert_int_equal(s.at.answer.fault.err, ERR_UP_REFUSED);
	assert_int_equal(s.at.sent_ns, 0);
	assert_int_equal(s.at.bytes_out, 0);
	scene_close(&s);
}

static void cut(struct peer *peer, bool reset)
{
	stream_abort(&peer->s, reset);
	peer->gone = true;
}

static void test_the_connection_ends(void **state)
{
	static const struct {
		const char *say, *story;
		enum err want;
	} rows[] = {
		{ "", "", ERR_UP_RESET },
		{ "HTTP/1.1 200 O", "", ERR_UP_RESET },
		{ STREAM_HEAD ROLE, "start", ERR_UP_TRUNCATED },
		{ STREAM_HEAD ROLE HI STOP, "start text finish", ERR_UP_TRUNCATED },
		{ STREAM_HEAD ROLE HI STOP DONE, "start text finish end", ERR_OK },
		{ "HTTP/1.1 503 No\r\nContent-Length: 10\r\n\r\n{", "", ERR_UP_OVERLOADED },
	};

	for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
		struct scene s;
		scene_open(&s, BODY);
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, rows[i / 2].say);
		run_until(&s.p, s.at.bytes_in == strlen(rows[i / 2].say));
		cut(peer, i % 2);
		expect_end(&s, rows[i / 2].want, rows[i / 2].story);
		/* a fresh connection: the provider may have begun */
		assert_int_equal(count(COUNTER_replays), 0);
		scene_close(&s);
	}
}

/* A reused connection that turns out dead before a byte of an answer: sent again, once, on a fresh one. */
static void test_a_dead_reused_connection_is_replaced(void **state)
{
	for (int reset = 0; reset < 2; reset++) {
		struct scene s;
		scene_open(&s, BODY);
		peer_say(start_and_hear(&s, 0), STREAM);
		expect_end(&s, ERR_OK, "start text finish end");
		cut(start_and_hear(&s, 0), reset);
		run_until(&s.p, asked(&s, 1));
		assert_int_equal(s.ends, 0);
		assert_int_equal(count(COUNTER_replays), 1);
		assert_true(slice_eq(buf_slice(&s.p.v[1].in), buf_slice(&s.p.v[0].in)));
		peer_say(&s.p.v[1], STREAM);
		expect_end(&s, ERR_OK, "start text finish end");
		assert_false(s.at.reused);
		/* and once more, but now the second one dies as well */
		cut(start_and_hear(&s, 1), reset);
		run_until(&s.p, asked(&s, 2));
		cut(&s.p.v[2], reset);
		expect_end(&s, ERR_UP_RESET, "");
		assert_int_equal(count(COUNTER_replays), 2);
		assert_int_equal(s.p.n, 3);
		scene_close(&s);
	}
}

static void on_lease(struct lease *l)
{
}

static void on_no_lease(struct lease *l, enum err why)
{
	fail_msg("no connection: %s", err_name(why));
}

/* Its siblings may be as dead: the second try goes over one that has carried nothing yet. */
static void test_a_replay_takes_a_fresh_connection(void **state)
{
	struct lease both[2] = { { .on_ready = on_lease, .on_fail = on_no_lease },
		{ .on_ready = on_lease, .on_fail = on_no_lease } };
	struct scene s;

	scene_open(&s, BODY);
	for (size_t i = 0; i < COUNT_OF(both); i++)
		assert_false(pool_take(s.p.provider.pool, &both[i], false, 2000));
	run_until(&s.p, both[0].state == LEASE_BUSY && both[1].state == LEASE_BUSY && s.p.n == 2);
	pool_put(&both[0], true);
	pool_put(&both[1], true);
	start(&s);
	run_until(&s.p, asked(&s, 0) || asked(&s, 1));
	cut(&s.p.v[asked(&s, 1)], true);
	run_until(&s.p, asked(&s, 2));
	assert_false(asked(&s, 0) && asked(&s, 1));
	peer_say(&s.p.v[2], STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	scene_close(&s);
}

static void test_nothing_is_replayed_once_bytes_have_come(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	peer_say(start_and_hear(&s, 0), STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	struct peer *peer = start_and_hear(&s, 0);
	peer_say(peer, "H");
	run_until(&s.p, s.at.bytes_in == 1);
	cut(peer, true);
	expect_end(&s, ERR_UP_RESET, "");
	assert_int_equal(count(COUNTER_replays), 0);
	scene_close(&s);
}

/* --- clocks --------------------------------------------------------------------------------------------- */

/* Silence, after what was said, ends with the error of the clock that runs then. */
static void test_clocks(void **state)
{
	static const struct clocks first = { 2000, 25, 5000, 5000, 0 }, whole = { 2000, 5000, 25, 5000, 0 },
		idle = { 2000, 5000, 5000, 25, 0 };
	static const struct {
		const char *body, *say, *story;
		const struct clocks *clocks;
		enum err want;
	} rows[] = {
		{ BODY, "", "", &first, ERR_UP_FIRST_TIMEOUT },
		{ BODY, STREAM_HEAD, "", &first, ERR_UP_FIRST_TIMEOUT },
		{ BODY, STREAM_HEAD ROLE COMMENT, "start", &first, ERR_UP_FIRST_TIMEOUT },
		{ BODY, STREAM_HEAD ROLE HI, "start text", &idle, ERR_UP_IDLE_TIMEOUT },
		{ BODY, STREAM_HEAD ROLE HI STOP, "start text finish", &idle, ERR_UP_IDLE_TIMEOUT },
		{ BODY, "HTTP/1.1 429 Slow\r\nContent-Length: 9\r\n\r\n{", "", &first, ERR_UP_THROTTLED },
		{ BODY_WHOLE, "", "", &whole, ERR_UP_FIRST_TIMEOUT },
		{ BODY_WHOLE, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "", &idle,
			ERR_UP_IDLE_TIMEOUT },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		scene_open(&s, rows[i].body);
		s.clocks = *rows[i].clocks;
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, rows[i].say);
		expect_end(&s, rows[i].want, rows[i].story);
		assert_true(s.at.end_ns - s.at.sent_ns >= 24 * 1000000u);
		assert_true(s.at.end_ns - s.at.sent_ns < 2000 * 1000000ull);
		run_until(&s.p, peer->gone);
		scene_close(&s);
	}
}

/* Signs of life that are no progress: comments, and a head, do not push the first-token clock. */
static void test_comments_are_no_first_token(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.clocks.first_token_ms = 40;
	struct peer *peer = start_and_hear(&s, 0);
	peer_say(peer, STREAM_HEAD);
	for (int i = 0; s.ends == 0 && i < 200; i++) {
		peer_say(peer, COMMENT);
		run_ms(&s.p, 5);
	}
	assert_int_equal(s.ends, 1);
	assert_int_equal(s.at.answer.fault.err, ERR_UP_FIRST_TIMEOUT);
	assert_true(s.at.end_ns - s.at.sent_ns < 500 * 1000000ull);
	scene_close(&s);
}

/* Progress pushes the idle clock: a stream may last many times as long as the longest silence in it. */
static void test_progress_pushes_the_idle_clock(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.clocks.idle_ms = 60;
	struct peer *peer = start_and_hear(&s, 0);
	peer_say(peer, STREAM_HEAD ROLE);
	for (int i = 0; i < 30; i++) {
		peer_say(peer, HI);
		run_ms(&s.p, 8);
		assert_int_equal(s.ends, 0);
	}
	peer_say(peer, STOP DONE LAST);
	run_until(&s.p, s.ends);
	assert_int_equal(s.at.answer.fault.err, ERR_OK);
	assert_true(s.at.end_ns - s.at.first_ns > 120 * 1000000ull);
	scene_close(&s);
}

/* 0 is no limit. */
static void test_clocks_can_be_off(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.clocks = (struct clocks){ 2000, 0, 0, 0, 0 };
	struct peer *peer = start_and_hear(&s, 0);
	run_ms(&s.p, 30);
	peer_say(peer, STREAM_HEAD ROLE HI);
	run_ms(&s.p, 30);
	assert_int_equal(s.ends, 0);
	peer_say(peer, STOP DONE LAST);
	expect_end(&s, ERR_OK, "start text finish end");
	scene_close(&s);
}

/* After the end mark the provider has a second to end the transfer; then the answer is whole all the same. */
static void test_a_transfer_that_does_not_end(void **state)
{
	static const uint64_t idle_ms[] = { 20, 30000 };

	for (size_t i = 0; i < COUNT_OF(idle_ms); i++) {
		struct scene s;
		scene_open(&s, BODY);
		s.clocks.idle_ms = idle_ms[i];
		struct peer *peer = start_and_hear(&s, 0);
		peer_say(peer, STREAM_HEAD ROLE HI STOP DONE);
		run_until(&s.p, s.events == 4);
		run_ms(&s.p, 100);
		assert_int_equal(s.ends, 0);		/* the idle clock does not count any more */
		expect_end(&s, ERR_OK, "start text finish end");
		assert_true(s.at.end_ns - s.at.first_ns < 3000 * 1000000ull);
		run_until(&s.p, peer->gone);
		scene_close(&s);
	}
}

/* --- pausing and leaving -------------------------------------------------------------------------------- */

static void test_pausing(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.clocks.idle_ms = 30;
	attempt_pause(&s.at, true);		/* before it began: harmless */
	struct peer *peer = start_and_hear(&s, 0);
	peer_say(peer, STREAM_HEAD ROLE HI);
	run_until(&s.p, s.events == 2);
	attempt_pause(&s.at, true);
	attempt_pause(&s.at, true);
	assert_int_equal(count(COUNTER_pauses), 1);
	peer_say(peer, HI);
	run_ms(&s.p, 100);
	assert_int_equal(s.events, 2);		/* nothing is read, */
	assert_int_equal(s.ends, 0);		/* and the idle clock stands still */
	attempt_pause(&s.at, false);
	run_until(&s.p, s.events == 3);
	run_until(&s.p, s.ends);		/* it runs again */
	assert_int_equal(s.at.answer.fault.err, ERR_UP_IDLE_TIMEOUT);
	scene_close(&s);
}

static void test_closing(void **state)
{
	struct scene s;

	scene_open(&s, BODY);
	s.p.provider.max_connections = 1;
	peers_pool(&s.p);
	attempt_close(&s.at);			/* idle */
	start(&s);
	attempt_close(&s.at);			/* while the connection is made: that one is kept */
	assert_int_equal(s.at.state, ATTEMPT_IDLE);
	run_until(&s.p, count(COUNTER_upstream_idle) == 1);
	struct peer *peer = start_and_hear(&s, 0);
	assert_false(s.at.reused);
	peer_say(peer, STREAM_HEAD ROLE HI);
	run_until(&s.p, s.events == 2);
	attempt_close(&s.at);			/* in the middle: the provider must notice */
	run_until(&s.p, peer->gone);
	assert_int_equal(s.ends, 0);
	peer_say(start_and_hear(&s, 1), STREAM);
	expect_end(&s, ERR_OK, "start text finish end");
	attempt_close(&s.at);			/* at the end */
	attempt_close(&s.at);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_streamed_answer),
		cmocka_unit_test(test_a_whole_answer),
		cmocka_unit_test(test_connections_that_are_not_kept),
		cmocka_unit_test(test_an_error_answer),
		cmocka_unit_test(test_an_event_that_is_refused),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_the_connection_ends),
		cmocka_unit_test(test_a_dead_reused_connection_is_replaced),
		cmocka_unit_test(test_a_replay_takes_a_fresh_connection),
		cmocka_unit_test(test_nothing_is_replayed_once_bytes_have_come),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_comments_are_no_first_token),
		cmocka_unit_test(test_progress_pushes_the_idle_clock),
		cmocka_unit_test(test_clocks_can_be_off),
		cmocka_unit_test(test_a_transfer_that_does_not_end),
		cmocka_unit_test(test_pausing),
		cmocka_unit_test(test_closing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
