/* TLS settings: one tls_client per trust configuration, one tls_server per listener, built at start or reload (loading
 * a CA bundle costs 4-16 ms, dependencies.md 2.5) and shared by all their streams.
 * Verification of chain and host name is always on unless `insecure` was written for that one provider. */
#ifndef LOOP_TLS_H
#define LOOP_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tls_client;
struct tls_server;

struct tls_client_opts {
	const char *ca_file;	/* PEM; NULL: the system's trust store */
	bool insecure;		/* no verification at all; the caller has logged it */
};

/* Reference counted: 1 for the caller.  NULL on failure with a sentence for people in `why`. */
struct tls_client *tls_client_new(const struct tls_client_opts *o, char *why, size_t why_cap);
struct tls_client *tls_client_ref(struct tls_client *c);
/* Streams hold a reference of their own.  Sets *c to NULL; NULL is fine. */
void tls_client_unref(struct tls_client **c);

/* Certificate chain and key, PEM.  TLS 1.2 minimum.  NULL on failure with a sentence in `why`. */
struct tls_server *tls_server_new(const char *cert_file, const char *key_file, char *why, size_t why_cap);
struct tls_server *tls_server_ref(struct tls_server *s);
void tls_server_unref(struct tls_server **s);

#endif
