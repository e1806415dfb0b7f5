/* Inside of the TLS settings, for tls_stream.c. */
#ifndef LOOP_TLS_PRIV_H
#define LOOP_TLS_PRIV_H

#include <openssl/ssl.h>

#include "loop/tickets.h"
#include "loop/tls.h"

struct tls_client {
	unsigned refs;
	SSL_CTX *ctx;
	bool insecure;
	struct tickets tickets;
};

struct tls_server {
	unsigned refs;
	SSL_CTX *ctx;
};

/* OpenSSL's reason for the failure just now, for people; empties its queue.  Returns out. */
const char *tls_why(char *out, size_t cap);
/* tls_stream.c: OpenSSL hands over a new session.  1: it was kept. */
int tls_stream_on_session(SSL *ssl, SSL_SESSION *session);

#endif
