/* The sim's streams, for the sim's listener. */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "loop/stream.h"
#include "sim_sock.h"

/* A stream for the socket of a client that came in; it has no owner yet. */
struct stream *sim_stream_accept(struct loop *l, struct sim_sock *sock, bool tls);
/* False while nobody has called stream_own on it. */
bool sim_stream_owned(const struct stream *s);

#endif
