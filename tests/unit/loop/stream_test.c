/* Plain streams over loopback: one listener and its clients on one loop. */
#include "rig.h"

#include "loop/loop_priv.h"
#include "loop/stream_priv.h"
#include "raw.h"

static bool on_any_close(struct end *e)
{
	return e->closes > 0;
}

static bool on_any_data(struct end *e)
{
	return buf_len(&e->in) > 0;
}

static bool on_any_eof(struct end *e)
{
	return e->eofs > 0;
}

/* --- an echo server for any number of connections --- */

struct echo {
	struct rig *rig;
	struct stream *s;
	int *live;
};

static void echo_on_data(void *arg, struct slice bytes)
{
	struct echo *c = arg;
	stream_write(c->s, bytes);
	if (stream_full(c->s))
		stream_pause(c->s);
}

static void echo_on_room(void *arg)
{
	struct echo *c = arg;
	assert_false(stream_full(c->s));
	stream_resume(c->s);
}

static void echo_on_eof(void *arg)
{
	struct echo *c = arg;
	stream_close(&c->s, 5000);
	--*c->live;
	free(c);
}

static void echo_on_close(void *arg, enum err why)
{
	struct echo *c = arg;
	--*c->live;
	free(c);
}

static const struct stream_events echo_events = {
	.on_data = echo_on_data, .on_room = echo_on_room, .on_eof = echo_on_eof, .on_close = echo_on_close,
};

static int echo_live;

static void echo_on_accept(void *arg, struct stream *s)
{
	struct echo *c = calloc(1, sizeof(*c));
	assert_non_null(c);
	*c = (struct echo){ .rig = arg, .s = s, .live = &echo_live };
	echo_live++;
	stream_own(s, &echo_events, c);
}

static void run_until_echo_is_gone(struct rig *r)
{
	listen_close(&r->listen);
	rig_run(r);		/* ends by itself: nothing is open any more */
	assert_int_equal(echo_live, 0);
}

static void test_hello(void **state)
{
	struct rig r;
	struct end e;
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, echo_on_accept, &r);
	end_init(&e, &r, on_any_data);
	end_open(&e, r.host, r.port, NULL, NULL, 1000);
	assert_string_equal(stream_peer(e.s), "");
	stream_write(e.s, SLICE("hel"));	/* before it is open */
	stream_write(e.s, SLICE("lo"));
	assert_int_equal(stream_queued(e.s), 5);
	rig_run(&r);
	assert_slice(buf_slice(&e.in), "hello");
	assert_int_equal(e.opens, 1);
	assert_string_equal(e.peer, listen_addr(r.listen));
	assert_int_equal(stream_queued(e.s), 0);
	assert_int_equal(stream_sent(e.s), 5);
	assert_false(stream_tls_resumed(e.s));
	stream_close(&e.s, 1000);
	assert_null(e.s);
	run_until_echo_is_gone(&r);
	assert_int_equal(e.closes, 0);		/* the owner closed: no call */
	end_done(&e);
	rig_done(&r);
}

static void test_refused(void **state)
{
	struct rig r;
	struct end e;
	rig_init(&r);
	end_init(&e, &r, on_any_close);
	end_open(&e, SLICE("127.0.0.1"), raw_closed_port(), NULL, NULL, 1000);
	stream_write(e.s, SLICE("lost"));
	rig_run(&r);
	assert_int_equal(e.closes, 1);
	assert_int_equal(e.why, ERR_UP_REFUSED);
	assert_int_equal(e.opens, 0);
	assert_non_null(strstr(e.detail, "Connection refused"));
	end_done(&e);
	rig_done(&r);
}

/* 10 MiB out and back with a small window: every byte, in order, with pauses on both sides. */
#define BIG (10u << 20)

static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static size_t big_got, big_put, big_pauses;

static void big_feed(struct end *e)
{
	char chunk[50000];
	while (big_put < BIG && !stream_full(e->s)) {
		size_t n = MIN_OF(sizeof(chunk), BIG - big_put);
		for (size_t i = 0; i < n; i++)
			chunk[i] = (char)pattern(big_put + i);
		stream_write(e->s, slice_of(chunk, n));
		big_put += n;
	}
}

static struct alarm big_later;
static struct end *big_end;

static void on_big_later(struct alarm *a)
{
	stream_resume(big_end->s);
}

static void big_on_data(struct end *e, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if ((unsigned char)bytes.p[i] != pattern(big_got + i))
			fail_msg("byte %zu differs", big_got + i);
	big_got += bytes.n;
	if (big_pauses < 20 && big_got > big_pauses * (BIG / 20)) {
		big_pauses++;
		stream_pause(e->s);
		alarm_set(&big_later, 2);
	}
}

static bool big_until(struct end *e)
{
	if (e->opens && e->s)
		big_feed(e);
	return big_got == BIG;
}

