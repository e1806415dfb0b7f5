/* Connection pools against real sockets on loopback. */
#include "unit/upstream/peers.h"

#include "unit/loop/raw.h"

/* One who asks for a connection. */
struct holder {
	struct lease lease;
	struct peers *peers;
	int ready, failed, closed;
	enum err why;
	int order;		/* of its last callback among all */
	bool inside;		/* pool_take has not returned */
};

static int calls;

static void holder_on_data(void *arg, struct slice bytes)
{
}

static void holder_on_close(void *arg, enum err why)
{
	struct holder *h = arg;
	h->closed++;
	pool_lost(&h->lease);
}

static const struct stream_events holder_events = { .on_data = holder_on_data, .on_close = holder_on_close };

static void on_ready(struct lease *l)
{
	struct holder *h = LIST_ITEM(l, struct holder, lease);
	assert_false(h->inside);
	assert_int_equal(l->state, LEASE_BUSY);
	assert_non_null(l->stream);
	stream_own(l->stream, &holder_events, h);
	h->ready++;
	h->order = ++calls;
}

static void on_fail(struct lease *l, enum err why)
{
	struct holder *h = LIST_ITEM(l, struct holder, lease);
	assert_false(h->inside);
	assert_int_equal(l->state, LEASE_NONE);
	assert_null(l->stream);
	h->failed++;
	h->why = why;
	h->order = ++calls;
}

/* True: it got one at once. */
static bool take_for(struct peers *p, struct holder *h, bool fresh, uint64_t connect_ms)
{
	h->peers = p;
	h->lease.on_ready = on_ready;
	h->lease.on_fail = on_fail;
	h->inside = true;
	bool got = pool_take(p->provider.pool, &h->lease, fresh, connect_ms);
	h->inside = false;
	assert_int_equal(h->lease.state, got ? LEASE_BUSY : LEASE_WAIT);
	if (got)
		stream_own(h->lease.stream, &holder_events, h);
	return got;
}

static bool take(struct peers *p, struct holder *h)
{
	return take_for(p, h, false, 2000);
}

static void take_and_wait(struct peers *p, struct holder *h)
{
	assert_false(take(p, h));
	run_until(p, h->lease.state == LEASE_BUSY);
}

static void put(struct holder *h, bool fit)
{
	pool_put(&h->lease, fit);
	assert_int_equal(h->lease.state, LEASE_NONE);
	assert_null(h->lease.stream);
}

static uint64_t count(enum counter c)
{
	return counter_values[c];
}

static void test_a_connection_is_opened_then_used_again(void **state)
{
	struct peers p;
	struct holder h = { .ready = 0 };

	peers_open(&p);
	peers_pool(&p);
	assert_false(take(&p, &h));
	assert_int_equal(h.ready, 0);		/* not inside, and nothing is given that is not open */
	run_until(&p, h.ready);
	assert_false(h.lease.reused);
	struct stream *s = h.lease.stream;
	put(&h, true);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	for (int i = 0; i < 3; i++) {
		assert_true(take(&p, &h));
		assert_ptr_equal(h.lease.stream, s);
		assert_true(h.lease.reused);
		assert_int_equal(count(COUNTER_upstream_idle), 0);
		put(&h, true);
	}
	assert_int_equal(count(COUNTER_upstream_connects), 1);
	assert_int_equal(h.ready, 1);		/* given at once: no callback */
	peers_close(&p);
}

static void test_the_freshest_is_given_first(void **state)
{
	struct peers p;
	struct holder h[3] = { { .ready = 0 } };
	struct stream *s[3];

	peers_open(&p);
	peers_pool(&p);
	for (int i = 0; i < 3; i++) {
		take_and_wait(&p, &h[i]);
		s[i] = h[i].lease.stream;
	}
	put(&h[1], true);
	put(&h[0], true);
	put(&h[2], true);
	static const int want[] = { 2, 0, 1 };
	for (int i = 0; i < 3; i++) {
		assert_true(take(&p, &h[i]));
		assert_ptr_equal(h[i].lease.stream, s[want[i]]);
	}
	for (int i = 0; i < 3; i++)
		put(&h[i], true);
	peers_close(&p);
}

