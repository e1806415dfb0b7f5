/* listen.h of the sim: a door in the network where the scripted clients knock (sim_sock_dial). */
#include "sim_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/listen.h"
#include "loop/tls.h"

struct listen {
	struct sim_door door;
	struct loop *loop;
	struct list waiting;		/* struct knock */
	struct sim_event accept;
	listen_on_accept *on_accept;
	void *arg;
	struct tls_server *tls;
	bool paused;
	struct grave grave;
};

/* A connection in the backlog. */
struct knock {
	struct list node;
	struct sim_sock *sock;
};

static void accept_one(struct listen *li, struct sim_sock *sock)
{
	struct stream *s = sim_stream_accept(li->loop, sock, li->tls != NULL);

	li->on_accept(li->arg, s);
	must(sim_stream_owned(s));	/* listen.h: the new owner calls stream_own() before it returns */
}

static void on_accept_event(struct sim_event *e)
{
	struct listen *li = CONTAINER(e, struct listen, accept);
	struct list *node;

	while (!li->paused && (node = list_pop_front(&li->waiting))) {
		struct knock *k = LIST_ITEM(node, struct knock, node);
		struct sim_sock *sock = k->sock;
		free(k);
		accept_one(li, sock);
	}
}

static void on_knock(struct sim_door *d, struct sim_sock *sock)
{
	struct listen *li = CONTAINER(d, struct listen, door);
	struct knock *k = calloc(1, sizeof(*k));

	must(k);
	k->sock = sock;
	list_init(&k->node);
	list_push_back(&li->waiting, &k->node);
	sim_event_set(li->loop, &li->accept, sock->latency_ns);
}

static bool taken(const struct loop *l, const char *addr)
{
	for (struct list *n = l->listeners.next; n != &l->listeners; n = n->next)
		if (strcmp(LIST_ITEM(n, struct sim_door, node)->addr, addr) == 0)
			return true;
	return false;
}

struct listen *listen_open(struct loop *l, struct slice addr, struct tls_server *tls, listen_on_accept *on_accept,
	void *arg, char *why, size_t why_cap)
{
	struct listen *li = calloc(1, sizeof(*li));
	struct slice host = slice_of(addr.p, addr.n > 2 ? addr.n - 2 : 0);
	bool any_port = addr.n > 2 && slice_eq(slice_skip(addr, addr.n - 2), SLICE(":0"));

	must(li);
	if (any_port)
		snprintf(li->door.addr, sizeof(li->door.addr), "%.*s:%u", SLICE_ARG(host), l->next_port++);
	else
		slice_copy(addr, li->door.addr, sizeof(li->door.addr));
	if (taken(l, li->door.addr)) {
		snprintf(why, why_cap, "%s: address already in use", li->door.addr);
		free(li);
		return NULL;
	}
	li->loop = l;
	li->door.on_knock = on_knock;
	list_init(&li->door.node);
	list_push_back(&l->listeners, &li->door.node);
	list_init(&li->waiting);
	sim_event_init(&li->accept, on_accept_event);
	li->on_accept = on_accept;
	li->arg = arg;
	li->tls = tls ? tls_server_ref(tls) : NULL;
	return li;
}

void listen_set_tls(struct listen *li, struct tls_server *tls)
{
	struct tls_server *old = li->tls;

	li->tls = tls ? tls_server_ref(tls) : NULL;
	tls_server_unref(&old);
}

void listen_pause(struct listen *li, bool paused)
{
	li->paused = paused;
	if (!paused && !list_empty(&li->waiting))
		sim_event_set(li->loop, &li->accept, 0);
}

const char *listen_addr(const struct listen *li)
{
	return li->door.addr;
}

uint64_t listen_starved(const struct listen *li)
{
	return 0;
}

static void dig_listen(struct grave *g)
{
	free(CONTAINER(g, struct listen, grave));
}

void listen_close(struct listen **lip)
{
	struct listen *li = *lip;
	struct list *node;

	if (!li)
		return;
	while ((node = list_pop_front(&li->waiting))) {
		struct knock *k = LIST_ITEM(node, struct knock, node);
		sim_sock_reset(&k->sock);	/* as the kernel does with a backlog nobody took */
		free(k);
	}
	list_remove(&li->door.node);
	sim_event_clear(&li->accept);
	tls_server_unref(&li->tls);
	loop_bury(li->loop, &li->grave, dig_listen);	/* it may close itself inside on_accept */
	*lip = NULL;
}
