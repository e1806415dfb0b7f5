/* TLS on both sides, over loopback, with a CA of the test's own. */
#include "rig.h"

#include <sys/stat.h>

#include "certs.h"
#include "loop/stream_priv.h"
#include "loop/sys.h"
#include "raw.h"

#define DAY 86400L

static char dir[] = "/tmp/weir-tls-XXXXXX";
static struct cert ca, other_ca, good, wrong, expired, self, client_only, wild;

static const struct {
	struct cert *cert;
	const struct cert *ca;
	struct cert_wish wish;
} wishes[] = {
	{ &ca, NULL, { .stem = "ca", .to_s = DAY, .is_ca = true } },
	{ &other_ca, NULL, { .stem = "other", .to_s = DAY, .is_ca = true } },
	{ &good, &ca, { .stem = "good", .san = "DNS:api.test,IP:127.0.0.1", .to_s = DAY } },
	{ &wrong, &ca, { .stem = "wrong", .san = "DNS:else.test", .to_s = DAY } },
	{ &expired, &ca, { .stem = "expired", .san = "DNS:api.test", .from_s = -2 * DAY, .to_s = -DAY } },
	{ &self, NULL, { .stem = "self", .san = "DNS:api.test", .to_s = DAY } },
	{ &client_only, &ca, { .stem = "client", .san = "DNS:api.test", .usage = "clientAuth", .to_s = DAY } },
	{ &wild, &ca, { .stem = "wild", .san = "DNS:*.api.test,DNS:a*.part.test", .to_s = DAY } },
};

static int make_certs(void **state)
{
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < COUNT_OF(wishes); i++)
		cert_make(wishes[i].cert, dir, &wishes[i].wish, wishes[i].ca);
	return 0;
}

static int drop_certs(void **state)
{
	for (size_t i = 0; i < COUNT_OF(wishes); i++)
		cert_free(wishes[i].cert);
	return rmdir(dir);
}

static struct tls_client *client_for(const char *ca_file, bool insecure)
{
	char why[200];
	struct tls_client_opts o = { .ca_file = ca_file, .insecure = insecure };
	struct tls_client *c = tls_client_new(&o, why, sizeof(why));
	if (c == NULL)
		fail_msg("%s", why);
	return c;
}

static struct tls_server *server_with(const struct cert *c)
{
	char why[200];
	struct tls_server *s = tls_server_new(c->pem, c->key_pem, why, sizeof(why));
	if (s == NULL)
		fail_msg("%s", why);
	return s;
}

/* A server end that answers "pong" to each "ping", and a client end. */
struct duo {
	struct rig r;
	struct end srv, cli;
	struct tls_server *server;
	struct tls_client *client;
};

static void srv_on_data(struct end *e, struct slice bytes)
{
	buf_add(&e->in, bytes);
	stream_write(e->s, SLICE("pong"));
}

static bool on_answer(struct end *e)
{
	return buf_len(&e->in) >= 4 || e->closes > 0;
}

static bool until_closed(struct end *e)
{
	return e->closes > 0;
}

static bool on_ended(struct end *e)
{
	return e->closes > 0 || e->eofs > 0;
}

static void duo_init(struct duo *d, const struct cert *c, const char *ca_file, bool insecure)
{
	rig_init(&d->r);
	end_init(&d->srv, &d->r, NULL);
	end_init(&d->cli, &d->r, on_answer);
	d->srv.on_data = srv_on_data;
	d->server = server_with(c);
	d->client = client_for(ca_file, insecure);
	rig_listen(&d->r, "127.0.0.1:0", d->server, rig_on_accept, &d->srv);
}

static void duo_done(struct duo *d)
{
	end_done(&d->cli);
	end_done(&d->srv);
	tls_server_unref(&d->server);
	tls_client_unref(&d->client);
	rig_done(&d->r);
}

