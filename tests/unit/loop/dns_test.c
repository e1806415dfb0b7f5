/* c-ares on the loop, against a name server in the test: one UDP socket on loopback, answering from a script. */
#include "rig.h"

#include "loop/dns.h"
#include "loop/watch.h"
#include "raw.h"

enum { TYPE_A = 1, TYPE_AAAA = 28 };
enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, SILENT = 99 };

struct server {
	struct rig r;
	struct watch *watch;
	int rcode;
	uint32_t ttl_s;
	const char *v4[12];		/* NULL-terminated */
	bool v6;			/* ::1 too */
	int asked_a, asked_aaaa;
};

static size_t put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
	return 2;
}

/* One answer record: a pointer to the question's name, type, class IN, TTL, address. */
static size_t put_record(unsigned char *p, unsigned type, uint32_t ttl_s, const char *text)
{
	size_t n = 0, len = type == TYPE_A ? 4 : 16;
	n += put16(p, 0xc00c);
	n += put16(p + n, type);
	n += put16(p + n, 1);
	n += put16(p + n, ttl_s >> 16);
	n += put16(p + n, ttl_s & 0xffff);
	n += put16(p + n, (unsigned)len);
	assert_int_equal(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, p + n), 1);
	return n + len;
}

static void on_query(void *arg, unsigned ready)
{
	struct server *s = arg;
	unsigned char q[512], a[2048];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(watch_fd(s->watch), q, sizeof(q), 0, (struct sockaddr *)&from, &len);

	assert_true(got > 16);
	size_t end = 12;
	while (q[end])
		end += q[end] + 1u;
	end += 5;
	unsigned type = q[end - 3];
	*(type == TYPE_A ? &s->asked_a : &s->asked_aaaa) += 1;
	if (s->rcode == SILENT)
		return;
	memset(a, 0, 12);
	memcpy(a, q, 2);
	memcpy(a + 12, q + 12, end - 12);
	put16(a + 2, 0x8180 | (unsigned)s->rcode);	/* answer, recursion wanted and available */
	a[5] = 1;
	size_t n = end;
	for (int i = 0; s->rcode == NOERROR && type == TYPE_A && s->v4[i]; i++, a[7]++)
		n += put_record(a + n, TYPE_A, s->ttl_s, s->v4[i]);
	if (s->rcode == NOERROR && type == TYPE_AAAA && s->v6) {
		n += put_record(a + n, TYPE_AAAA, s->ttl_s, "::1");
		a[7]++;
	}
	assert_int_equal(sendto(watch_fd(s->watch), a, n, 0, (struct sockaddr *)&from, len), n);
}

static void server_init(struct server *s, uint64_t wait_ms)
{
	char addr[32];
	int fd = raw_bind(SOCK_DGRAM | SOCK_NONBLOCK, "127.0.0.1", 0);

	*s = (struct server){ .ttl_s = 60, .v4 = { "127.0.0.1" } };
	rig_init(&s->r);
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", raw_port(fd));
	dns_set_servers(s->r.loop, addr, wait_ms);
	s->watch = watch_new(s->r.loop, fd, on_query, s);
	assert_non_null(s->watch);
	watch_set(s->watch, WATCH_READ);
}

static void server_done(struct server *s)
{
	watch_close(&s->watch);
	rig_done(&s->r);
}

/* One who asks. */
struct asker {
	struct dns_wait wait;
	struct server *server;
	int answers;
	bool found;
	struct dns_addrs got;
};

static int open_askers;

static void on_answer(struct dns_wait *w, const struct dns_addrs *found)
{
	struct asker *k = CONTAINER(w, struct asker, wait);
	k->answers++;
	k->found = found != NULL;
	if (found)
		k->got = *found;
	if (--open_askers == 0)
		loop_stop(k->server->r.loop);
}

static enum dns_state ask(struct asker *k, struct server *s, const char *name)
{
	*k = (struct asker){ .server = s };
	dns_wait_init(&k->wait, on_answer);
	enum dns_state st = dns_ask(s->r.loop, slice_str(name), &k->wait, &k->got);
	open_askers += st == DNS_LATER;
	assert_int_equal(k->answers, 0);	/* never inside dns_ask() */
	return st;
}

static void shows(const struct dns_addrs *a, size_t i, const char *want)
{
	char text[IP_TEXT];
	assert_true(i < a->n);
	assert_string_equal(ip_print(&a->ip[i], text), want);
}

