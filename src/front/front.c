#include "front/front.h"

#include <stdio.h>

#include "base/counter.h"
#include "front/conn.h"

#define WIRE_BYTES (64u << 20)	/* the largest page, /metrics or a model list, stays far below */

static void on_accept(struct front *f, struct stream *s, bool admin)
{
	uint64_t most = (uint64_t)f->limits.sizes.connections;

	if (f->max_conns && f->max_conns < most)
		most = f->max_conns;
	if (f->n_conns >= most && !admin) {
		counter_add(COUNTER_connections_refused, 1);
		stream_abort(&s, true);
		return;
	}
	conn_open(f, s, admin);
}

static void on_public(void *arg, struct stream *s)
{
	on_accept(arg, s, false);
}

static void on_admin(void *arg, struct stream *s)
{
	on_accept(arg, s, true);
}

bool front_open(struct front *f, struct loop *l, struct slice addr, struct tls_server *tls,
	struct slice admin_addr, char *why, size_t why_cap)
{
	f->loop = l;
	list_init(&f->conns);
	buf_init(&f->wire, WIRE_BYTES);
	f->open = listen_open(l, addr, tls, on_public, f, why, why_cap);
	if (f->open && admin_addr.n)
		f->admin = listen_open(l, admin_addr, NULL, on_admin, f, why, why_cap);
	if (f->open == NULL || (admin_addr.n && f->admin == NULL)) {
		front_close(f);
		return false;
	}
	f->ready = true;
	return true;
}

void front_drain(struct front *f)
{
	f->ready = false;
	f->draining = true;
	LIST_EACH(node, tmp, &f->conns)
		conn_drain((struct conn *)(void *)node);
}

void front_stop_listening(struct front *f)
{
	listen_close(&f->open);
}

void front_cut(struct front *f)
{
	LIST_EACH(node, tmp, &f->conns)
		conn_cut((struct conn *)(void *)node);
}

void front_close(struct front *f)
{
	listen_close(&f->open);
	listen_close(&f->admin);
	LIST_EACH(node, tmp, &f->conns)
		conn_kill((struct conn *)(void *)node);
	buf_done(&f->wire);
}