static void test_big_echo(void **state)
{
	struct rig r;
	struct end e;
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, echo_on_accept, &r);
	end_init(&e, &r, big_until);
	e.on_data = big_on_data;
	big_got = big_put = big_pauses = 0;
	big_end = &e;
	alarm_init(&big_later, r.loop, on_big_later);
	end_open(&e, r.host, r.port, NULL, NULL, 1000);
	rig_run(&r);
	assert_int_equal(big_got, BIG);
	assert_int_equal(big_pauses, 20);
	assert_true(e.rooms > 0);
	assert_int_equal(stream_sent(e.s), BIG);
	stream_close(&e.s, 1000);
	run_until_echo_is_gone(&r);
	end_done(&e);
	rig_done(&r);
}

/* A raw client and the stream that the listener makes of it. */
struct pair {
	struct rig r;
	struct end e;
	int fd;
};

static bool on_accepted(struct end *e)
{
	return e->s != NULL;
}

static void pair_init(struct pair *p)
{
	rig_init(&p->r);
	end_init(&p->e, &p->r, on_accepted);
	rig_listen(&p->r, "127.0.0.1:0", NULL, rig_on_accept, &p->e);
	p->fd = raw_connect(p->r.port);
	rig_run(&p->r);
	assert_non_null(p->e.s);
	assert_string_equal(p->e.peer, raw_name(p->fd));
}

static void pair_done(struct pair *p)
{
	close(p->fd);
	end_done(&p->e);
	rig_done(&p->r);
}

static void pair_run(struct pair *p, bool (*until)(struct end *))
{
	p->e.until = until;
	rig_run(&p->r);
}

/* The peer ends its side: what we write still reaches it. */
static void test_half_close(void **state)
{
	struct pair p;
	pair_init(&p);
	raw_send(p.fd, "question");
	shutdown(p.fd, SHUT_WR);
	pair_run(&p, on_any_eof);
	assert_slice(buf_slice(&p.e.in), "question");
	stream_write(p.e.s, SLICE("answer"));
	stream_close(&p.e.s, 1000);
	listen_close(&p.r.listen);
	rig_run(&p.r);
	raw_expect(p.fd, "answer", 0);
	assert_int_equal(p.e.eofs, 1);
	assert_int_equal(p.e.closes, 0);
	pair_done(&p);
}

static const struct stream_events no_eof_events = { .on_data = end_on_data, .on_close = end_on_close };

static void test_end_without_on_eof(void **state)
{
	struct pair p;
	pair_init(&p);
	stream_own(p.e.s, &no_eof_events, &p.e);
	raw_send(p.fd, "bye");
	close(p.fd);
	p.fd = -1;
	pair_run(&p, on_any_close);
	assert_slice(buf_slice(&p.e.in), "bye");
	assert_int_equal(p.e.why, ERR_OK);
	pair_done(&p);
}

static void test_reset(void **state)
{
	struct pair p;
	pair_init(&p);
	raw_send(p.fd, "last words");
	raw_reset(&p.fd);
	pair_run(&p, on_any_close);
	assert_int_equal(p.e.why, ERR_UP_RESET);
	assert_int_equal(p.e.eofs, 0);
	pair_done(&p);
}

/* An answer that comes just before a reset is heard, although our own writing has failed by then. */
static void test_answer_before_reset(void **state)
{
	struct pair p;
	char block[4096] = { 0 };

	pair_init(&p);
	raw_send(p.fd, "413");
	stream_write(p.e.s, slice_of(block, sizeof(block)));
	pair_run(&p, on_any_data);
	buf_clear(&p.e.in);
	raw_send(p.fd, "too large");
	close(p.fd);		/* with our block unread: a reset follows the text */
	p.fd = -1;
	stream_write(p.e.s, slice_of(block, sizeof(block)));
	pair_run(&p, on_any_close);
	assert_slice(buf_slice(&p.e.in), "too large");
	assert_int_equal(p.e.why, ERR_UP_RESET);
	pair_done(&p);
}

static struct alarm tick;

static void on_tick_stop(struct alarm *a)
{
	loop_stop(a->loop);
}

/* The loop sleeps meanwhile: whatever is ready must not be reported again and again. */
#define QUIET_TURNS 12

static void run_for(struct rig *r, uint64_t ms)
{
	uint64_t turns = r->loop->turns;

	alarm_init(&tick, r->loop, on_tick_stop);
	alarm_set(&tick, ms);
	rig_run(r);
	alarm_clear(&tick);
	if (r->loop->turns - turns > QUIET_TURNS)
		fail_msg("%zu turns in %zu ms", (size_t)(r->loop->turns - turns), (size_t)ms);
}