static void test_one_lookup_for_all(void **state)
{
	struct server s;
	struct asker k[3], again;
	server_init(&s, 5000);
	s.v6 = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(&k[i], &s, i ? "API.one.test." : "api.one.test."), DNS_LATER);
	rig_run(&s.r);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(k[i].answers, 1);
		assert_true(k[i].found);
		assert_int_equal(k[i].got.n, 2);	/* both families */
	}
	assert_int_equal(s.asked_a, 1);
	assert_int_equal(s.asked_aaaa, 1);
	assert_int_equal(ask(&again, &s, "api.one.test."), DNS_KNOWN);
	assert_int_equal(again.got.n, 2);
	assert_int_equal(s.asked_a, 1);
	server_done(&s);
}

static void test_no_such_name(void **state)
{
	struct server s;
	struct asker k;
	server_init(&s, 5000);
	s.rcode = NXDOMAIN;
	assert_int_equal(ask(&k, &s, "none.test."), DNS_LATER);
	rig_run(&s.r);
	assert_int_equal(k.answers, 1);
	assert_false(k.found);
	assert_int_equal(ask(&k, &s, "none.test."), DNS_NONE);	/* remembered */
	assert_int_equal(s.asked_a, 1);
	server_done(&s);
}

static void test_name_without_address(void **state)
{
	struct server s;
	struct asker k;
	server_init(&s, 5000);
	s.v4[0] = NULL;
	assert_int_equal(ask(&k, &s, "empty.test."), DNS_LATER);
	rig_run(&s.r);
	assert_false(k.found);
	assert_int_equal(ask(&k, &s, "empty.test."), DNS_NONE);
	server_done(&s);
}

static void test_many_addresses(void **state)
{
	struct server s;
	struct asker k;
	server_init(&s, 5000);
	for (int i = 0; i < 11; i++)
		s.v4[i] = "127.0.0.1";
	assert_int_equal(ask(&k, &s, "many.test."), DNS_LATER);
	rig_run(&s.r);
	assert_true(k.found);
	assert_int_equal(k.got.n, DNS_ADDRS_MAX);
	server_done(&s);
}

static struct dns_addrs old_addrs(void)
{
	struct dns_addrs a = { .n = 1 };
	assert_true(ip_parse(SLICE("127.0.0.9"), 0, &a.ip[0]));
	return a;
}

/* The time to live is over and the servers fail, or stay silent: the old answer goes on being used. */
static void test_stale(void **state)
{
	for (int silent = 0; silent < 2; silent++) {
		struct server s;
		struct asker k;
		struct dns_addrs old = old_addrs();
		server_init(&s, 40);
		s.rcode = silent ? SILENT : SERVFAIL;
		dns_preset(s.r.loop, SLICE("old.test."), &old, 1, 1500);
		assert_int_equal(ask(&k, &s, "old.test."), DNS_LATER);
		rig_run(&s.r);
		assert_true(k.found);
		shows(&k.got, 0, "127.0.0.9:0");
		assert_true(s.asked_a > 0);
		assert_int_equal(ask(&k, &s, "old.test."), DNS_KNOWN);	/* nobody waits again for a while */
		server_done(&s);
	}
}

/* Over, and the servers answer: the new address counts. */
static void test_changed(void **state)
{
	struct server s;
	struct asker k;
	struct dns_addrs old = old_addrs();
	server_init(&s, 5000);
	dns_preset(s.r.loop, SLICE("old.test."), &old, 1, 1500);
	assert_int_equal(ask(&k, &s, "old.test."), DNS_LATER);
	rig_run(&s.r);
	shows(&k.got, 0, "127.0.0.1:0");
	server_done(&s);
}

/* Near its end: used at once, and asked for beside. */
static void test_refresh_ahead(void **state)
{
	struct server s;
	struct asker k, other;
	struct dns_addrs old = old_addrs();
	server_init(&s, 5000);
	dns_preset(s.r.loop, SLICE("old.test."), &old, 1, 800);
	assert_int_equal(ask(&k, &s, "old.test."), DNS_KNOWN);
	shows(&k.got, 0, "127.0.0.9:0");
	assert_int_equal(ask(&other, &s, "other.test."), DNS_LATER);	/* asked later, so answered later */
	rig_run(&s.r);
	assert_int_equal(s.asked_a, 2);
	server_done(&s);
}