/* One ping and its answer. */
static void duo_ping(struct duo *d, const char *name)
{
	end_open(&d->cli, d->r.host, d->r.port, d->client, name, 5000);
	stream_write(d->cli.s, SLICE("ping"));
	rig_run(&d->r);
}

static void test_good(void **state)
{
	struct duo d;
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test");
	assert_string_equal(d.cli.detail, "");
	assert_int_equal(d.cli.opens, 1);
	assert_slice(buf_slice(&d.cli.in), "pong");
	assert_slice(buf_slice(&d.srv.in), "ping");
	assert_int_equal(stream_queued(d.cli.s), 0);
	assert_int_equal(stream_sent(d.cli.s), 4);
	assert_false(stream_tls_resumed(d.cli.s));
	/* An orderly end both ways. */
	d.cli.until = on_ended;
	stream_close(&d.srv.s, 1000);
	rig_run(&d.r);
	assert_int_equal(d.cli.eofs, 1);
	assert_int_equal(d.cli.closes, 0);
	duo_done(&d);
}

/* An address instead of a name: no SNI, but the certificate must be for it. */
static void test_address(void **state)
{
	struct duo d;
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, NULL);
	assert_slice(buf_slice(&d.cli.in), "pong");
	duo_done(&d);
	duo_init(&d, &wrong, ca.pem, false);
	duo_ping(&d, NULL);
	assert_int_equal(d.cli.why, ERR_UP_TLS);
	duo_done(&d);
}

static void refused(const struct cert *c, const char *name, const char *detail)
{
	struct duo d;
	duo_init(&d, c, ca.pem, false);
	duo_ping(&d, name);
	assert_int_equal(d.cli.closes, 1);
	assert_int_equal(d.cli.opens, 0);
	assert_int_equal(d.cli.why, ERR_UP_TLS);
	if (strstr(d.cli.detail, detail) == NULL)
		fail_msg("detail is \"%s\"", d.cli.detail);
	assert_int_equal(buf_len(&d.srv.in), 0);	/* not a byte of the request was sent */
	duo_done(&d);
}

static void test_refused(void **state)
{
	refused(&wrong, "api.test", "hostname mismatch");
	refused(&good, "api.test.evil.test", "hostname mismatch");
	refused(&expired, "api.test", "expired");
	refused(&self, "api.test", "self");
	refused(&client_only, "api.test", "purpose");
	refused(&wild, "abc.part.test", "hostname mismatch");	/* part of a label is no wildcard */
	refused(&wild, "a.b.api.test", "hostname mismatch");
}

static void test_wildcard(void **state)
{
	struct duo d;
	duo_init(&d, &wild, ca.pem, false);
	duo_ping(&d, "any.api.test");
	assert_slice(buf_slice(&d.cli.in), "pong");
	duo_done(&d);
}

static void test_other_ca(void **state)
{
	struct duo d;
	duo_init(&d, &good, other_ca.pem, false);
	duo_ping(&d, "api.test");
	assert_int_equal(d.cli.why, ERR_UP_TLS);
	duo_done(&d);
	duo_init(&d, &good, NULL, false);	/* the system's store does not know it either */
	duo_ping(&d, "api.test");
	assert_int_equal(d.cli.why, ERR_UP_TLS);
	duo_done(&d);
}

static void test_insecure(void **state)
{
	struct duo d;
	duo_init(&d, &self, NULL, true);
	duo_ping(&d, "whatever.test");
	assert_slice(buf_slice(&d.cli.in), "pong");
	duo_done(&d);
}

static void test_bad_names(void **state)
{
	char longest[400];
	struct duo d;

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, longest);
	assert_int_equal(d.cli.why, ERR_UP_TLS);
	duo_done(&d);
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test.");		/* the dot of a full DNS name */
	assert_slice(buf_slice(&d.cli.in), "pong");
	duo_done(&d);
}

