/* Several addresses, dead ones among them. */
#include "rig.h"

#include <fcntl.h>

#include "loop/dns.h"
#include "raw.h"

#define NAME SLICE("several.test")

/* Sockets that fill the backlog of a listener nobody accepts from: further SYNs are dropped, as by a black hole. */
struct hole {
	int listener, fill[8];
	int n;
};

static void hole_open(struct hole *h, const char *ip, uint16_t port)
{
	struct sockaddr_in a;
	int on = 1;

	h->listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	a = raw_addr(ip, port);
	assert_int_equal(bind(h->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(h->listener, 0), 0);
	a = raw_addr(ip, raw_port(h->listener));
	for (h->n = 0; h->n < 8; h->n++) {
		h->fill[h->n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(h->fill[h->n], (struct sockaddr *)&a, sizeof(a));
	}
}

static void hole_close(struct hole *h)
{
	while (h->n > 0)
		close(h->fill[--h->n]);
	close(h->listener);
}

static bool until_over(struct end *e)
{
	return e->closes + e->opens > 0;
}

static void add(struct dns_addrs *a, const char *text)
{
	assert_true(ip_parse(slice_str(text), 0, &a->ip[a->n++]));
}

struct scene {
	struct rig r;
	struct end srv, e;
	struct dns_addrs a;
	uint64_t ms;
};

static void scene_init(struct scene *c, const char *listen)
{
	*c = (struct scene){ 0 };
	rig_init(&c->r);
	end_init(&c->srv, &c->r, NULL);
	end_init(&c->e, &c->r, until_over);
	rig_listen(&c->r, listen, NULL, rig_on_accept, &c->srv);
}

static void scene_run(struct scene *c, uint16_t port, uint64_t connect_ms)
{
	dns_preset(c->r.loop, NAME, &c->a, 60, 0);
	uint64_t from = loop_clock(c->r.loop);
	end_open(&c->e, SLICE("SEVERAL.test"), port, NULL, NULL, connect_ms);
	rig_run(&c->r);
	c->ms = (loop_clock(c->r.loop) - from) / 1000000;
}

static void scene_done(struct scene *c)
{
	end_done(&c->e);
	end_done(&c->srv);
	rig_done(&c->r);
}

static void test_black_hole(void **state)
{
	struct scene c;
	struct hole h;
	scene_init(&c, "127.0.0.1:0");
	hole_open(&h, "127.0.0.2", 0);
	add(&c.a, "127.0.0.2");
	scene_run(&c, raw_port(h.listener), 80);
	assert_int_equal(c.e.why, ERR_UP_CONNECT_TIMEOUT);
	assert_true(c.ms >= 79);
	hole_close(&h);
	scene_done(&c);
}

/* The first address is a black hole: the second is tried beside it after 250 ms. */
static void test_second_beside(void **state)
{
	struct scene c;
	struct hole h;
	scene_init(&c, "127.0.0.1:0");
	hole_open(&h, "127.0.0.2", c.r.port);
	add(&c.a, "127.0.0.2");
	add(&c.a, "127.0.0.1");
	scene_run(&c, c.r.port, 20000);
	assert_int_equal(c.e.opens, 1);
	assert_string_equal(c.e.peer, listen_addr(c.r.listen));
	assert_true(c.ms >= 249);
	/* The next one knows better. */
	end_done(&c.e);
	end_done(&c.srv);
	end_init(&c.e, &c.r, until_over);
	end_init(&c.srv, &c.r, NULL);
	end_open(&c.e, NAME, c.r.port, NULL, NULL, 200);
	rig_run(&c.r);
	assert_int_equal(c.e.opens, 1);
	hole_close(&h);
	scene_done(&c);
}

/* The first three refuse: the fourth is tried at once, long before 250 ms are over. */
static void test_next_at_once(void **state)
{
	struct scene c;
	scene_init(&c, "127.0.0.1:0");
	add(&c.a, "127.0.0.2");
	add(&c.a, "127.0.0.3");
	add(&c.a, "127.0.0.4");
	add(&c.a, "127.0.0.1");
	scene_run(&c, c.r.port, 200);		/* less than one delay */
	assert_int_equal(c.e.opens, 1);
	scene_done(&c);
}

static void test_all_refuse(void **state)
{
	struct scene c;
	uint16_t port = raw_closed_port();
	scene_init(&c, "127.0.0.1:0");
	for (int i = 0; i < DNS_ADDRS_MAX; i++)
		add(&c.a, i % 2 ? "127.0.0.2" : "127.0.0.3");
	scene_run(&c, port, 200);
	assert_int_equal(c.e.why, ERR_UP_REFUSED);
	scene_done(&c);
}

/* Families take turns: [v4 dead, v4 alive, v6 alive] goes to v6. */
static void test_families_take_turns(void **state)
{
	struct scene c;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has_v6 = fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)) == 0;

	if (fd >= 0)
		close(fd);
	if (!has_v6)
		skip();
	scene_init(&c, "[::]:0");
	struct hole h;
	hole_open(&h, "127.0.0.2", 0);
	add(&c.a, "127.255.255.255");		/* the broadcast address of loopback: refused at once */
	add(&c.a, "127.0.0.1");
	add(&c.a, "::1");
	scene_run(&c, c.r.port, 5000);
	assert_int_equal(c.e.opens, 1);
	assert_non_null(strstr(c.e.peer, "[::1]:"));
	assert_string_equal(c.e.peer, stream_peer(c.e.s));
	hole_close(&h);
	scene_done(&c);
}

/* Nothing is left behind when the owner loses interest with tries in progress. */
static void test_abandon(void **state)
{
	struct scene c;
	struct hole h;
	scene_init(&c, "127.0.0.1:0");
	hole_open(&h, "127.0.0.2", c.r.port);
	add(&c.a, "127.0.0.2");
	add(&c.a, "127.0.0.2");
	dns_preset(c.r.loop, NAME, &c.a, 60, 0);
	end_open(&c.e, NAME, c.r.port, NULL, NULL, 20000);
	stream_close(&c.e.s, 1000);
	listen_close(&c.r.listen);
	rig_run(&c.r);		/* nothing is open any more */
	assert_int_equal(c.e.closes, 0);
	hole_close(&h);
	scene_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_second_beside),
		cmocka_unit_test(test_next_at_once),
		cmocka_unit_test(test_all_refuse),
		cmocka_unit_test(test_families_take_turns),
		cmocka_unit_test(test_abandon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