static void test_an_unfit_one_is_closed(void **state)
{
	struct peers p;
	struct holder h = { .ready = 0 };

	peers_open(&p);
	peers_pool(&p);
	take_and_wait(&p, &h);
	put(&h, false);
	assert_int_equal(count(COUNTER_upstream_open), 0);
	run_until(&p, p.v[0].gone);
	assert_false(take(&p, &h));
	run_until(&p, h.ready == 2);
	assert_int_equal(p.n, 2);
	assert_false(h.lease.reused);
	put(&h, true);
	peers_close(&p);
}

/* At the maximum the rest waits, and is served in the order in which it came. */
static void test_the_maximum_holds_and_the_rest_waits_in_order(void **state)
{
	enum { N = 6, MAX = 2 };
	struct peers p;
	struct holder h[N] = { { .ready = 0 } };

	peers_open(&p);
	p.provider.max_connections = MAX;
	peers_pool(&p);
	for (int i = 0; i < N; i++)
		assert_false(take(&p, &h[i]));
	assert_int_equal(count(COUNTER_upstream_connects), MAX);
	assert_int_equal(count(COUNTER_upstream_queued), N - MAX);
	run_until(&p, h[0].ready && h[1].ready);
	for (int i = 2; i < N; i++) {
		run_ms(&p, 1);
		assert_int_equal(h[i].ready, 0);
		put(&h[i - 2], true);
		run_until(&p, h[i].ready);
		assert_true(h[i].lease.reused);
		assert_true(h[i].order > h[i - 1].order);
	}
	put(&h[N - 1], true);
	put(&h[N - 2], true);
	assert_int_equal(p.n, MAX);
	peers_close(&p);
}

/* The same when the one that is given back cannot be used: a new one is opened in its place. */
static void test_a_waiter_gets_a_new_one_for_one_that_is_lost(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 }, c = { .ready = 0 };

	peers_open(&p);
	p.provider.max_connections = 1;
	peers_pool(&p);
	take_and_wait(&p, &a);
	assert_false(take(&p, &b));
	assert_false(take(&p, &c));
	put(&a, false);
	run_until(&p, b.ready);
	assert_false(b.lease.reused);
	assert_int_equal(p.n, 2);
	stream_abort(&p.v[1].s, true);		/* the peer resets it: b's on_close, pool_lost */
	p.v[1].gone = true;
	run_until(&p, c.ready);
	assert_int_equal(b.closed, 1);
	assert_int_equal(b.lease.state, LEASE_NONE);
	assert_int_equal(p.n, 3);
	put(&c, true);
	peers_close(&p);
}

static void test_a_full_queue_refuses(void **state)
{
	struct peers p;
	struct holder h[5] = { { .ready = 0 } };

	peers_open(&p);
	p.provider.max_connections = 1;
	p.provider.max_waiting = 2;
	peers_pool(&p);
	take_and_wait(&p, &h[0]);
	for (int i = 1; i < 5; i++)
		assert_false(take(&p, &h[i]));
	assert_int_equal(h[3].failed + h[4].failed, 0);		/* not inside pool_take */
	assert_int_equal(count(COUNTER_upstream_queue_full), 2);
	run_until(&p, h[3].failed && h[4].failed);
	assert_int_equal(h[3].why, ERR_UP_QUEUE_FULL);
	assert_int_equal(h[4].why, ERR_UP_QUEUE_FULL);
	put(&h[0], true);
	run_until(&p, h[1].ready);
	put(&h[1], true);
	run_until(&p, h[2].ready);
	put(&h[2], true);
	assert_true(take(&p, &h[3]));		/* a refused lease can be used again */
	put(&h[3], true);
	peers_close(&p);
}

/* No queue at all: who can have a connection of its own does not count as waiting. */
static void test_without_a_queue(void **state)
{
	struct peers p;
	struct holder h[3] = { { .ready = 0 } };

	peers_open(&p);
	p.provider.max_connections = 2;
	p.provider.max_waiting = 0;
	peers_pool(&p);
	for (int i = 0; i < 3; i++)
		assert_false(take(&p, &h[i]));
	run_until(&p, h[0].ready && h[1].ready && h[2].failed);
	assert_int_equal(h[2].why, ERR_UP_QUEUE_FULL);
	put(&h[0], true);
	put(&h[1], true);
	peers_close(&p);
}

