/* The sim tested on its own: clock and turn, streams against sockets, and scenarios against a small relay. */
#include "sim.h"
#include "sim_relay.h"

#include "loop/alarm.h"
#include "loop/listen.h"
#include "loop/stream.h"
#include "loop/tls.h"
#include "sim_world.h"

#define HERE "127.0.0.1:8080"

/* ---- clock and turn ---- */

struct bell {
	struct alarm alarm;
	uint64_t rang_ms;
	int order;
};

static int n_rung;

static void on_ring(struct alarm *a)
{
	struct bell *b = CONTAINER(a, struct bell, alarm);

	b->rang_ms = loop_now(a->loop) / 1000000u;
	b->order = ++n_rung;
}

static void run_loop(struct loop *l, uint64_t ms)
{
	uint64_t until = l->now_ns + ms * 1000000u;

	while (sim_world_turn(l, until))
		;
	l->now_ns = until;
}

static void alarms_fire_at_their_time(void **state)
{
	struct loop *l = loop_new();
	uint64_t start = loop_now(l) / 1000000u;
	struct bell b[4] = { 0 };

	n_rung = 0;
	for (int i = 0; i < 4; i++)
		alarm_init(&b[i].alarm, l, on_ring);
	alarm_set(&b[0].alarm, 30);
	alarm_set(&b[1].alarm, 10);
	alarm_set(&b[2].alarm, 0);
	alarm_set(&b[3].alarm, 20);
	assert_int_equal(n_rung, 0);
	alarm_clear(&b[3].alarm);
	alarm_set(&b[1].alarm, 40);
	assert_true(alarm_is_set(&b[1].alarm));
	assert_false(alarm_is_set(&b[3].alarm));
	run_loop(l, 39);
	assert_int_equal(b[2].rang_ms, start + 1);
	assert_int_equal(b[0].rang_ms, start + 30);
	assert_int_equal(b[1].rang_ms, 0);
	run_loop(l, 1);
	assert_int_equal(b[1].rang_ms, start + 40);
	assert_int_equal(b[3].rang_ms, 0);
	assert_int_equal(b[1].order, 3);
	assert_int_equal(sim_world_alarms(l), 0);
	loop_free(&l);
}

struct job {
	struct task task;
	struct grave grave;
	struct job *next;
	int done, dug;
};

static struct loop *job_loop;
static int sequence;

static void dig_job(struct grave *g)
{
	CONTAINER(g, struct job, grave)->dug = ++sequence;
}

static void do_job(struct task *t)
{
	struct job *j = CONTAINER(t, struct job, task);

	j->done = ++sequence;
	loop_bury(job_loop, &j->grave, dig_job);
	if (j->next)
		loop_post(job_loop, &j->next->task);
}

static void tasks_run_before_graves(void **state)
{
	struct loop *l = loop_new();
	struct job b = { .task = { .go = do_job } }, a = { .task = { .go = do_job }, .next = &b },
		gone = { .task = { .go = do_job } };

	job_loop = l;
	sequence = 0;
	loop_post(l, &a.task);
	loop_post(l, &a.task);
	loop_post(l, &gone.task);
	loop_unpost(l, &gone.task);
	assert_int_equal(sequence, 0);
	assert_true(sim_world_turn(l, loop_now(l)));
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 2);
	assert_int_equal(a.dug, 3);
	assert_int_equal(b.dug, 4);
	assert_int_equal(gone.done, 0);
	assert_false(sim_world_turn(l, UINT64_MAX - 1));
	loop_free(&l);
}

/* ---- one stream against one socket ---- */

struct plug {
	struct stream *s;
	int opens, data, eofs, rooms, closes;
	enum err why;
	uint64_t closed_ms;
	struct buf got;
	size_t longest;
	struct loop *loop;
};

static void plug_on_open(void *arg)
{
	((struct plug *)arg)->opens++;
}

