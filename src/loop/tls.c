/* SSL_CTX for each trust configuration and each listener.  It owns the contexts and the sessions to resume; it knows no
 * socket and no stream. */
#include "loop/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "loop/sys.h"
#include "loop/tls_priv.h"

/* Classical groups only, X25519 first.  The hybrid X25519MLKEM768 that OpenSSL 3.5 would put first costs 55 % more CPU
 * in a full handshake and makes the ClientHello two packets (dependencies.md 2.5). */
#define GROUPS "X25519:P-256:P-384"

static const unsigned char alpn[] = "\x08http/1.1";
#define ALPN_BYTES (sizeof(alpn) - 1)

const char *tls_why(char *out, size_t cap)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	if (reason == NULL)
		reason = e && ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : "TLS error";
	snprintf(out, cap, "%s", reason);
	ERR_clear_error();
	return out;
}

static SSL_CTX *new_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	must(ctx != NULL);
	must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION));
	must(SSL_CTX_set1_groups_list(ctx, GROUPS));
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* An idle connection then holds no record buffers (34 KiB, dependencies.md 2.5). */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

static void *fail(SSL_CTX *ctx, char *why, size_t cap, const char *file, const char *what)
{
	snprintf(why, cap, "%s: %s", file, what);
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return NULL;
}

/* OpenSSL's own words for a file that is not there are none that people understand. */
static bool readable(const char *file, char *why, size_t cap)
{
	if (access(file, R_OK) == 0)
		return true;
	snprintf(why, cap, "%s: %s", file, strerror(errno));
	return false;
}

struct tls_client *tls_client_new(const struct tls_client_opts *o, char *why, size_t why_cap)
{
	struct tls_client *c;

	ERR_clear_error();
	if (o->ca_file && !readable(o->ca_file, why, why_cap))
		return NULL;
	SSL_CTX *ctx = new_ctx(TLS_client_method());
	must(SSL_CTX_set_alpn_protos(ctx, alpn, ALPN_BYTES) == 0);
	if (o->ca_file && !SSL_CTX_load_verify_locations(ctx, o->ca_file, NULL))
		return fail(ctx, why, why_cap, o->ca_file, "holds no certificate in PEM form");
	/* The system's store is a folder from which OpenSSL takes what it needs when it needs it; SSL_CERT_FILE and
	 * SSL_CERT_DIR in the environment override it. */
	if (!o->ca_file && !SSL_CTX_set_default_verify_paths(ctx))
		return fail(ctx, why, why_cap, "the system's trust store", "cannot be used");
	SSL_CTX_set_verify(ctx, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, tls_stream_on_session);
	c = calloc(1, sizeof(*c));
	must(c != NULL);
	c->refs = 1;
	c->ctx = ctx;
	c->insecure = o->insecure;
	tickets_init(&c->tickets, sys_seed());
	return c;
}

struct tls_client *tls_client_ref(struct tls_client *c)
{
	c->refs++;
	return c;
}

void tls_client_unref(struct tls_client **cp)
{
	struct tls_client *c = *cp;

	*cp = NULL;
	if (c == NULL || --c->refs > 0)
		return;
	tickets_done(&c->tickets);
	SSL_CTX_free(c->ctx);
	free(c);
}

/* A client that offers protocols must find http/1.1 among them (RFC 7301 section 3.2). */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
	unsigned in_len, void *arg)
{
	unsigned char *picked;

	if (SSL_select_next_proto(&picked, out_len, alpn, ALPN_BYTES, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = picked;
	return SSL_TLSEXT_ERR_OK;
}

/* Else OpenSSL would ask at the terminal and block the loop. */
static int no_passphrase(char *out, int cap, int writing, void *arg)
{
	return 0;
}

struct tls_server *tls_server_new(const char *cert_file, const char *key_file, char *why, size_t why_cap)
{
	struct tls_server *s;

	ERR_clear_error();
	if (!readable(cert_file, why, why_cap) || !readable(key_file, why, why_cap))
		return NULL;
	SSL_CTX *ctx = new_ctx(TLS_server_method());
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
		return fail(ctx, why, why_cap, cert_file, "holds no certificate chain in PEM form");
	if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1) {
		bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
		return fail(ctx, why, why_cap, key_file, other ? "is not the key of the certificate" :
			"holds no private key in PEM form without a passphrase");
	}
	if (SSL_CTX_check_private_key(ctx) != 1)
		return fail(ctx, why, why_cap, key_file, "is not the key of the certificate");
	/* Tickets carry the session: no memory here for clients that may never come back. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	s = calloc(1, sizeof(*s));
	must(s != NULL);
	s->refs = 1;
	s->ctx = ctx;
	return s;
}

struct tls_server *tls_server_ref(struct tls_server *s)
{
	s->refs++;
	return s;
}

void tls_server_unref(struct tls_server **sp)
{
	struct tls_server *s = *sp;

	*sp = NULL;
	if (s == NULL || --s->refs > 0)
		return;
	SSL_CTX_free(s->ctx);
	free(s);
}