static void test_waiting_has_a_limit(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 };

	peers_open(&p);
	p.provider.max_connections = 1;
	p.provider.queue_ms = 20;
	peers_pool(&p);
	take_and_wait(&p, &a);
	uint64_t from = loop_now(p.rig.loop);
	assert_false(take_for(&p, &b, false, 10));
	run_until(&p, b.failed);
	assert_int_equal(b.why, ERR_UP_QUEUE_TIMEOUT);
	uint64_t waited = loop_now(p.rig.loop) - from;
	assert_true(waited >= 19 * 1000000ull);		/* queue time alone: there was nothing to connect */
	put(&a, true);
	assert_int_equal(b.ready, 0);		/* not handed to somebody who went away */
	assert_true(take(&p, &b));
	put(&b, true);
	peers_close(&p);
}

/* A host that refuses fails one waiter for each attempt: nobody waits for ever, and nobody is failed for
 * another's attempt. */
static void test_a_dead_host_fails_one_waiter_each(void **state)
{
	struct peers p;
	struct holder h[3] = { { .ready = 0 } };

	peers_open(&p);
	p.provider.url.port = raw_closed_port();
	p.provider.max_connections = 1;
	peers_pool(&p);
	for (int i = 0; i < 3; i++)
		assert_false(take(&p, &h[i]));
	assert_int_equal(count(COUNTER_upstream_connects), 1);
	run_until(&p, h[0].failed);
	run_until(&p, h[2].failed);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(h[i].failed, 1);
		assert_int_equal(h[i].why, ERR_UP_REFUSED);
	}
	assert_true(h[0].order < h[1].order && h[1].order < h[2].order);
	assert_int_equal(count(COUNTER_upstream_connects), 3);
	peers_close(&p);
}

static void test_idle_ones_are_closed_in_time(void **state)
{
	struct peers p;
	struct holder h = { .ready = 0 };

	peers_open(&p);
	p.provider.idle_ms = 15;
	peers_pool(&p);
	take_and_wait(&p, &h);
	run_ms(&p, 30);
	assert_int_equal(h.closed, 0);		/* in use: no matter how long */
	put(&h, true);
	assert_true(take(&p, &h));
	run_ms(&p, 30);
	assert_int_equal(h.closed, 0);		/* the clock stopped when it was taken */
	put(&h, true);
	run_until(&p, p.v[0].gone);
	assert_int_equal(count(COUNTER_upstream_idle), 0);
	assert_false(take(&p, &h));
	run_until(&p, h.ready == 2);
	put(&h, true);
	peers_close(&p);
}

/* The clock of one that is taken stands still, also while others are idle. */
static void test_the_idle_clock_stops_in_use(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 };

	peers_open(&p);
	p.provider.idle_ms = 60;
	peers_pool(&p);
	take_and_wait(&p, &a);
	take_and_wait(&p, &b);
	run_until(&p, p.n == 2);
	put(&a, true);
	assert_true(take(&p, &a));
	run_ms(&p, 20);
	put(&b, true);
	run_ms(&p, 50);		/* past a's time, before b's */
	assert_int_equal(a.lease.state, LEASE_BUSY);
	assert_int_equal(peers_live(&p), 2);
	put(&a, true);
	peers_close(&p);
}

/* An idle connection that ends or speaks is no longer given to anybody. */
static void test_idle_ones_that_end_or_speak_are_dropped(void **state)
{
	for (int way = 0; way < 3; way++) {
		struct peers p;
		struct holder h = { .ready = 0 };
		peers_open(&p);
		peers_pool(&p);
		take_and_wait(&p, &h);
		put(&h, true);
		if (way == 0)
			peer_say(&p.v[0], "HTTP/1.1 408 Request Timeout\r\n\r\n");
		else
			stream_abort(&p.v[0].s, way == 1);
		p.v[0].gone = way != 0;
		run_until(&p, count(COUNTER_upstream_idle) == 0);
		run_until(&p, p.v[0].gone);
		assert_int_equal(count(COUNTER_upstream_open), 0);
		assert_false(take(&p, &h));
		run_until(&p, h.ready == 2);
		assert_false(h.lease.reused);
		put(&h, true);
		peers_close(&p);
	}
}