static void plug_on_data(void *arg, struct slice bytes)
{
	struct plug *p = arg;

	p->data++;
	p->longest = MAX_OF(p->longest, bytes.n);
	buf_add(&p->got, bytes);
}

static void plug_on_eof(void *arg)
{
	((struct plug *)arg)->eofs++;
}

static void plug_on_room(void *arg)
{
	((struct plug *)arg)->rooms++;
}

static void plug_on_close(void *arg, enum err why)
{
	struct plug *p = arg;

	p->closes++;
	p->why = why;
	p->s = NULL;
	p->closed_ms = loop_now(p->loop) / 1000000u;
}

static const struct stream_events plug_events = { plug_on_open, plug_on_data, plug_on_eof, plug_on_room,
	plug_on_close };
static const struct stream_events plug_no_eof = { plug_on_open, plug_on_data, NULL, NULL, plug_on_close };

struct bench {
	struct loop *loop;
	struct sim_host *host;
	struct sim_sock *peer;
	struct plug plug;
	struct tls_client *tls;
};

static void bench_accept(void *arg, struct sim_sock *sock)
{
	((struct bench *)arg)->peer = sock;
}

static void bench_open(struct bench *b, const struct stream_events *ev, bool tls, size_t cap)
{
	char why[100];
	struct stream_dest dest = { .host = SLICE("a.test"), .port = 80, .connect_ms = 300 };

	memset(b, 0, sizeof(*b));
	b->loop = loop_new();
	b->host = sim_host_new(b->loop, "a.test", 80);
	b->host->on_accept = bench_accept;
	b->host->arg = b;
	b->host->cap = cap;
	b->plug.loop = b->loop;
	buf_init(&b->plug.got, 8u << 20);
	if (tls)
		dest.tls = b->tls = tls_client_new(&(struct tls_client_opts){ 0 }, why, sizeof(why));
	b->plug.s = stream_open(b->loop, &dest, ev, &b->plug);
	assert_int_equal(b->plug.opens + b->plug.closes, 0);
}

static void bench_close(struct bench *b)
{
	stream_abort(&b->plug.s, false);
	sim_sock_close(&b->peer);
	run_loop(b->loop, 1000);
	assert_int_equal(b->loop->n_wires, 0);
	sim_host_free(&b->host);
	tls_client_unref(&b->tls);
	buf_done(&b->plug.got);
	loop_free(&b->loop);
}

static void a_connection_ends_by_its_host(void **state)
{
	static const struct {
		enum sim_way way;
		bool tls;
		enum err why;
		uint64_t ms;
	} rows[] = {
		{ SIM_WAY_NO_NAME, false, ERR_UP_DNS, 1 },
		{ SIM_WAY_MUTE_NAME, false, ERR_UP_CONNECT_TIMEOUT, 300 },
		{ SIM_WAY_REFUSED, false, ERR_UP_REFUSED, 3 },
		{ SIM_WAY_BLACKHOLE, false, ERR_UP_CONNECT_TIMEOUT, 300 },
		{ SIM_WAY_RESET, false, ERR_UP_RESET, 3 },
		{ SIM_WAY_TLS_BAD, true, ERR_UP_TLS, 7 },
		{ SIM_WAY_TLS_MUTE, true, ERR_UP_CONNECT_TIMEOUT, 300 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct bench b;
		uint64_t start;

		bench_open(&b, &plug_events, rows[i].tls, 1000);
		start = loop_now(b.loop) / 1000000u;
		b.host->way = rows[i].way;
		run_loop(b.loop, 1000);
		assert_int_equal(b.plug.opens, 0);
		assert_int_equal(b.plug.closes, 1);
		assert_int_equal(b.plug.why, rows[i].why);
		assert_int_equal(b.plug.closed_ms - start, rows[i].ms);
		assert_int_equal(b.loop->n_streams, 0);
		bench_close(&b);
	}
}

static void output_of_a_turn_leaves_at_its_end(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, true, 1000);
	stream_write(b.plug.s, SLICE("early "));
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.opens, 1);
	assert_slice(sim_sock_peek(b.peer), "early ");
	stream_write(b.plug.s, SLICE("one "));
	stream_write(b.plug.s, SLICE("two"));
	assert_int_equal(stream_sent(b.plug.s), 6);
	assert_int_equal(stream_queued(b.plug.s), 7);
	assert_true(sim_world_turn(b.loop, loop_now(b.loop)));
	assert_int_equal(stream_sent(b.plug.s), 13);
	run_loop(b.loop, 100);
	assert_slice(sim_sock_peek(b.peer), "early one two");
	bench_close(&b);
}

