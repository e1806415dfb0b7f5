/* The doors: listeners, what stands behind each path, and the connections of clients (conn.h). */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "admit/client_key.h"
#include "exchange/exchange.h"
#include "front/front_conf.h"
#include "loop/listen.h"

struct conn;
struct tls_server;

struct front_limits {
	struct front_limits_conf sizes;
	struct front_timeouts_conf times;
	enum front_half_close half_close;
};

struct front {
	struct loop *loop;
	struct exchange_env *exchange;
	struct front_limits limits;
	struct client_keys keys;		/* set by the owner */
	struct listen *open, *admin;		/* admin may be NULL */
	struct list conns;			/* struct conn, all of them */
	size_t n_conns, n_busy;			/* n_busy: with a request in progress */
	uint64_t max_conns;			/* besides limits.connections: half the descriptors; 0: no matter */
	bool ready;				/* what /readyz says */
	bool draining;				/* connections close after their answer */
	struct buf wire;			/* scratch: heads and frames while they are written */
	struct task on_quiet;			/* posted when draining and the last request ended; set by the owner */
	/* Appends the text of /metrics; set by the owner. */
	void (*write_metrics)(void *arg, struct buf *out);
	/* Forgets kept answers: of door->model or of door->tenant where these are named, else all; set by the owner. */
	void (*purge)(void *arg, const struct request_door *door);
	void (*on_record)(void *arg, const struct record *r);
	void *arg;
};

/* `addr` and `admin_addr` (may be empty) as for listen_open.  False with a sentence in `why`. */
bool front_open(struct front *f, struct loop *l, struct slice addr, struct tls_server *tls,
	struct slice admin_addr, char *why, size_t why_cap);
/* Takes no new connections, lets go of idle ones, closes the others after their answers. */
void front_drain(struct front *f);
/* Stops listening on the public address. */
void front_stop_listening(struct front *f);
/* Ends every request in progress: clients are told (ERR_DRAINING). */
void front_cut(struct front *f);
/* Closes everything at once. */
void front_close(struct front *f);

#endif
