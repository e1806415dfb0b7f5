/* Simulated connections and hosts (sim_sock.h).  Must not know streams, HTTP or weir. */
#include "sim_sock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one write put on the way. */
struct segment {
	struct list node;
	uint64_t due_ns;
	bool fin, rst;
	size_t n;
	char bytes[];
};

struct sim_wire {
	struct sim_sock end[2];
	struct grave grave;
	bool buried;
};

static void fly(struct sim_sock *to, struct slice bytes, bool fin, bool rst)
{
	struct segment *g = calloc(1, sizeof(*g) + bytes.n);

	must(g);
	g->due_ns = to->loop->now_ns + to->latency_ns;
	g->fin = fin;
	g->rst = rst;
	g->n = bytes.n;
	if (bytes.n)
		memcpy(g->bytes, bytes.p, bytes.n);
	list_init(&g->node);
	list_push_back(&to->flying, &g->node);
	to->flying_n += bytes.n;
	if (!sim_event_is_set(&to->arrive))
		sim_event_set(to->loop, &to->arrive, to->latency_ns);
}

static void drop_flying(struct sim_sock *s)
{
	struct list *node;

	while ((node = list_pop_front(&s->flying)))
		free(LIST_ITEM(node, struct segment, node));
	s->flying_n = 0;
}

static void dig_wire(struct grave *g)
{
	struct sim_wire *w = CONTAINER(g, struct sim_wire, grave);

	for (int i = 0; i < 2; i++) {
		struct sim_sock *s = &w->end[i];
		sim_event_clear(&s->arrive);
		sim_event_clear(&s->wake);
		drop_flying(s);
		buf_done(&s->in);
	}
	w->end[0].loop->n_wires--;
	free(w);
}

static void try_bury(struct sim_wire *w)
{
	if (w->buried || !w->end[0].closed || !w->end[1].closed)
		return;
	w->buried = true;
	loop_bury(w->end[0].loop, &w->grave, dig_wire);
}

/* A closed end answers bytes with RST; FIN and RST end there. */
static void arrive_at_closed(struct sim_sock *s, const struct segment *g)
{
	if (g->n > 0 && !s->rst_out) {
		s->rst_out = true;
		fly(s->other, SLICE_EMPTY, false, true);
	}
}

static void arrive_one(struct sim_sock *s, struct segment *g)
{
	s->flying_n -= g->n;
	if (s->closed) {
		arrive_at_closed(s, g);
	} else if (g->rst) {
		s->rst_in = true;
		s->rst_in_ms = sim_world_ms(s->loop);
	} else {
		buf_add(&s->in, slice_of(g->bytes, g->n));
		if (g->fin && !s->fin_in) {
			s->fin_in = true;
			s->fin_in_ms = sim_world_ms(s->loop);
		}
	}
	free(g);
}

static void on_arrive(struct sim_event *e)
{
	struct sim_sock *s = CONTAINER(e, struct sim_sock, arrive);
	struct loop *l = s->loop;

	while (!list_empty(&s->flying)) {
		struct segment *g = LIST_ITEM(s->flying.next, struct segment, node);
		if (g->due_ns > l->now_ns) {
			sim_event_set(l, &s->arrive, g->due_ns - l->now_ns);
			break;
		}
		list_remove(&g->node);
		arrive_one(s, g);
	}
	if (!s->closed && s->on_ready)
		s->on_ready(s->arg);
}

static void on_wake(struct sim_event *e)
{
	struct sim_sock *s = CONTAINER(e, struct sim_sock, wake);

	if (!s->closed && s->on_ready)
		s->on_ready(s->arg);
}

static void sock_init(struct sim_wire *w, int i, struct loop *l, uint64_t latency_us, size_t cap)
{
	struct sim_sock *s = &w->end[i];

	s->loop = l;
	s->wire = w;
	s->other = &w->end[1 - i];
	s->cap = cap;
	s->latency_ns = latency_us * 1000u;
	list_init(&s->flying);
	buf_init(&s->in, cap + 1);
	sim_event_init(&s->arrive, on_arrive);
	sim_event_init(&s->wake, on_wake);
}

struct sim_sock *sim_sock_pair(struct loop *l, uint64_t latency_us, size_t cap, struct sim_sock **out_other)
{
	struct sim_wire *w = calloc(1, sizeof(*w));