static void a_full_stream_tells_when_there_is_room(void **state)
{
	static char big[100000];
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	stream_write(b.plug.s, slice_of(big, sizeof(big)));
	assert_true(stream_full(b.plug.s));
	run_loop(b.loop, 100);
	assert_int_equal(stream_sent(b.plug.s), 1000);
	assert_int_equal(b.plug.rooms, 0);
	for (int i = 0; i < 200; i++) {
		sim_sock_eat(b.peer, sim_sock_peek(b.peer).n);
		run_loop(b.loop, 10);
	}
	assert_int_equal(stream_sent(b.plug.s), sizeof(big));
	assert_int_equal(b.plug.rooms, 1);
	bench_close(&b);
}

static void a_paused_stream_holds_its_peer_up(void **state)
{
	static char big[5000];
	struct bench b;
	size_t taken;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	stream_pause(b.plug.s);
	taken = sim_sock_write(b.peer, slice_of(big, sizeof(big)));
	assert_int_equal(taken, 1000);
	sim_sock_shut(b.peer);
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.data + b.plug.eofs, 0);
	stream_resume(b.plug.s);
	assert_int_equal(b.plug.data, 0);
	run_loop(b.loop, 100);
	assert_int_equal(buf_len(&b.plug.got), 1000);
	assert_int_equal(b.plug.eofs, 1);
	bench_close(&b);
}

static void a_paused_stream_notices_a_reset(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	stream_pause(b.plug.s);
	sim_sock_reset(&b.peer);
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.closes, 1);
	assert_int_equal(b.plug.why, ERR_UP_RESET);
	bench_close(&b);
}

static void an_end_is_told_as_the_owner_likes_it(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	assert_int_equal(sim_sock_write(b.peer, SLICE("bye")), 3);
	sim_sock_shut(b.peer);
	run_loop(b.loop, 100);
	assert_slice(buf_slice(&b.plug.got), "bye");
	assert_int_equal(b.plug.eofs, 1);
	assert_int_equal(b.plug.closes, 0);
	stream_write(b.plug.s, SLICE("still here"));
	run_loop(b.loop, 100);
	assert_slice(sim_sock_peek(b.peer), "still here");
	bench_close(&b);

	bench_open(&b, &plug_no_eof, false, 1000);
	run_loop(b.loop, 100);
	sim_sock_close(&b.peer);
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.closes, 1);
	assert_int_equal(b.plug.why, ERR_OK);
	bench_close(&b);
}

static void tls_cut_short_is_no_orderly_end(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, true, 1000);
	run_loop(b.loop, 100);
	b.peer->rude = true;
	sim_sock_shut(b.peer);
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.eofs, 0);
	assert_int_equal(b.plug.why, ERR_UP_RESET);
	bench_close(&b);
}