/* Paused: no bytes and no end, but a reset is noticed; nothing spins meanwhile. */
static void test_pause(void **state)
{
	struct pair p;
	pair_init(&p);
	stream_pause(p.e.s);
	raw_send(p.fd, "later");
	p.e.until = NULL;
	run_for(&p.r, 20);
	assert_int_equal(buf_len(&p.e.in), 0);
	stream_resume(p.e.s);
	assert_int_equal(buf_len(&p.e.in), 0);
	pair_run(&p, on_any_data);
	assert_slice(buf_slice(&p.e.in), "later");
	stream_pause(p.e.s);
	shutdown(p.fd, SHUT_WR);
	p.e.until = NULL;
	uint64_t recvs = p.r.loop->recvs;
	run_for(&p.r, 20);
	assert_int_equal(p.e.eofs + p.e.closes, 0);
	assert_int_equal(p.r.loop->recvs, recvs);
	raw_reset(&p.fd);
	pair_run(&p, on_any_close);
	assert_int_equal(p.e.why, ERR_UP_RESET);
	pair_done(&p);
}

/* After the end of input the stream waits quietly, and still hears of a reset. */
static void test_reset_after_eof(void **state)
{
	struct pair p;
	pair_init(&p);
	shutdown(p.fd, SHUT_WR);
	pair_run(&p, on_any_eof);
	p.e.until = NULL;
	uint64_t recvs = p.r.loop->recvs;
	run_for(&p.r, 20);
	assert_int_equal(p.r.loop->recvs, recvs);
	raw_reset(&p.fd);
	pair_run(&p, on_any_close);
	assert_int_equal(p.e.why, ERR_UP_RESET);
	pair_done(&p);
}

static void test_urgent_data_is_ignored(void **state)
{
	struct pair p;
	pair_init(&p);
	stream_pause(p.e.s);
	raw_send(p.fd, "a");
	assert_int_equal(send(p.fd, "!", 1, MSG_OOB), 1);
	p.e.until = NULL;
	run_for(&p.r, 20);
	stream_resume(p.e.s);
	pair_run(&p, on_any_data);
	assert_int_equal(p.e.in.p[0], 'a');
	pair_done(&p);
}

static void test_abort(void **state)
{
	for (int reset = 0; reset < 2; reset++) {
		struct pair p;
		pair_init(&p);
		stream_write(p.e.s, SLICE("never sent"));
		stream_abort(&p.e.s, reset);
		assert_null(p.e.s);
		raw_expect(p.fd, "", reset ? ECONNRESET : 0);
		listen_close(&p.r.listen);
		rig_run(&p.r);
		assert_int_equal(p.e.closes, 0);
		pair_done(&p);
	}
}

/* All writes of a turn are one system call; and one streamed event costs one read and one write. */
static void test_coalescing(void **state)
{
	struct pair p;
	char want[201];
	pair_init(&p);
	uint64_t sends = p.r.loop->sends;
	stream_write_parts(p.e.s, (struct slice[]){ SLICE_EMPTY, SLICE_EMPTY }, 2);
	assert_true(list_empty(&p.r.loop->dirty));
	for (int i = 0; i < 100; i++) {
		stream_write_parts(p.e.s, (struct slice[]){ SLICE("x"), SLICE_EMPTY, SLICE("y") }, 3);
		memcpy(want + 2 * i, "xy", 3);
	}
	assert_int_equal(p.r.loop->sends, sends);
	p.e.until = NULL;
	run_for(&p.r, 1);
	assert_int_equal(p.r.loop->sends, sends + 1);
	raw_expect(p.fd, want, -1);
	uint64_t recvs = p.r.loop->recvs;
	raw_send(p.fd, "event");
	pair_run(&p, on_any_data);
	assert_int_equal(p.r.loop->recvs, recvs + 1);
	pair_done(&p);
}

static bool close_inside(struct end *e)
{
	stream_write(e->s, SLICE("gone"));
	stream_close(&e->s, 1000);
	return false;
}

static void test_close_inside_on_data(void **state)
{
	struct pair p;
	pair_init(&p);
	raw_send(p.fd, "x");
	raw_send(p.fd, "y");
	shutdown(p.fd, SHUT_WR);
	listen_close(&p.r.listen);
	pair_run(&p, close_inside);
	raw_expect(p.fd, "gone", 0);
	assert_int_equal(p.e.eofs + p.e.closes, 0);
	pair_done(&p);
}

/* Answering early while the client is still sending: the answer must not be lost to a reset. */
static void test_early_answer(void **state)
{
	struct pair p;
	char block[65536] = { 0 };

	pair_init(&p);
	raw_send(p.fd, "POST");
	pair_run(&p, on_any_data);
	stream_write(p.e.s, SLICE("413"));
	stream_close(&p.e.s, 1000);
	assert_true(send(p.fd, block, sizeof(block), MSG_DONTWAIT) > 0);
	listen_close(&p.r.listen);
	run_for(&p.r, 10);
	assert_true(send(p.fd, block, sizeof(block), MSG_DONTWAIT) > 0);
	run_for(&p.r, 10);
	shutdown(p.fd, SHUT_WR);
	rig_run(&p.r);
	raw_expect(p.fd, "413", 0);
	pair_done(&p);
}

