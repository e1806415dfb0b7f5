/* One client connection: HTTP/1.1 with keep-alive, one request at a time; what a client sends ahead (pipelining) waits.
 *
 *   CONN_IDLE     no byte of a request yet                  clock: idle time
 *   CONN_READING  a request is arriving                     clock: head time, then whole-request time
 *   CONN_BUSY     its answer is being made                  clock: checks that the client takes bytes
 *   CONN_FLUSH    answered, but the socket is full of it    clock: the same
 *   CONN_LINGER   answered before the request was read: the rest is read and dropped, so that the answer is not lost
 *                 to a reset (RFC 9112 9.6)                 clock: 2 s
 *
 *   IDLE -> READING -> BUSY [-> FLUSH] -> IDLE | closed;  READING -> BUSY -> LINGER -> closed;
 *   any -> closed when the peer is gone                     [conn.c, move()]
 *
 * READING, BUSY and FLUSH hold a request: a drain waits for them. */
#ifndef FRONT_CONN_H
#define FRONT_CONN_H

#include "front/front.h"

/* Takes over an accepted stream. */
void conn_open(struct front *f, struct stream *s, bool admin);
/* Lets it go if idle, else after its answer. */
void conn_drain(struct conn *c);
/* Ends the request in progress by telling the client, if there is one. */
void conn_cut(struct conn *c);
/* Closes now. */
void conn_kill(struct conn *c);

#endif
