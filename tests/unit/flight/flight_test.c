/* Flights on loopback: release, back-pressure, readers that leave, and the record of attempts.  Orders of
 * failover and clocks are played in tests/sim. */
#include "unit/flight/sky.h"

static uint64_t count(enum counter c)
{
	return counter_values[c];
}

static struct flight *fly(struct watcher *w, const char *body)
{
	struct fault f = { 0 };
	struct flight *flight = watcher_open(w, body, 0, &f);

	assert_non_null(flight);
	return flight;
}

static bool ended(const struct flight *f)
{
	return f->state == FLIGHT_ENDED;
}

static void end_peer(struct peer *peer)
{
	stream_close(&peer->s, 1000);
	peer->gone = true;
}

static void cut_peer(struct peer *peer)
{
	stream_abort(&peer->s, true);
	peer->gone = true;
}

/* Text events of about 1 KiB in the journal; returns how many are needed for that many bytes. */
static void flood(struct peer *peer, size_t n)
{
	char text[500 + 100];
	int at = snprintf(text, sizeof(text), "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"");

	memset(text + at, 'x', 450);
	snprintf(text + at + 450, sizeof(text) - (size_t)at - 450, "\"}}]}\n\n");
	for (size_t i = 0; i < n; i++)
		peer_say(peer, text);
}

/* --- release -------------------------------------------------------------------------------------------- */

static void test_nothing_is_read_before_the_first_content(void **state)
{
	struct sky s;
	struct watcher w;

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = fly(&w, SKY_STREAMED("one"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD SKY_ROLE);
	run_until(&s.p, f->journal.n_events == 1);
	assert_false(flight_may_read(f));
	peer_say(&s.p.v[0], SKY_TEXT("Hi"));
	run_until(&s.p, flight_may_read(f));
	assert_true(f->streamed);
	assert_true(f->first_ns > f->open_ns);
	run_until(&s.p, buf_len(&w.got) == 2);
	assert_false(ended(f));
	peer_say(&s.p.v[0], SKY_STOP
		SKY_DATA("{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}")
		SKY_DONE);
	end_peer(&s.p.v[0]);
	run_until(&s.p, ended(f));
	assert_int_equal(f->fault.err, ERR_OK);
	assert_int_equal(f->journal.state, JOURNAL_COMPLETE);
	assert_int_equal(f->finish, EVENT_FINISH_STOP);
	assert_int_equal(f->usage.prompt_tok, 3);
	assert_int_equal(f->attempts, 1);
	assert_slice(f->target->name, "a/m");
	watcher_done(&w);
	sky_close(&s);
}

/* A failed attempt leaves no trace in the journal. */
static void test_a_failure_before_release_is_invisible(void **state)
{
	struct sky s;
	struct watcher w;
	struct buf tries;

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = fly(&w, SKY_STREAMED("two"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD SKY_ROLE);
	run_until(&s.p, f->journal.n_events == 1);
	cut_peer(&s.p.v[0]);
	run_until(&s.p, sky_asked(&s, 1));
	assert_int_equal(f->journal.n_events, 0);
	assert_int_equal(w.reader.cursor.read, 0);
	peer_say(&s.p.v[1], SKY_HEAD SKY_ROLE SKY_TEXT("Hello") SKY_STOP SKY_DONE);
	end_peer(&s.p.v[1]);
	run_until(&s.p, ended(f));
	run_until(&s.p, buf_len(&w.got));
	assert_slice(buf_slice(&w.got), "Hello");
	assert_int_equal(f->fault.err, ERR_OK);
	assert_int_equal(f->attempts, 2);
	buf_init(&tries, 1000);
	flight_tries(f, &tries);
	struct slice text = buf_slice(&tries), first;
	assert_true(slice_next(&text, ' ', &first));
	assert_true(slice_starts(first, SLICE("a/m=up_truncated:")));
	assert_true(slice_starts(text, SLICE("b/m=ok:")));
	buf_done(&tries);
	watcher_done(&w);
	sky_close(&s);
}

/* Later it is told: the first bytes are with the client. */
static void test_a_failure_after_release_ends_it(void **state)
{
	struct sky s;
	struct watcher w;

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = fly(&w, SKY_STREAMED("two"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD SKY_TEXT("Hel"));
	run_until(&s.p, buf_len(&w.got) == 3);
	cut_peer(&s.p.v[0]);
	run_until(&s.p, ended(f));
	assert_int_equal(f->journal.state, JOURNAL_FAILED);
	assert_int_equal(f->journal.err, ERR_UP_TRUNCATED);
	assert_int_equal(f->fault.err, ERR_UP_TRUNCATED);
	assert_int_equal(f->attempts, 1);
	assert_int_equal(count(COUNTER_streams_cut), 1);
	watcher_done(&w);
	sky_close(&s);
}

static void test_the_first_fault_is_told_when_all_fail(void **state)
{
	struct sky s;
	struct watcher w;

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = fly(&w, SKY_WHOLE("two"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_ERROR("500 Oops"));
	/* the same origin, and the connection was good */
	run_until(&s.p, sky_heard(&s.p.v[0], "POST /b"));
	peer_say(&s.p.v[0], SKY_ERROR("503 Full"));
	run_until(&s.p, ended(f));
	assert_int_equal(f->fault.err, ERR_UP_FAILED);
	assert_int_equal(f->fault.status, 500);
	assert_int_equal(count(COUNTER_attempts), 2);
	assert_int_equal(count(COUNTER_attempts_failed), 2);
	assert_int_equal(count(COUNTER_retries), 1);
	assert_true(flight_may_read(f));
	watcher_done(&w);
	sky_close(&s);
}

static void test_an_unknown_model(void **state)
{
	struct sky s;
	struct watcher w;
	struct fault f = { 0 };

	sky_open(&s);
	watcher_init(&w, &s, true);
	assert_null(watcher_open(&w, SKY_WHOLE("nobody"), 0, &f));
	assert_int_equal(f.err, ERR_NO_MODEL);
	assert_int_equal(s.p.n, 0);
	watcher_done(&w);
	sky_close(&s);
}

static void test_the_callers_deadline(void **state)
{
	struct sky s;
	struct watcher w;
	struct fault out = { 0 };

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = watcher_open(&w, SKY_WHOLE("two"), 30, &out);
	assert_non_null(f);
	run_until(&s.p, ended(f));
	assert_int_equal(f->fault.err, ERR_CLIENT_DEADLINE);
	assert_true(f->end_ns - f->open_ns >= 29 * 1000000u);
	run_until(&s.p, s.p.n == 0 || s.p.v[0].gone);
	watcher_done(&w);
	sky_close(&s);
}

/* --- back-pressure -------------------------------------------------------------------------------------- */

static void test_a_lone_slow_reader_pauses_its_provider(void **state)
{
	struct sky s;
	struct watcher w;

	sky_open(&s);
	s.env.limits.lag_bytes = 20000;
	watcher_init(&w, &s, false);
	struct flight *f = fly(&w, SKY_STREAMED("one"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD);
	/* 2 MB on the wire, far above every socket's buffer and the journal's limit */
	flood(&s.p.v[0], 4000);
	run_until(&s.p, f->attempt.paused);
	run_ms(&s.p, 30);
	assert_true(journal_lag(&f->journal) < 20000 + 4 * 65536);	/* and one read on top */
	assert_int_equal(count(COUNTER_pauses), 1);
	assert_non_null(w.reader.cursor.journal);
	uint64_t before = f->journal.n_events;
	run_ms(&s.p, 20);
	assert_int_equal(f->journal.n_events, before);
	w.reads = true;
	watcher_read(&w);
	peer_say(&s.p.v[0], SKY_STOP SKY_DONE);
	end_peer(&s.p.v[0]);
	run_until(&s.p, ended(f));
	assert_int_equal(f->fault.err, ERR_OK);
	assert_int_equal(buf_len(&w.got), 4000 * 450);
	watcher_done(&w);
	sky_close(&s);
}

/* Of two the slow one is cut alone: the other one goes on at its own pace and gets everything, and nobody is
 * paused. */
static void test_the_laggard_of_two_is_cut_alone(void **state)
{
	for (int slow_is_first = 0; slow_is_first < 2; slow_is_first++) {
		struct sky s;
		struct watcher a, b;
		sky_open(&s);
		s.env.limits.journal_bytes = 400000;	/* half of it is above what one read brings */
		watcher_init(&a, &s, !slow_is_first);
		watcher_init(&b, &s, slow_is_first);
		struct watcher *slow = slow_is_first ? &a : &b, *quick = slow_is_first ? &b : &a;
		struct flight *f = fly(&a, SKY_STREAMED("one"));
		watcher_join(&b, f);
		run_until(&s.p, sky_asked(&s, 0));
		peer_say(&s.p.v[0], SKY_HEAD);
		for (int i = 0; slow->reader.cursor.journal; i++) {
			assert_true(i < 1000);
			flood(&s.p.v[0], 10);
			run_until(&s.p, buf_len(&quick->got) == (size_t)(i + 1) * 4500);
			if (slow->reader.cursor.journal)
				assert_true(cursor_lag(&slow->reader.cursor) < 200000);
		}
		assert_true(slow->knows_cut);		/* its exchange learns of it in the same turn */
		assert_non_null(quick->reader.cursor.journal);
		assert_int_equal(count(COUNTER_pauses), 0);
		assert_true(f->journal.held < 10000);	/* what only the slow one held is freed */
		flight_leave(&slow->reader);
		size_t had = buf_len(&quick->got);
		flood(&s.p.v[0], 10);
		peer_say(&s.p.v[0], SKY_STOP SKY_DONE);
		end_peer(&s.p.v[0]);
		run_until(&s.p, ended(f));
		assert_int_equal(f->fault.err, ERR_OK);
		run_until(&s.p, buf_len(&quick->got) == had + 4500);
		watcher_done(&a);
		watcher_done(&b);
		sky_close(&s);
	}
}

/* When none keeps up there is nobody to hurry for: the provider is paused, and nobody is cut. */
static void test_all_lag(void **state)
{
	struct sky s;
	struct watcher a, b;

	sky_open(&s);
	s.env.limits.journal_bytes = 400000;
	watcher_init(&a, &s, false);
	watcher_init(&b, &s, false);
	struct flight *f = fly(&a, SKY_STREAMED("one"));
	watcher_join(&b, f);
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD);
	flood(&s.p.v[0], 4000);
	run_until(&s.p, f->attempt.paused);
	assert_non_null(a.reader.cursor.journal);
	assert_non_null(b.reader.cursor.journal);
	watcher_done(&a);
	watcher_done(&b);
	sky_close(&s);
}

/* The one who is left is a lone reader again: it pauses the provider instead of being cut. */
static void test_the_last_of_two_is_not_cut(void **state)
{
	struct sky s;
	struct watcher a, b;

	sky_open(&s);
	s.env.limits.lag_bytes = 20000;
	watcher_init(&a, &s, false);
	watcher_init(&b, &s, true);
	struct flight *f = fly(&a, SKY_STREAMED("one"));
	watcher_join(&b, f);
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD SKY_TEXT("Hi"));
	run_until(&s.p, buf_len(&b.got) == 2);
	flight_leave(&b.reader);
	flood(&s.p.v[0], 400);
	run_until(&s.p, f->attempt.paused);
	assert_non_null(a.reader.cursor.journal);
	watcher_done(&a);
	watcher_done(&b);
	sky_close(&s);
}

/* --- leaving -------------------------------------------------------------------------------------------- */

static void test_the_last_reader_takes_the_upstream_along(void **state)
{
	struct sky s;
	struct watcher a, b;

	sky_open(&s);
	watcher_init(&a, &s, true);
	watcher_init(&b, &s, true);
	struct flight *f = fly(&a, SKY_STREAMED("one"));
	watcher_join(&b, f);
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], SKY_HEAD SKY_TEXT("Hi"));
	run_until(&s.p, buf_len(&a.got) == 2);
	flight_leave(&a.reader);
	flight_leave(&a.reader);		/* twice is harmless */
	run_ms(&s.p, 5);
	assert_false(s.p.v[0].gone);
	assert_false(ended(f));
	flight_leave(&b.reader);
	assert_int_equal(count(COUNTER_flights_open), 0);
	run_until(&s.p, s.p.v[0].gone);
	watcher_done(&a);
	watcher_done(&b);
	sky_close(&s);
}

static void test_leaving_during_a_back_off(void **state)
{
	struct sky s;
	struct watcher w;

	sky_open(&s);
	watcher_init(&w, &s, true);
	struct flight *f = fly(&w, SKY_STREAMED("slow"));
	run_until(&s.p, sky_asked(&s, 0));
	peer_say(&s.p.v[0], "HTTP/1.1 503 Full\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
	run_until(&s.p, f->state == FLIGHT_WAITING);
	flight_stop(f);
	flight_stop(f);
	assert_int_equal(f->attempts, 1);
	watcher_done(&w);
	run_ms(&s.p, 50);
	assert_int_equal(count(COUNTER_attempts), 1);
	sky_close(&s);
}

/* --- the record ----------------------------------------------------------------------------------------- */

static void test_tries(void **state)
{
	struct target a = { .name = SLICE("openai/gpt-4.1") }, b = { .name = SLICE("local/b") };
	struct flight f = { .attempts = 0 };
	struct buf out;

	buf_init(&out, 8192);
	flight_tries(&f, &out);
	assert_slice(buf_slice(&out), "");
	f.attempts = 1;				/* the first is still running */
	flight_tries(&f, &out);
	assert_slice(buf_slice(&out), "");
	f.attempts = 3;
	f.tries[0] = (struct flight_try){ &a, ERR_UP_OVERLOADED, 529, 812999999 };
	f.tries[1] = (struct flight_try){ &b, ERR_OK, 200, 93000000 };
	flight_tries(&f, &out);
	assert_slice(buf_slice(&out), "openai/gpt-4.1=up_overloaded:812 local/b=ok:93");
	f.attempts = FLIGHT_TRIES + 5;		/* the first ones are kept */
	f.target = &a;
	for (int i = 0; i < FLIGHT_TRIES; i++)
		f.tries[i] = (struct flight_try){ &b, ERR_UP_RESET, 0, (uint64_t)i * 1000000 };
	buf_clear(&out);
	flight_tries(&f, &out);
	assert_slice(buf_slice(&out), "local/b=up_reset:0 local/b=up_reset:1 local/b=up_reset:2 "
		"local/b=up_reset:3 local/b=up_reset:4 local/b=up_reset:5 local/b=up_reset:6 "
		"local/b=up_reset:7");
	buf_done(&out);
}

/* The longest names there can be fit where an exchange writes them (exchange.c, step_record). */
static void test_tries_with_the_longest_names(void **state)
{
	char name[ROUTE_CONF_NAME_MAX];
	struct target t = { .name = slice_of(name, sizeof(name)) };
	struct flight f = { .attempts = FLIGHT_TRIES };
	struct buf out;

	memset(name, 'n', sizeof(name));
	for (int i = 0; i < FLIGHT_TRIES; i++)
		f.tries[i] = (struct flight_try){ &t, ERR_UP_CONNECT_TIMEOUT, 0, UINT64_MAX };
	buf_init(&out, 8192);
	flight_tries(&f, &out);
	assert_true(buf_len(&out) > FLIGHT_TRIES * sizeof(name));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_read_before_the_first_content),
		cmocka_unit_test(test_a_failure_before_release_is_invisible),
		cmocka_unit_test(test_a_failure_after_release_ends_it),
		cmocka_unit_test(test_the_first_fault_is_told_when_all_fail),
		cmocka_unit_test(test_an_unknown_model),
		cmocka_unit_test(test_the_callers_deadline),
		cmocka_unit_test(test_a_lone_slow_reader_pauses_its_provider),
		cmocka_unit_test(test_the_laggard_of_two_is_cut_alone),
		cmocka_unit_test(test_all_lag),
		cmocka_unit_test(test_the_last_of_two_is_not_cut),
		cmocka_unit_test(test_the_last_reader_takes_the_upstream_along),
		cmocka_unit_test(test_leaving_during_a_back_off),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_tries_with_the_longest_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