/* A peer that reads nothing holds a closed stream for linger_ms, no longer. */
static void test_linger_limit(void **state)
{
	struct pair p;
	char *much = calloc(1, BIG);

	assert_non_null(much);
	pair_init(&p);
	stream_write(p.e.s, slice_of(much, BIG));
	assert_true(stream_full(p.e.s));
	free(much);
	uint64_t from = loop_clock(p.r.loop);
	stream_close(&p.e.s, 50);
	listen_close(&p.r.listen);
	rig_run(&p.r);
	uint64_t ms = (loop_clock(p.r.loop) - from) / 1000000;
	assert_true(ms >= 49 && ms < 2000);
	pair_done(&p);
}

/* A slow peer gets all of it within linger_ms. */
static void test_linger_delivers(void **state)
{
	struct rig r;
	struct end e, srv;
	char *much = calloc(1, BIG);

	assert_non_null(much);
	for (size_t i = 0; i < BIG; i++)
		much[i] = (char)pattern(i);
	rig_init(&r);
	end_init(&srv, &r, on_accepted);
	end_init(&e, &r, on_any_eof);
	e.on_data = big_on_data;
	big_got = big_pauses = 0;
	big_end = &e;
	alarm_init(&big_later, r.loop, on_big_later);
	rig_listen(&r, "127.0.0.1:0", NULL, rig_on_accept, &srv);
	end_open(&e, r.host, r.port, NULL, NULL, 1000);
	rig_run(&r);
	stream_write(srv.s, slice_of(much, BIG));
	free(much);
	stream_close(&srv.s, 10000);
	rig_run(&r);
	assert_int_equal(big_got, BIG);
	end_done(&e);
	end_done(&srv);
	rig_done(&r);
}

static void test_close_now(void **state)
{
	struct pair p;
	pair_init(&p);
	stream_write(p.e.s, SLICE("short"));
	stream_close(&p.e.s, 0);
	raw_expect(p.fd, "short", 0);
	pair_done(&p);
}

/* Closing before it is open, and closing twice. */
static void test_close_early(void **state)
{
	struct rig r;
	struct end e;
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, echo_on_accept, &r);
	for (int i = 0; i < 4; i++) {
		end_init(&e, &r, NULL);
		end_open(&e, i < 2 ? r.host : SLICE("localhost"), r.port, NULL, NULL, 1000);
		stream_write(e.s, SLICE("x"));
		if (i % 2)
			stream_close(&e.s, 1000);
		else
			stream_abort(&e.s, true);
		stream_close(&e.s, 1000);
		stream_abort(&e.s, true);
		end_done(&e);
	}
	run_until_echo_is_gone(&r);
	rig_done(&r);
}

static int wave_open, wave_done;

static bool wave_until(struct end *e)
{
	if (buf_len(&e->in) == 0)
		return false;
	assert_slice(buf_slice(&e->in), "ping");
	if (wave_done++ % 3 == 0)
		stream_abort(&e->s, wave_done % 2);
	else
		stream_close(&e->s, 1000);
	return --wave_open == 0;
}

static void test_thousand(void **state)
{
	struct rig r;
	static struct end ends[100];

	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, echo_on_accept, &r);
	wave_done = 0;
	for (int wave = 0; wave < 10; wave++) {
		wave_open = 100;
		for (int i = 0; i < 100; i++) {
			end_init(&ends[i], &r, wave_until);
			end_open(&ends[i], r.host, r.port, NULL, NULL, 5000);
			stream_write(ends[i].s, SLICE("ping"));
		}
		rig_run(&r);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(ends[i].opens, 1);
			assert_int_equal(ends[i].closes, 0);
			end_done(&ends[i]);
		}
	}
	run_until_echo_is_gone(&r);
	assert_int_equal(wave_done, 1000);
	rig_done(&r);
}

static void test_size(void **state)
{
	/* The memory of an idle plain stream: this struct, its watch (about 200 bytes) and nothing else. */
	assert_true(sizeof(struct stream) <= 640);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_big_echo),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_end_without_on_eof),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_answer_before_reset),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_reset_after_eof),
		cmocka_unit_test(test_urgent_data_is_ignored),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_coalescing),
		cmocka_unit_test(test_close_inside_on_data),
		cmocka_unit_test(test_early_answer),
		cmocka_unit_test(test_linger_limit),
		cmocka_unit_test(test_linger_delivers),
		cmocka_unit_test(test_close_now),
		cmocka_unit_test(test_close_early),
		cmocka_unit_test(test_thousand),
		cmocka_unit_test(test_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