static void closing_sends_what_is_queued(void **state)
{
	static char big[3000];
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	stream_write(b.plug.s, slice_of(big, sizeof(big)));
	stream_close(&b.plug.s, 500);
	assert_null(b.plug.s);
	for (int i = 0; i < 5; i++) {
		run_loop(b.loop, 10);
		sim_sock_eat(b.peer, sim_sock_peek(b.peer).n);
	}
	assert_int_equal(b.peer->eaten, 3000);
	assert_true(b.peer->fin_in);
	assert_int_equal(sim_sock_write(b.peer, SLICE("rest of a request")), 17);
	run_loop(b.loop, 10);
	assert_false(b.peer->rst_in);
	assert_int_equal(b.loop->n_lingering, 1);	/* until the peer ends its side too */
	sim_sock_close(&b.peer);
	run_loop(b.loop, 10);
	assert_int_equal(b.loop->n_lingering, 0);
	assert_int_equal(b.plug.closes, 0);
	bench_close(&b);

	bench_open(&b, &plug_events, false, 1000);	/* a peer that does not read */
	run_loop(b.loop, 100);
	stream_write(b.plug.s, slice_of(big, sizeof(big)));
	stream_close(&b.plug.s, 500);
	run_loop(b.loop, 499);
	assert_int_equal(b.loop->n_lingering, 1);
	run_loop(b.loop, 10);
	assert_int_equal(b.loop->n_lingering, 0);
	assert_true(b.peer->fin_in);
	assert_int_equal(sim_sock_peek(b.peer).n, 1000);
	bench_close(&b);
}

static void unread_bytes_at_close_mean_reset(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	stream_pause(b.plug.s);
	assert_int_equal(sim_sock_write(b.peer, SLICE("unread")), 6);
	run_loop(b.loop, 100);
	stream_abort(&b.plug.s, false);
	run_loop(b.loop, 100);
	assert_true(b.peer->rst_in);
	assert_false(b.peer->fin_in);
	bench_close(&b);
}

static void bytes_to_a_closed_end_come_back_as_reset(void **state)
{
	struct bench b;

	bench_open(&b, &plug_events, false, 1000);
	run_loop(b.loop, 100);
	sim_sock_close(&b.peer);
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.eofs, 1);
	stream_write(b.plug.s, SLICE("anybody?"));
	run_loop(b.loop, 100);
	assert_int_equal(b.plug.closes, 1);
	assert_int_equal(b.plug.why, ERR_UP_RESET);
	bench_close(&b);
}

static void splits_change_pieces_not_bytes(void **state)
{
	static const enum sim_split splits[] = { SIM_WHOLE, SIM_BYTES, SIM_RANDOM };
	char text[3000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < COUNT_OF(splits); i++) {
		struct bench b;

		bench_open(&b, &plug_events, false, 10000);
		run_loop(b.loop, 100);
		b.loop->split = splits[i];
		assert_int_equal(sim_sock_write(b.peer, slice_of(text, sizeof(text))), sizeof(text));
		run_loop(b.loop, 100);
		assert_true(slice_eq(buf_slice(&b.plug.got), slice_of(text, sizeof(text))));
		assert_int_equal(b.plug.data == 1, splits[i] == SIM_WHOLE);
		assert_int_equal(b.plug.longest == 1, splits[i] == SIM_BYTES);
		bench_close(&b);
	}
}

static struct stream *came_in;

static void take_stream(void *arg, struct stream *s)
{
	came_in = s;
	stream_own(s, &plug_events, arg);
}

static void a_paused_listener_lets_clients_wait(void **state)
{
	struct loop *l = loop_new();
	struct plug p = { .loop = l };
	char why[200];
	struct listen *li = listen_open(l, SLICE("127.0.0.1:0"), NULL, take_stream, &p, why, sizeof(why));
	struct sim_sock *c;

	buf_init(&p.got, 100);
	assert_non_null(li);
	assert_null(listen_open(l, slice_str(listen_addr(li)), NULL, take_stream, &p, why, sizeof(why)));
	assert_non_null(strstr(why, "address already in use"));
	listen_pause(li, true);
	c = sim_sock_dial(l, listen_addr(li), 100, 1000);
	assert_int_equal(sim_sock_write(c, SLICE("hello")), 5);
	run_loop(l, 50);
	assert_null(came_in);
	listen_pause(li, false);
	run_loop(l, 50);
	assert_non_null(came_in);
	assert_slice(buf_slice(&p.got), "hello");
	assert_null(sim_sock_dial(l, "127.0.0.1:1", 100, 1000));
	stream_abort(&came_in, false);
	listen_close(&li);
	sim_sock_close(&c);
	run_loop(l, 50);
	assert_int_equal(l->n_wires, 0);
	buf_done(&p.got);
	loop_free(&l);
}

