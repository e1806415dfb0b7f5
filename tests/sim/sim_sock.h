/* The network and the kernel of the sim: connections as two bounded pipes with latency, with FIN and RST as TCP has
 * them on Linux.  Both weir's streams and the scripted peers sit on these sockets.
 *
 * Facts that hold:
 *  1. Bytes, FIN and RST of one direction arrive in the order in which they were sent.
 *  2. At most `cap` bytes of one direction are under way or unread: then a write is short, and on_ready comes when the
 *     reader has made room.
 *  3. Closing with unread bytes sends RST, not FIN; bytes that arrive at a closed socket are answered with RST.
 *  4. After RST has arrived, bytes that came before it can still be read; writes take nothing. */
#ifndef SIM_SOCK_H
#define SIM_SOCK_H

#include "sim_world.h"

struct sim_wire;
struct listen;

/* One end of a connection.  Read-only for its owner but for on_ready and arg. */
struct sim_sock {
	struct loop *loop;
	struct sim_sock *other;
	struct sim_wire *wire;
	void (*on_ready)(void *arg);	/* something arrived, or there is room to write again; never inside a call */
	void *arg;
	struct buf in;			/* arrived, unread */
	struct list flying;		/* struct segment under way to this end */
	size_t flying_n;
	size_t cap;			/* most bytes flying + unread */
	uint64_t latency_ns;		/* from the other end to this one */
	uint64_t eaten;			/* bytes read by the owner since the start */
	struct sim_event arrive, wake;
	bool fin_in, rst_in;		/* arrived */
	bool fin_out, rst_out;		/* sent */
	bool starved;			/* the other end's write to this one was short */
	bool closed;			/* by its owner */
	bool rude;			/* set by a peer under TLS: its FIN comes without close_notify */
	uint64_t fin_in_ms, rst_in_ms;	/* when */
	char name[48];			/* "127.0.0.1:50001", for traces and stream_peer */
};

/* How a host answers those who want to reach it. */
enum sim_way {
	SIM_WAY_OK,
	SIM_WAY_NO_NAME,	/* DNS: no such name */
	SIM_WAY_MUTE_NAME,	/* DNS never answers */
	SIM_WAY_REFUSED,	/* nobody listens */
	SIM_WAY_BLACKHOLE,	/* SYN is lost */
	SIM_WAY_TLS_BAD,	/* certificate refused */
	SIM_WAY_TLS_MUTE,	/* the handshake stalls */
	SIM_WAY_RESET,		/* accepts and resets at once */
};

struct sim_host {
	struct list node;
	char name[64];
	uint16_t port;
	enum sim_way way;
	uint64_t dns_ms, connect_ms, tls_ms;	/* how long each step takes */
	uint64_t latency_us;			/* one way */
	size_t cap;				/* of each direction of new connections */
	bool resumes;				/* TLS: a session is known from an earlier connection */
	size_t n_lookups, n_connects;		/* tries, also failed ones */
	/* A connection was made; the peer's end belongs to `arg` from now on. */
	void (*on_accept)(void *arg, struct sim_sock *sock);
	void *arg;
};

/* Adds a host to the network; it lives until the loop's owner frees it with sim_host_free. */
struct sim_host *sim_host_new(struct loop *l, const char *name, uint16_t port);
void sim_host_free(struct sim_host **h);
/* The host at that name and port; else one with that name and another port (so the name resolves); else NULL. */
struct sim_host *sim_host_find(struct loop *l, struct slice name, uint16_t port);

/* A connected pair: returns one end, *out_other is the other.  `latency_us` one way, `cap` bytes a direction. */
struct sim_sock *sim_sock_pair(struct loop *l, uint64_t latency_us, size_t cap, struct sim_sock **out_other);
/* Bytes taken, fewer than given when the pipe is full. */
size_t sim_sock_write(struct sim_sock *s, struct slice bytes);
/* Arrived bytes, borrowed until sim_sock_eat. */
struct slice sim_sock_peek(const struct sim_sock *s);
void sim_sock_eat(struct sim_sock *s, size_t n);
/* on_ready comes in the next turn. */
void sim_sock_wake(struct sim_sock *s);
/* FIN: no more bytes from here. */
void sim_sock_shut(struct sim_sock *s);
/* FIN or RST as Linux does it (fact 3).  The socket is freed later; sets *s to NULL. */
void sim_sock_close(struct sim_sock **s);
/* RST.  Sets *s to NULL. */
void sim_sock_reset(struct sim_sock **s);

/* Connects to a listener of weir ("127.0.0.1:8080"); NULL when nobody listens there (connection refused). */
struct sim_sock *sim_sock_dial(struct loop *l, const char *addr, uint64_t latency_us, size_t cap);
/* For sim_stream.c: the listener's half of dialing. */
struct sim_door {
	struct list node;	/* loop->listeners */
	char addr[64];
	void (*on_knock)(struct sim_door *d, struct sim_sock *sock);
};

#endif
