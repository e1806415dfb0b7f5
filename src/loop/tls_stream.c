/* OpenSSL reads from the slice that was just received and writes into the stream's cipher buffer, through a BIO of our
 * own.  It is never asked to wait: WANT_READ means that the slice is used up. */
#include "loop/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "base/span.h"
#include "loop/dns_cache.h"
#include "loop/loop_priv.h"
#include "loop/stream_priv.h"
#include "loop/tls_priv.h"
#include "loop/wire.h"

/* Plain text sealed at once: four records for one write. */
#define SEAL_BYTES 65536u
/* What a peer can make us say without reading any of it (answers to key updates): then it is cut. */
#define CHATTER_BYTES (1u << 20)

struct tls_stream {
	SSL *ssl;
	struct stream *stream;
	struct tls_client *client;	/* one of the two is set */
	struct tls_server *server;
	struct slice in;		/* received and not yet read by OpenSSL; borrowed */
	struct buf held;		/* received, but the stream was paused */
	struct buf cipher;		/* for the wire */
	size_t sealed;			/* plain text in `cipher` */
	char *ticket_name;		/* client: the destination; NULL: server */
	size_t ticket_len;
	bool unusable;			/* the name cannot be verified */
	bool heard;			/* plain text has come */
	bool said_bye;
};

/* --- the BIO --- */

static int bio_read(BIO *bio, char *out, int cap)
{
	struct tls_stream *t = BIO_get_data(bio);
	size_t n = MIN_OF(t->in.n, (size_t)cap);

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, t->in.p, n);
	t->in = slice_skip(t->in, n);
	return (int)n;
}

static int bio_write(BIO *bio, const char *p, int n)
{
	struct tls_stream *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (buf_len(&t->cipher) > CHATTER_BYTES)
		return -1;
	wire_lend(t->stream->loop, &t->cipher, (size_t)n);
	buf_add(&t->cipher, slice_of(p, (size_t)n));
	return n;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *m;		/* a constant of the process */

	if (m)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	must(m != NULL);
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

/* --- birth and death --- */

static struct tls_stream *tls_stream_new(struct stream *s, SSL_CTX *ctx)
{
	struct tls_stream *t = calloc(1, sizeof(*t));
	BIO *bio = BIO_new(bio_method());

	must(t != NULL && bio != NULL);
	t->ssl = SSL_new(ctx);
	must(t->ssl != NULL);
	t->stream = s;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	must(SSL_set_app_data(t->ssl, t));
	buf_init(&t->held, LOOP_READ_BYTES);
	return t;
}

static bool set_name(struct tls_stream *t, struct slice name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	char text[DNS_NAME_MAX + 1];
	struct ip ip;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;	/* a full name ends in a dot for DNS only */
	if (name.n == 0 || name.n > DNS_NAME_MAX || memchr(name.p, 0, name.n))
		return false;
	slice_copy(name, text, sizeof(text));
	/* No SNI for addresses: RFC 6066 section 3. */
	if (ip_parse(name, 0, &ip))
		return X509_VERIFY_PARAM_set1_ip_asc(param, text) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(t->ssl, text) == 1 && SSL_set_tlsext_host_name(t->ssl, text) == 1;
}

static uint64_t now_s(const struct tls_stream *t)
{
	return loop_now(t->stream->loop) / SPAN_NS_PER_S;
}

static void resume(struct tls_stream *t)
{
	SSL_SESSION *session = tickets_take(&t->client->tickets, slice_of(t->ticket_name, t->ticket_len), now_s(t));

	if (session == NULL)
		return;
	(void)SSL_set_session(t->ssl, session);
	SSL_SESSION_free(session);
}

struct tls_stream *tls_stream_client(struct stream *s, struct tls_client *c, struct slice name, struct slice host,
	uint16_t port)
{
	struct tls_stream *t = tls_stream_new(s, c->ctx);

	t->client = tls_client_ref(c);
	t->unusable = !set_name(t, name);
	/* The verified name is part of it: a session must not carry one name's proof over to another. */
	int n = asprintf(&t->ticket_name, "%.*s %.*s:%u", SLICE_ARG(name), SLICE_ARG(host), port);
	must(n >= 0);
	t->ticket_len = (size_t)n;
	SSL_set_connect_state(t->ssl);
	return t;
}

struct tls_stream *tls_stream_server(struct stream *s, struct tls_server *srv)
{
	struct tls_stream *t = tls_stream_new(s, srv->ctx);

	t->server = tls_server_ref(srv);
	SSL_set_accept_state(t->ssl);
	return t;
}

void tls_stream_free(struct tls_stream **tp)
{
	struct tls_stream *t = *tp;

	if (t == NULL)
		return;
	*tp = NULL;
	/* Else OpenSSL takes the end for a failure and makes the session useless (openssl#4720). */
	if (SSL_is_init_finished(t->ssl))
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	tls_client_unref(&t->client);
	tls_server_unref(&t->server);
	buf_done(&t->held);
	buf_done(&t->cipher);
	free(t->ticket_name);
	free(t);
}

int tls_stream_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_stream *t = SSL_get_app_data(ssl);

	tickets_put(&t->client->tickets, slice_of(t->ticket_name, t->ticket_len), session, now_s(t));
	return 1;
}