/* ---- the peers' reader ---- */

static void bad_messages_are_refused(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
		"\r\nHTTP/1.1 200 OK\r\n\r\n",
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sim_http h;

		sim_http_init(&h, true);
		sim_http_feed(&h, slice_str(bad[i]));
		if (!h.bad)
			fail_msg("taken: %s", bad[i]);
		sim_http_done(&h);
	}
}

static void a_good_message_is_read_at_every_split(void **state)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n"
		"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nnext";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct slice all = slice_of(text, sizeof(text) - 1);
		struct sim_http h;
		size_t used;

		sim_http_init(&h, true);
		used = sim_http_feed(&h, slice_of(all.p, MIN_OF(cut, all.n)));
		used += sim_http_feed(&h, slice_skip(all, used));
		assert_null(h.bad);
		assert_int_equal(h.at, SIM_HTTP_DONE);
		assert_int_equal(h.n_interim, 1);
		assert_slice(buf_slice(&h.body), "abc0123456789");
		assert_slice(sim_http_field(&h, "x-a"), "1");
		assert_slice(slice_skip(all, used), "next");
		sim_http_done(&h);
	}
}

/* ---- whole scenarios against the relay ---- */

static const struct sim_act hello[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(20), SIM_TEXT("lo"),
	SIM_FINISH("stop"),
	SIM_DONE, SIM_LAST_CHUNK, SIM_SHUT };
static const struct sim_act dies[] = { SIM_RESET };
static const struct sim_act hangs[] = { SIM_HANG };
static const struct sim_act flood[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(10000, 200, 0), SIM_FINISH("stop"),
	SIM_DONE, SIM_LAST_CHUNK,
	SIM_SHUT };
static const struct sim_act echo[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_ECHO, SIM_FINISH("stop"), SIM_DONE,
	SIM_LAST_CHUNK, SIM_SHUT };

/* The relay adds no key; the provider is content with one from the client. */
static const char *ask(struct sim *s, const char *text)
{
	return sim_post(s, "/v1/chat/completions", "Authorization: Bearer sim-key\r\n",
		sim_printf(s, "{\"messages\":[{\"content\":\"%s\"}]}", text));
}

static void the_relay_answers_and_fails_over(void **state)
{
	struct sim *s = sim_new(SIM_SEED, HERE);
	struct sim_provider *a = sim_provider(s, "a.test:80", dies, hangs, NULL),
		*b = sim_provider(s, "b.test:80", hello, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") } });
	struct sim_client *d;

	sim_run(s);
	sim_check_whole(s, c, "Hello");
	assert_int_equal(a->n, 1);
	assert_int_equal(b->n, 1);
	assert_true(sim_http_has(buf_slice(&b->seen[0]->http.body), "\"hi\""));
	assert_int_equal(c->answers[0].n_events, 5);
	assert_int_equal(sim_event_at(&c->answers[0], 2).at_ms - sim_event_at(&c->answers[0], 1).at_ms, 20);
	d = sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") } });
	sim_run(s);
	sim_check_whole(s, d, "Hello");
	/* the relay's clock for the first byte */
	assert_in_range(d->done_ms - d->answers[0].asked_ms, 1000, 1100);
	sim_check_left(s, a, d->answers[0].asked_ms + 1000, 50);
	assert_int_equal(a->seen[1]->fate, SIM_LEFT);
	assert_true(a->seen[1]->reset);
	sim_free(&s);
}

static void a_slow_reader_holds_the_provider_up(void **state)
{
	struct sim *s = sim_new(SIM_SEED, HERE);
	struct sim_provider *a = sim_provider(s, "a.test:80", flood, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") }, .read_piece = 1000,
		.read_gap_ms = 10,
		.buffer = 5000 });

	for (int i = 0; i < 50; i++) {
		sim_run_for(s, 100);
		/* what is between them: two network buffers and the relay's output */
		assert_true(a->seen[0]->sent <= c->received + 128u * 1024 + 5000 + 128u * 1024);
	}
	assert_in_range(c->received, 490000, 501000);
	assert_int_equal(a->seen[0]->fate, SIM_RUNNING);
	c->plan.read_piece = 0;
	sim_run(s);
	assert_int_equal(strlen(sim_text(s, &c->answers[0])), 2000000);
	assert_int_equal(a->seen[0]->fate, SIM_SERVED);
	sim_free(&s);
}