static void test_warm_ones_are_opened_ahead_and_kept(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 };

	peers_open(&p);
	p.provider.warm = 2;
	p.provider.idle_ms = 10;
	peers_pool(&p);
	run_until(&p, count(COUNTER_upstream_idle) == 2 && p.n == 2);
	run_ms(&p, 40);
	assert_int_equal(count(COUNTER_upstream_idle), 2);	/* idle time does not touch them */
	assert_true(take(&p, &a));
	assert_false(a.lease.reused);
	assert_true(take(&p, &b));
	assert_int_equal(p.n, 2);
	put(&a, true);
	put(&b, true);
	struct holder more[3] = { { .ready = 0 } };
	for (int i = 0; i < 3; i++)
		take(&p, &more[i]);
	run_until(&p, more[2].ready);
	for (int i = 0; i < 3; i++)
		put(&more[i], true);
	assert_int_equal(count(COUNTER_upstream_idle), 3);
	run_until(&p, count(COUNTER_upstream_idle) == 2);	/* what is above goes */
	run_ms(&p, 40);
	assert_int_equal(count(COUNTER_upstream_idle), 2);
	assert_int_equal(p.n, 3);
	peers_close(&p);
}

/* A warm one that was lost is replaced, but not at once: a host that is down is not hammered. */
static void test_a_lost_warm_one_is_replaced_after_a_while(void **state)
{
	struct peers p;

	peers_open(&p);
	p.provider.warm = 1;
	peers_pool(&p);
	run_until(&p, count(COUNTER_upstream_idle) == 1 && p.n == 1);
	stream_abort(&p.v[0].s, true);
	p.v[0].gone = true;
	run_until(&p, count(COUNTER_upstream_idle) == 0);
	run_ms(&p, 50);
	assert_int_equal(count(COUNTER_upstream_connects), 1);
	run_until(&p, count(COUNTER_upstream_idle) == 1);
	assert_int_equal(count(COUNTER_upstream_connects), 2);
	peers_close(&p);
}

/* Draining: idle ones go, what comes back goes, no warm ones; requests in progress and late ones still get
 * through. */
static void test_drain(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 };

	peers_open(&p);
	p.provider.warm = 1;
	peers_pool(&p);
	take_and_wait(&p, &a);
	run_until(&p, count(COUNTER_upstream_idle) == 1 || count(COUNTER_upstream_connects) > 1 || p.n == 1);
	take(&p, &b);
	run_until(&p, b.lease.state == LEASE_BUSY);
	put(&b, true);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	pools_drain(p.pools);
	assert_int_equal(count(COUNTER_upstream_idle), 0);
	run_until(&p, peers_live(&p) == 1);
	put(&a, true);
	assert_int_equal(count(COUNTER_upstream_idle), 0);
	run_until(&p, peers_live(&p) == 0);
	uint64_t opened = count(COUNTER_upstream_connects);
	run_ms(&p, 1100);			/* past the time after which a lost warm one is replaced */
	assert_int_equal(count(COUNTER_upstream_connects), opened);
	assert_false(take(&p, &b));
	run_until(&p, b.lease.state == LEASE_BUSY);
	put(&b, true);
	assert_int_equal(count(COUNTER_upstream_open), 0);
	peers_close(&p);
}

/* `fresh`: not one that has carried a request, for its siblings may be as dead as it was. */
static void test_fresh(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 }, c = { .ready = 0 };

	peers_open(&p);
	p.provider.max_connections = 2;
	peers_pool(&p);
	take_and_wait(&p, &a);
	take_and_wait(&p, &b);
	struct stream *first = a.lease.stream;
	put(&a, true);
	put(&b, true);
	assert_false(take_for(&p, &c, true, 2000));	/* both have been used: the older one makes room */
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	run_until(&p, c.ready);
	assert_false(c.lease.reused);
	assert_ptr_not_equal(c.lease.stream, first);
	run_until(&p, p.v[0].gone);
	assert_false(p.v[1].gone);
	put(&c, true);
	peers_close(&p);
}

static void test_an_unused_warm_one_is_fresh(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 };

	peers_open(&p);
	p.provider.warm = 1;
	peers_pool(&p);
	run_until(&p, count(COUNTER_upstream_idle) == 1);
	assert_true(take_for(&p, &a, true, 2000));
	assert_false(a.lease.reused);
	put(&a, true);
	assert_false(take_for(&p, &a, true, 2000));
	run_until(&p, a.ready);
	assert_int_equal(p.n, 2);
	put(&a, true);
	peers_close(&p);
}