/* Cut by FIN without close_notify: somebody in between could have done that. */
static void test_truncated(void **state)
{
	struct duo d;
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test");
	d.cli.until = on_ended;
	stream_abort(&d.srv.s, false);
	rig_run(&d.r);
	assert_int_equal(d.cli.eofs, 0);
	assert_int_equal(d.cli.why, ERR_UP_RESET);
	duo_done(&d);
}

/* Sessions survive abrupt ends: after the first handshake every connection resumes. */
static void test_resumption(void **state)
{
	struct duo d;
	int resumed = 0;

	duo_init(&d, &good, ca.pem, false);
	for (int i = 0; i < 21; i++) {
		duo_ping(&d, "api.test");
		assert_slice(buf_slice(&d.cli.in), "pong");
		resumed += stream_tls_resumed(d.cli.s);
		stream_abort(&d.cli.s, i % 2);
		stream_abort(&d.srv.s, false);
		buf_clear(&d.cli.in);
		d.cli.opens = 0;
	}
	assert_int_equal(resumed, 20);
	/* Another name is another identity: nothing is carried over. */
	duo_ping(&d, NULL);
	assert_slice(buf_slice(&d.cli.in), "pong");
	assert_false(stream_tls_resumed(d.cli.s));
	duo_done(&d);
}

#define BIG (6u << 20)

static size_t big_got, big_pauses;
static struct alarm big_later;
static struct end *big_end;

static void on_big_later(struct alarm *a)
{
	stream_resume(big_end->s);
}

static void big_on_data(struct end *e, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if ((unsigned char)bytes.p[i] != (unsigned char)((big_got + i) * 13 + (big_got + i) / 255))
			fail_msg("byte %zu differs", big_got + i);
	big_got += bytes.n;
	if (big_pauses < 40 && big_got > big_pauses * (BIG / 40)) {
		big_pauses++;
		stream_pause(e->s);		/* in the middle of what was read: the rest must wait */
		alarm_set(&big_later, 1);
	}
}

static bool big_until(struct end *e)
{
	return e->closes > 0 || e->eofs > 0;
}

static void test_big(void **state)
{
	struct duo d;
	unsigned char *much = malloc(BIG);

	assert_non_null(much);
	for (size_t i = 0; i < BIG; i++)
		much[i] = (unsigned char)(i * 13 + i / 255);
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test");
	big_got = big_pauses = 0;
	d.cli.on_data = big_on_data;
	d.cli.until = big_until;
	big_end = &d.cli;
	alarm_init(&big_later, d.r.loop, on_big_later);
	stream_write(d.srv.s, slice_of(much, BIG));
	assert_true(stream_full(d.srv.s));
	assert_int_equal(stream_queued(d.srv.s), BIG);
	stream_close(&d.srv.s, 10000);
	free(much);
	rig_run(&d.r);
	assert_int_equal(d.cli.closes, 0);
	assert_int_equal(big_got, BIG);
	assert_int_equal(big_pauses, 40);
	duo_done(&d);
}

/* Paused at every piece and resumed from the callback of another stream, before and after its own bytes arrive. */
static void on_other_data(struct end *e, struct slice bytes)
{
	stream_write(e->s, bytes);
	stream_resume(big_end->s);
}

static void greedy_on_data(struct end *e, struct slice bytes)
{
	big_pauses = SIZE_MAX;
	big_on_data(e, bytes);
	stream_pause(e->s);
}