static void test_silent_server(void **state)
{
	struct server s;
	struct asker k, other;
	server_init(&s, 30);
	s.rcode = SILENT;
	assert_int_equal(ask(&k, &s, "slow.test."), DNS_LATER);
	rig_run(&s.r);
	assert_int_equal(k.answers, 1);
	assert_false(k.found);
	assert_int_equal(ask(&k, &s, "slow.test."), DNS_NONE);
	/* Other names are not held up by the one that hangs. */
	s.rcode = NOERROR;
	assert_int_equal(ask(&other, &s, "quick.test."), DNS_LATER);
	rig_run(&s.r);
	assert_true(other.found);
	server_done(&s);
}

static void test_forget(void **state)
{
	struct server s;
	struct asker k, other;
	server_init(&s, 5000);
	assert_int_equal(ask(&k, &s, "a.test."), DNS_LATER);
	assert_int_equal(ask(&other, &s, "a.test."), DNS_LATER);
	dns_forget(&k.wait);
	dns_forget(&k.wait);
	open_askers--;
	rig_run(&s.r);
	assert_int_equal(k.answers, 0);
	assert_int_equal(other.answers, 1);
	server_done(&s);
}

static void test_without_a_server(void **state)
{
	struct server s;
	struct asker k;
	char longest[300];
	server_init(&s, 5000);
	assert_int_equal(ask(&k, &s, "localhost"), DNS_KNOWN);		/* the hosts file */
	assert_true(k.got.n > 0);
	assert_int_equal(ask(&k, &s, ""), DNS_NONE);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(ask(&k, &s, longest), DNS_NONE);
	longest[70] = '.';
	longest[100] = 0;
	assert_int_equal(ask(&k, &s, longest), DNS_NONE);		/* a label of 70 */
	assert_int_equal(s.asked_a, 0);
	server_done(&s);
}

/* No server at all (the port is closed): known at once, not after a time-out. */
static void test_no_server(void **state)
{
	struct server s;
	struct asker k;
	char addr[32];
	int fd = raw_bind(SOCK_DGRAM, "127.0.0.1", 0);
	server_init(&s, 15000);
	snprintf(addr, sizeof(addr), "127.0.0.1:%u", raw_port(fd));
	close(fd);
	dns_set_servers(s.r.loop, addr, 15000);
	/* Newer c-ares hears of it while it asks, older in the next turn. */
	enum dns_state st = ask(&k, &s, "any.test.");
	assert_true(st == DNS_LATER || st == DNS_NONE);
	if (st == DNS_LATER)
		rig_run(&s.r);
	assert_false(k.found);
	assert_int_equal(ask(&k, &s, "any.test."), DNS_NONE);
	server_done(&s);
}

/* The loop goes away with a lookup in progress. */
static void test_end_in_between(void **state)
{
	struct server s;
	struct asker k;
	server_init(&s, 5000);
	s.rcode = SILENT;
	assert_int_equal(ask(&k, &s, "slow.test."), DNS_LATER);
	dns_forget(&k.wait);
	open_askers--;
	server_done(&s);
	assert_int_equal(k.answers, 0);
}

static bool until_over(struct end *e)
{
	return e->closes + e->opens > 0;
}

/* Through a stream: the name is resolved, and a name that does not exist is ERR_UP_DNS. */
static void test_stream(void **state)
{
	struct server s;
	struct end e, none, srv;
	server_init(&s, 5000);
	end_init(&srv, &s.r, NULL);
	end_init(&e, &s.r, until_over);
	end_init(&none, &s.r, until_over);
	rig_listen(&s.r, "127.0.0.1:0", NULL, rig_on_accept, &srv);
	end_open(&e, SLICE("api.test."), s.r.port, NULL, NULL, 5000);
	rig_run(&s.r);
	assert_int_equal(e.opens, 1);
	assert_string_equal(e.peer, listen_addr(s.r.listen));
	s.rcode = NXDOMAIN;
	end_open(&none, SLICE("none.test."), s.r.port, NULL, NULL, 5000);
	rig_run(&s.r);
	assert_int_equal(none.why, ERR_UP_DNS);
	assert_non_null(strstr(none.detail, "none.test."));
	end_done(&e);
	end_done(&none);
	end_done(&srv);
	server_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_lookup_for_all),
		cmocka_unit_test(test_no_such_name),
		cmocka_unit_test(test_name_without_address),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_refresh_ahead),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_without_a_server),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_end_in_between),
		cmocka_unit_test(test_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