static struct sim *set_hello(uint64_t seed)
{
	struct sim *s = sim_new(seed, HERE);

	sim_provider(s, "a.test:80", hello, NULL);
	sim_provider(s, "b.test:80", hello, NULL);
	sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") } });
	return s;
}

static void check_left(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);

	if (!c->left)
		sim_check_whole(s, c, "Hello");
	sim_run_for(s, 1000);
	sim_check(s, sim_relay_open() == 0);
	sim_check_left(s, sim_first_provider(s), c->left_ms, 1000);
}

static void a_client_may_leave_at_every_step(void **state)
{
	size_t n = sim_sweep(&(struct sim_sweep){ .set = set_hello, .strike = sim_strike_client_resets,
		.check = check_left });

	assert_true(n >= 10);
	assert_true(sim_sweep(&(struct sim_sweep){ .set = set_hello, .strike = sim_strike_client_leaves,
		.check = check_left }) == n);
}

static void check_reset(struct sim *s)
{
	struct sim_client *c = sim_first_client(s);

	/* before the first byte the relay goes to b; later it must not pretend that all is well */
	if (c->answers[0].end == SIM_CLEAN)
		sim_check_whole(s, c, "Hello");
	else
		sim_check(s, c->answers[0].end == SIM_BROKEN);
	sim_check(s, sim_relay_open() == 0);
}

static void a_provider_may_die_at_every_step(void **state)
{
	size_t n = sim_sweep(&(struct sim_sweep){ .set = set_hello, .strike = sim_strike_provider_resets,
		.check = check_reset });

	assert_true(n >= 10);
}

static uint64_t fingerprint(uint64_t seed, uint64_t *out_steps)
{
	struct sim *s = sim_new_shuffled(seed, HERE);
	uint64_t sum = 0;

	sim_provider(s, "a.test:80", echo, NULL);
	for (int i = 0; i < 10; i++)
		sim_client(s, (struct sim_plan){ .at_ms = (uint64_t)i / 3,
			.sends = { ask(s, sim_printf(s, "say word%d", i)) } });
	sim_run(s);
	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		sim_check(s, c->answers[0].end == SIM_CLEAN);
		sum = sum * 31 + c->done_ms;
	}
	*out_steps = s->loop->steps * 1000003 + s->loop->turns + dice_u64(&s->loop->dice);
	sim_free(&s);
	return sum;
}

static void a_seed_replays_its_run(void **state)
{
	uint64_t steps[3], sums[3];

	sums[0] = fingerprint(7, &steps[0]);
	sums[1] = fingerprint(7, &steps[1]);
	sums[2] = fingerprint(8, &steps[2]);
	assert_true(sums[0] == sums[1]);
	assert_true(steps[0] == steps[1]);
	assert_true(steps[0] != steps[2]);
}