static void test_resumed_by_another(void **state)
{
	struct duo d;
	struct end a;
	unsigned char *much = malloc(BIG);

	assert_non_null(much);
	for (size_t i = 0; i < BIG; i++)
		much[i] = (unsigned char)(i * 13 + i / 255);
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test");
	listen_set_tls(d.r.listen, NULL);
	struct end srv = d.srv;
	stream_own(srv.s, &end_events, &srv);
	end_init(&d.srv, &d.r, NULL);
	end_init(&a, &d.r, NULL);
	a.on_data = on_other_data;
	d.srv.on_data = on_other_data;
	end_open(&a, d.r.host, d.r.port, NULL, NULL, 5000);
	stream_write(a.s, SLICE("x"));
	big_got = 0;
	big_end = &d.cli;
	d.cli.on_data = greedy_on_data;
	d.cli.until = big_until;
	stream_write(srv.s, slice_of(much, BIG));
	stream_close(&srv.s, 10000);
	free(much);
	rig_run(&d.r);
	assert_int_equal(d.cli.closes, 0);
	assert_int_equal(big_got, BIG);
	end_done(&a);
	end_done(&srv);
	duo_done(&d);
}

/* The handshake never answers. */
static void test_silent_server(void **state)
{
	struct duo d;
	duo_init(&d, &good, ca.pem, false);
	int fd = raw_bind(SOCK_STREAM, "127.0.0.1", 0);
	assert_int_equal(listen(fd, 5), 0);
	end_open(&d.cli, d.r.host, raw_port(fd), d.client, "api.test", 60);
	rig_run(&d.r);
	assert_int_equal(d.cli.why, ERR_UP_CONNECT_TIMEOUT);
	assert_non_null(strstr(d.cli.detail, "handshake"));
	close(fd);
	duo_done(&d);
}

/* Not TLS at all, and an end in the middle of the handshake. */
static void test_odd_servers(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct duo d;
		duo_init(&d, &good, ca.pem, false);
		listen_set_tls(d.r.listen, NULL);
		d.srv.on_data = NULL;
		end_open(&d.cli, d.r.host, d.r.port, d.client, "api.test", 5000);
		d.srv.until = on_answer;
		rig_run(&d.r);
		if (i == 0)
			stream_write(d.srv.s, SLICE("HTTP/1.1 400 Bad Request\r\n\r\n"));
		else
			stream_abort(&d.srv.s, false);
		d.srv.until = NULL;
		d.cli.until = until_closed;
		rig_run(&d.r);
		assert_int_equal(d.cli.opens, 0);
		assert_int_equal(d.cli.why, i == 0 ? ERR_UP_TLS : ERR_UP_RESET);
		duo_done(&d);
	}
}

static bool on_opened(struct end *e)
{
	return e->opens + e->closes > 0;
}

/* A reload: new connections get the new certificate, old ones live on. */
static void test_new_certificate(void **state)
{
	struct duo d;
	struct end second;
	duo_init(&d, &good, ca.pem, false);
	duo_ping(&d, "api.test");
	assert_slice(buf_slice(&d.cli.in), "pong");
	struct tls_server *next = server_with(&wrong);
	listen_set_tls(d.r.listen, next);
	tls_server_unref(&next);
	struct end first = d.srv;
	stream_own(first.s, &end_events, &first);
	end_init(&d.srv, &d.r, NULL);
	d.srv.on_data = srv_on_data;
	end_init(&second, &d.r, on_opened);
	end_open(&second, d.r.host, d.r.port, d.client, "else.test", 5000);
	rig_run(&d.r);
	assert_int_equal(second.opens, 1);
	buf_clear(&d.cli.in);
	stream_write(d.cli.s, SLICE("ping"));
	rig_run(&d.r);
	assert_slice(buf_slice(&d.cli.in), "pong");
	end_done(&first);
	end_done(&second);
	duo_done(&d);
}

/* A client that connects and stays silent is no stream; one that talks nonsense is cut; neither reaches on_accept. */
static void test_odd_clients(void **state)
{
	struct duo d;
	char alert[7];
	duo_init(&d, &good, ca.pem, false);
	int silent = raw_connect(d.r.port), rude = raw_connect(d.r.port);
	assert_int_equal(send(rude, "\x16\x03\x01\x00\x05hello", 10, 0), 10);
	duo_ping(&d, "api.test");
	assert_slice(buf_slice(&d.cli.in), "pong");
	assert_int_equal(recv(rude, alert, sizeof(alert), MSG_WAITALL), sizeof(alert));
	assert_int_equal(alert[0], 21);		/* RFC 8446 section 5.1: alert */
	close(rude);
	listen_close(&d.r.listen);		/* cuts the silent one */
	raw_expect(silent, "", ECONNRESET);
	close(silent);
	duo_done(&d);
}