/* --- handshake --- */

static void say_why(struct tls_stream *t)
{
	long verdict = SSL_get_verify_result(t->ssl);
	char why[160];

	tls_why(why, sizeof(why));
	if (t->client && !t->client->insecure && verdict != X509_V_OK)
		stream_say(t->stream, "certificate refused: %s", X509_verify_cert_error_string(verdict));
	else
		stream_say(t->stream, "TLS: %s", why);
}

static void shake_failed(struct tls_stream *t)
{
	struct stream *s = t->stream;

	say_why(t);
	if (t->client)
		tickets_drop(&t->client->tickets, slice_of(t->ticket_name, t->ticket_len));
	wire_flush(s);		/* the alert, so that the peer's log says why */
	stream_failed(s, ERR_UP_TLS);
}

/* False when it is not over, or failed. */
static bool shake(struct tls_stream *t)
{
	struct stream *s = t->stream;

	ERR_clear_error();
	int r = SSL_do_handshake(t->ssl);
	if (buf_len(&t->cipher) > 0)
		wire_dirty(s);
	if (r == 1) {
		stream_shaken(s);
		return s->state == STREAM_OPEN;
	}
	if (SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ)
		shake_failed(t);
	return false;
}

void tls_stream_start(struct stream *s)
{
	struct tls_stream *t = s->tls;

	if (t->unusable) {
		stream_say(s, "TLS: the host name is not one that a certificate can be for");
		stream_failed(s, ERR_UP_TLS);
		return;
	}
	resume(t);
	shake(t);
}

/* --- bytes --- */

static void read_failed(struct tls_stream *t)
{
	say_why(t);
	wire_flush(t->stream);
	/* In TLS 1.3 the server judges our side after our handshake is over: a refusal comes in place of the first
	 * bytes. */
	stream_failed(t->stream, t->client && !t->heard ? ERR_UP_TLS : ERR_UP_RESET);
}

static void deliver(struct tls_stream *t)
{
	struct stream *s = t->stream;
	struct loop *l = s->loop;

	while (s->state == STREAM_OPEN && stream_reads(s)) {
		ERR_clear_error();
		int n = SSL_read(t->ssl, l->plain, sizeof(l->plain));
		if (n > 0) {
			t->heard = true;
			stream_data(s, slice_of(l->plain, (size_t)n));
			continue;
		}
		int e = SSL_get_error(t->ssl, n);
		if (e == SSL_ERROR_ZERO_RETURN)
			stream_ended(s);
		else if (e != SSL_ERROR_WANT_READ)
			read_failed(t);
		break;
	}
	if (s->state != STREAM_DEAD && buf_len(&t->cipher) > 0)
		wire_dirty(s);
}

/* Keeps what OpenSSL has not read: it is borrowed. */
static void hold_rest(struct tls_stream *t)
{
	struct buf *held = &t->held;

	if (buf_len(held) > 0)
		buf_eat(held, buf_len(held) - t->in.n);
	else if (t->in.n > 0)
		buf_add(held, t->in);
	if (buf_len(held) == 0)
		buf_done(held);
	t->in = SLICE_EMPTY;
}

void tls_stream_feed(struct stream *s, struct slice bytes)
{
	struct tls_stream *t = s->tls;

	must(bytes.n == 0 || buf_len(&t->held) == 0);
	t->in = buf_len(&t->held) > 0 ? buf_slice(&t->held) : bytes;
	if (s->state == STREAM_OPEN || shake(t))
		deliver(t);
	if (s->state == STREAM_OPEN)
		hold_rest(t);
	t->in = SLICE_EMPTY;
}

size_t tls_stream_held(const struct tls_stream *t)
{
	return buf_len(&t->held);
}

bool tls_stream_holds(const struct tls_stream *t)
{
	return buf_len(&t->held) > 0 || SSL_has_pending(t->ssl);
}

bool tls_stream_seal(struct stream *s)
{
	struct tls_stream *t = s->tls;
	size_t n = MIN_OF(buf_len(&s->out), (size_t)SEAL_BYTES);

	if (n == 0 || t->sealed > 0)
		return true;
	ERR_clear_error();
	if (SSL_write(t->ssl, buf_slice(&s->out).p, (int)n) != (int)n)
		return false;
	buf_eat(&s->out, n);
	t->sealed = n;
	return true;
}

void tls_stream_bye(struct stream *s)
{
	struct tls_stream *t = s->tls;

	if (t->said_bye || t->sealed > 0)
		return;
	t->said_bye = true;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
}

struct buf *tls_stream_cipher(struct tls_stream *t)
{
	return &t->cipher;
}

size_t tls_stream_took(struct tls_stream *t, size_t n)
{
	size_t plain = (size_t)((uint64_t)t->sealed * n / buf_len(&t->cipher));

	t->sealed -= plain;
	return plain;
}

size_t tls_stream_sealed(const struct tls_stream *t)
{
	return t->sealed;
}

bool tls_stream_resumed(const struct tls_stream *t)
{
	return SSL_session_reused(t->ssl);
}