static void a_client_may_half_close_or_read_no_more(void **state)
{
	struct sim *s = sim_new(SIM_SEED, HERE);
	struct sim_provider *a = sim_provider(s, "a.test:80", flood, NULL);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") }, .read_stop = 20000,
		.buffer = 8000,
		.leave = SIM_LEAVES, .leave_at_ms = 4000 });

	sim_run(s);
	assert_int_equal(c->received, 20000);
	assert_int_equal(c->answers[0].end, SIM_PENDING);
	sim_run_for(s, 100);
	assert_int_equal(a->seen[0]->fate, SIM_LEFT);
	sim_check_left(s, a, c->left_ms, 100);
	sim_free(&s);
}

static void checks_tell_good_from_bad(void **state)
{
	static const struct sim_act no_done[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"), SIM_LAST_CHUNK,
		SIM_SHUT };
	static const struct sim_act cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"), SIM_FINISH("stop"),
		SIM_DONE, SIM_SHUT };
	static const struct sim_act error_then_cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"),
		SIM_SSE("{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":\"gone\"}}"), SIM_RESET };
	static const struct sim_act error_then_end[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"),
		SIM_SSE("{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":\"gone\"}}"),
		SIM_LAST_CHUNK, SIM_SHUT };
	static const struct sim_act refusal[] = { SIM_ERROR(503, "Connection: close\r\n", "server_error", "down"),
		SIM_SHUT };
	static const struct sim_act json[] = { SIM_JSON("He said \\\"hi\\\""), SIM_SHUT };
	static const struct {
		const struct sim_act *script;
		const char *text;
		bool whole, broken, refused;
	} rows[] = {
		{ hello, "Hello", true, false, false },
		{ hello, "Hell", false, false, false },
		{ no_done, "Hello", false, false, false },
		{ cut, "Hello", false, false, false },
		{ error_then_cut, "Hello", false, true, false },
		{ error_then_end, "Hello", false, false, false },
		{ refusal, "", false, false, true },
		{ json, "He said \"hi\"", true, false, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, HERE);
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask(s, "hi") } });
		const struct sim_answer *a = &c->answers[0];
		const char *why = "";

		sim_provider(s, "a.test:80", rows[i].script, NULL);
		sim_run(s);
		sim_check(s, sim_is_whole(s, a, rows[i].text, &why) == rows[i].whole);
		sim_check(s, sim_is_broken(s, a, rows[i].text, &why) == rows[i].broken);
		sim_check(s, sim_is_refused(s, a, &why) == rows[i].refused);
		sim_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarms_fire_at_their_time),
		cmocka_unit_test(tasks_run_before_graves),
		cmocka_unit_test(a_connection_ends_by_its_host),
		cmocka_unit_test(output_of_a_turn_leaves_at_its_end),
		cmocka_unit_test(a_full_stream_tells_when_there_is_room),
		cmocka_unit_test(a_paused_stream_holds_its_peer_up),
		cmocka_unit_test(a_paused_stream_notices_a_reset),
		cmocka_unit_test(an_end_is_told_as_the_owner_likes_it),
		cmocka_unit_test(tls_cut_short_is_no_orderly_end),
		cmocka_unit_test(closing_sends_what_is_queued),
		cmocka_unit_test(unread_bytes_at_close_mean_reset),
		cmocka_unit_test(bytes_to_a_closed_end_come_back_as_reset),
		cmocka_unit_test(splits_change_pieces_not_bytes),
		cmocka_unit_test(a_paused_listener_lets_clients_wait),
		cmocka_unit_test(bad_messages_are_refused),
		cmocka_unit_test(a_good_message_is_read_at_every_split),
		cmocka_unit_test(the_relay_answers_and_fails_over),
		cmocka_unit_test(a_slow_reader_holds_the_provider_up),
		cmocka_unit_test(a_client_may_leave_at_every_step),
		cmocka_unit_test(a_provider_may_die_at_every_step),
		cmocka_unit_test(a_seed_replays_its_run),
		cmocka_unit_test(a_client_may_half_close_or_read_no_more),
		cmocka_unit_test(checks_tell_good_from_bad),
	};
	return cmocka_run_group_tests_name("sim_selftest", tests, NULL, NULL);
}