/* The listener's side of a handshake has a time limit. */
static void test_silent_client(void **state)
{
	struct duo d;
	duo_init(&d, &good, ca.pem, false);
	int listener = raw_bind(SOCK_STREAM, "127.0.0.1", 0);
	assert_int_equal(listen(listener, 5), 0);
	int client = raw_connect(raw_port(listener)), fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct watch *w = watch_new(d.r.loop, fd, NULL, NULL);
	end_init(&d.cli, &d.r, until_closed);
	d.cli.s = stream_accepted(d.r.loop, w, "somebody", d.server, 30, &end_events, &d.cli);
	rig_run(&d.r);
	assert_int_equal(d.cli.why, ERR_UP_CONNECT_TIMEOUT);
	close(client);
	close(listener);
	duo_done(&d);
}

/* A crowd of silent clients does not keep an honest one out: the oldest handshake makes room. */
static void test_crowd(void **state)
{
	static int fds[1030];
	struct duo d;

	if (sys_raise_files() < 3 * COUNT_OF(fds))
		skip();
	duo_init(&d, &good, ca.pem, false);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = raw_connect(d.r.port);
	duo_ping(&d, "api.test");
	assert_slice(buf_slice(&d.cli.in), "pong");
	raw_expect(fds[0], "", ECONNRESET);
	char c;
	assert_int_equal(recv(fds[COUNT_OF(fds) - 1], &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	duo_done(&d);
}

static void test_bad_files(void **state)
{
	char why[200], nothing[100], text[100];

	snprintf(nothing, sizeof(nothing), "%s/none.pem", dir);
	snprintf(text, sizeof(text), "%s/text.pem", dir);
	FILE *f = fopen(text, "w");
	fputs("not a certificate\n", f);
	fclose(f);
	assert_null(tls_server_new(nothing, good.key_pem, why, sizeof(why)));
	assert_non_null(strstr(why, "none.pem: No such file"));
	assert_null(tls_server_new(text, good.key_pem, why, sizeof(why)));
	assert_non_null(strstr(why, "text.pem: holds no certificate"));
	assert_null(tls_server_new(good.pem, wrong.key_pem, why, sizeof(why)));
	assert_non_null(strstr(why, "wrong.key: is not the key"));
	assert_null(tls_server_new(good.pem, text, why, sizeof(why)));
	assert_non_null(strstr(why, "text.pem: holds no private key"));
	assert_null(tls_client_new(&(struct tls_client_opts){ .ca_file = text }, why, sizeof(why)));
	assert_non_null(strstr(why, "text.pem: holds no certificate"));
	assert_null(tls_client_new(&(struct tls_client_opts){ .ca_file = nothing }, why, sizeof(why)));
	assert_non_null(strstr(why, "No such file"));
	/* A key with a passphrase: an error, not a question at the terminal. */
	f = fopen(text, "w");
	const unsigned char pw[] = "pw";
	assert_int_equal(PEM_write_PrivateKey(f, good.key, EVP_aes_128_cbc(), pw, 2, NULL, NULL), 1);
	fclose(f);
	assert_null(tls_server_new(good.pem, text, why, sizeof(why)));
	assert_non_null(strstr(why, "passphrase"));
	unlink(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wildcard),
		cmocka_unit_test(test_other_ca),
		cmocka_unit_test(test_insecure),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_resumed_by_another),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_odd_servers),
		cmocka_unit_test(test_new_certificate),
		cmocka_unit_test(test_odd_clients),
		cmocka_unit_test(test_silent_client),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_bad_files),
	};
	return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
