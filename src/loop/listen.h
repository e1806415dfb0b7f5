/* A listening socket.  Accepts in bursts, applies TCP_NODELAY, and stops accepting (connections wait in the kernel's
 * backlog) while the owner says so or while the process is out of file descriptors; streams in progress live on. */
#ifndef LOOP_LISTEN_H
#define LOOP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct loop;
struct listen;
struct stream;
struct tls_server;

/* The new owner calls stream_own() on `s` before it returns.  With TLS this comes after the handshake, which has 10 s;
 * of 1,024 handshakes in progress the oldest makes room for a new one. */
typedef void listen_on_accept(void *arg, struct stream *s);

/* `addr`: "0.0.0.0:8080", "[::]:8080" (IPv4 too), "127.0.0.1:0" (kernel picks), "unix:/path".  `tls` may be NULL; a
 * reference is taken.  NULL on failure with a sentence for people in `why` ("127.0.0.1:80: permission denied"). */
struct listen *listen_open(struct loop *l, struct slice addr, struct tls_server *tls, listen_on_accept *on_accept,
	void *arg, char *why, size_t why_cap);
/* New handshakes use the new certificate; NULL turns TLS off. */
void listen_set_tls(struct listen *li, struct tls_server *tls);
/* Stops and resumes accepting. */
void listen_pause(struct listen *li, bool paused);
/* The address really bound, e.g. "127.0.0.1:40123"; streams from a Unix socket have the peer "unix". */
const char *listen_addr(const struct listen *li);
/* How often accepting had to pause because the process or the system was out of descriptors or memory. */
uint64_t listen_starved(const struct listen *li);
/* Handshakes in progress are cut; streams handed over live on.  Sets *li to NULL; NULL is fine. */
void listen_close(struct listen **li);

#endif