/* One that stops waiting hears nothing more; the connection on its way serves the next, or becomes idle. */
static void test_a_waiter_may_leave(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 }, b = { .ready = 0 }, full = { .ready = 0 };

	peers_open(&p);
	p.provider.max_connections = 1;
	p.provider.max_waiting = 1;
	peers_pool(&p);
	assert_false(take(&p, &a));
	assert_false(take(&p, &b));
	assert_false(take(&p, &full));		/* refused, but it leaves before it is told */
	put(&full, false);
	put(&a, false);
	run_until(&p, b.ready);
	assert_int_equal(p.n, 1);
	assert_int_equal(a.ready + a.failed + full.ready + full.failed, 0);
	put(&b, true);
	assert_true(take(&p, &a));
	assert_false(take(&p, &b));
	put(&b, true);				/* the only waiter */
	put(&a, true);
	assert_int_equal(count(COUNTER_upstream_idle), 1);
	peers_close(&p);
	assert_int_equal(b.ready, 1);
}

static void test_the_last_waiter_leaves_while_it_opens(void **state)
{
	struct peers p;
	struct holder a = { .ready = 0 };

	peers_open(&p);
	peers_pool(&p);
	assert_false(take(&p, &a));
	put(&a, true);
	run_until(&p, count(COUNTER_upstream_idle) == 1);
	assert_int_equal(a.ready, 0);
	assert_true(take(&p, &a));
	assert_false(a.lease.reused);
	put(&a, true);
	peers_close(&p);
}

/* Closing with connections on their way. */
static void test_closing_while_it_opens(void **state)
{
	struct peers p;

	peers_open(&p);
	p.provider.warm = 3;
	peers_pool(&p);
	assert_int_equal(count(COUNTER_upstream_open), 3);
	peers_close(&p);
}

/* One pool an origin; trust is part of it.  A reload changes the limits of a pool that lives on. */
static void test_origins(void **state)
{
	struct peers p;
	struct holder h[2] = { { .ready = 0 } };

	peers_open(&p);
	p.provider.max_connections = 1;
	struct pool *pool = peers_pool(&p);
	struct provider other = p.provider;
	other.name = SLICE("b");
	other.url.path = SLICE("/v2");
	assert_ptr_equal(pools_get(p.pools, &other), pool);
	other.url.port++;
	assert_ptr_not_equal(pools_get(p.pools, &other), pool);
	other = p.provider;
	other.url.host = SLICE("localhost");
	assert_ptr_not_equal(pools_get(p.pools, &other), pool);
	other = p.provider;
	other.ca_file = SLICE("/ca.pem");
	assert_ptr_not_equal(pools_get(p.pools, &other), pool);
	other = p.provider;
	other.tls_insecure = true;
	assert_ptr_not_equal(pools_get(p.pools, &other), pool);
	other = p.provider;
	other.url.tls = true;
	assert_ptr_not_equal(pools_get(p.pools, &other), pool);
	take_and_wait(&p, &h[0]);
	p.provider.max_connections = 2;
	assert_ptr_equal(peers_pool(&p), pool);
	take_and_wait(&p, &h[1]);
	put(&h[0], true);
	put(&h[1], true);
	peers_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_connection_is_opened_then_used_again),
		cmocka_unit_test(test_the_freshest_is_given_first),
		cmocka_unit_test(test_an_unfit_one_is_closed),
		cmocka_unit_test(test_the_maximum_holds_and_the_rest_waits_in_order),
		cmocka_unit_test(test_a_waiter_gets_a_new_one_for_one_that_is_lost),
		cmocka_unit_test(test_a_full_queue_refuses),
		cmocka_unit_test(test_without_a_queue),
		cmocka_unit_test(test_waiting_has_a_limit),
		cmocka_unit_test(test_a_dead_host_fails_one_waiter_each),
		cmocka_unit_test(test_idle_ones_are_closed_in_time),
		cmocka_unit_test(test_the_idle_clock_stops_in_use),
		cmocka_unit_test(test_idle_ones_that_end_or_speak_are_dropped),
		cmocka_unit_test(test_warm_ones_are_opened_ahead_and_kept),
		cmocka_unit_test(test_a_lost_warm_one_is_replaced_after_a_while),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_an_unused_warm_one_is_fresh),
		cmocka_unit_test(test_a_waiter_may_leave),
		cmocka_unit_test(test_the_last_waiter_leaves_while_it_opens),
		cmocka_unit_test(test_closing_while_it_opens),
		cmocka_unit_test(test_origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