	must(w && cap > 0);
	sock_init(w, 0, l, latency_us, cap);
	sock_init(w, 1, l, latency_us, cap);
	l->n_wires++;
	*out_other = &w->end[1];
	return &w->end[0];
}

size_t sim_sock_write(struct sim_sock *s, struct slice bytes)
{
	struct sim_sock *to = s->other;
	size_t used = to->flying_n + buf_len(&to->in), room = used < to->cap ? to->cap - used : 0;
	size_t n = MIN_OF(bytes.n, room);

	must(!s->closed && !s->fin_out);
	if (s->rst_in)
		return 0;
	if (n > 0)
		fly(to, slice_of(bytes.p, n), false, false);
	if (n < bytes.n)
		to->starved = true;
	return n;
}

struct slice sim_sock_peek(const struct sim_sock *s)
{
	return buf_slice(&s->in);
}

void sim_sock_eat(struct sim_sock *s, size_t n)
{
	buf_eat(&s->in, n);
	s->eaten += n;
	if (n > 0 && s->starved && !s->other->closed) {
		s->starved = false;
		if (!sim_event_is_set(&s->other->wake))
			sim_event_set(s->loop, &s->other->wake, s->other->latency_ns);	/* the ACK's way back */
	}
}

void sim_sock_wake(struct sim_sock *s)
{
	sim_event_set(s->loop, &s->wake, 0);
}

void sim_sock_shut(struct sim_sock *s)
{
	if (s->fin_out || s->rst_out)
		return;
	s->fin_out = true;
	fly(s->other, SLICE_EMPTY, true, false);
}

static void gone(struct sim_sock **sp)
{
	struct sim_sock *s = *sp;

	s->closed = true;
	s->on_ready = NULL;
	sim_event_clear(&s->wake);
	buf_done(&s->in);
	*sp = NULL;
	try_bury(s->wire);
}

void sim_sock_close(struct sim_sock **sp)
{
	struct sim_sock *s = *sp;

	if (!s)
		return;
	if (buf_len(&s->in) > 0 && !s->rst_in) {
		sim_sock_reset(sp);
		return;
	}
	if (!s->rst_in)
		sim_sock_shut(s);
	gone(sp);
}

void sim_sock_reset(struct sim_sock **sp)
{
	struct sim_sock *s = *sp;

	if (!s)
		return;
	if (!s->rst_out && !s->rst_in) {
		s->rst_out = true;
		fly(s->other, SLICE_EMPTY, false, true);
	}
	gone(sp);
}

struct sim_sock *sim_sock_dial(struct loop *l, const char *addr, uint64_t latency_us, size_t cap)
{
	LIST_EACH(node, tmp, &l->listeners) {
		struct sim_door *d = LIST_ITEM(node, struct sim_door, node);
		struct sim_sock *mine, *theirs;

		if (strcmp(d->addr, addr) != 0)
			continue;
		mine = sim_sock_pair(l, latency_us, cap, &theirs);
		snprintf(theirs->name, sizeof(theirs->name), "127.0.0.1:%u", l->next_port++);
		snprintf(mine->name, sizeof(mine->name), "%s", addr);
		d->on_knock(d, theirs);
		return mine;
	}
	return NULL;
}

struct sim_host *sim_host_new(struct loop *l, const char *name, uint16_t port)
{
	struct sim_host *h = calloc(1, sizeof(*h));

	must(h);
	slice_copy(slice_str(name), h->name, sizeof(h->name));
	h->port = port;
	h->connect_ms = 2;
	h->tls_ms = 4;
	h->dns_ms = 1;
	h->latency_us = 1000;
	h->cap = 128u << 10;
	list_init(&h->node);
	list_push_back(&l->hosts, &h->node);
	return h;
}

void sim_host_free(struct sim_host **hp)
{
	if (!*hp)
		return;
	list_remove(&(*hp)->node);
	free(*hp);
	*hp = NULL;
}

struct sim_host *sim_host_find(struct loop *l, struct slice name, uint16_t port)
{
	struct sim_host *same_name = NULL;

	LIST_EACH(node, tmp, &l->hosts) {
		struct sim_host *h = LIST_ITEM(node, struct sim_host, node);
		if (!slice_case_eq(slice_str(h->name), name))
			continue;
		if (h->port == port)
			return h;
		same_name = h;
	}
	return same_name;
}
