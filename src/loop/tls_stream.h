/* The cipher of one stream: OpenSSL between the bytes just read and the bytes to write, with no buffer of its own in
 * between.  stream_priv.h says who calls what. */
#ifndef LOOP_TLS_STREAM_H
#define LOOP_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

struct stream;
struct tls_client;
struct tls_server;
struct tls_stream;

/* `name`: SNI and certificate name, or an IP literal.  A reference is taken. */
struct tls_stream *tls_stream_client(struct stream *s, struct tls_client *c, struct slice name, struct slice host,
	uint16_t port);
struct tls_stream *tls_stream_server(struct stream *s, struct tls_server *srv);
/* Sets *t to NULL; NULL is fine. */
void tls_stream_free(struct tls_stream **t);

/* The client's first flight, into the cipher. */
void tls_stream_start(struct stream *s);
/* Bytes from the wire: goes on with the handshake, then delivers plain text until the stream is paused or over. */
void tls_stream_feed(struct stream *s, struct slice bytes);
/* Something was left over when the stream was paused: feed it nothing to get on.  `held`: bytes from the wire, which
 * must be used up before new ones are fed. */
bool tls_stream_holds(const struct tls_stream *t);
size_t tls_stream_held(const struct tls_stream *t);
/* Turns plain output into cipher when all that was sealed before has left.  False: the connection is beyond use. */
bool tls_stream_seal(struct stream *s);
/* close_notify, into the cipher; once. */
void tls_stream_bye(struct stream *s);
/* Bytes for the wire. */
struct buf *tls_stream_cipher(struct tls_stream *t);
/* The kernel is taking the next `n` bytes of cipher: returns how much plain text that is, in proportion. */
size_t tls_stream_took(struct tls_stream *t, size_t n);
/* Plain text sealed but not yet sent. */
size_t tls_stream_sealed(const struct tls_stream *t);
bool tls_stream_resumed(const struct tls_stream *t);

#endif
