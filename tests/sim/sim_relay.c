/* The self-test's subject (sim_relay.h). */
#include "sim_relay.h"

#include <stdlib.h>

#include "loop/alarm.h"
#include "loop/listen.h"
#include "loop/stream.h"
#include "sim.h"

#define FIRST_BYTE_MS 1000
#define CONNECT_MS 500

struct relay {
	struct loop *loop;
	struct listen *listen;
	struct list calls;
};

struct call {
	struct list node;
	struct relay *relay;
	struct stream *down, *up;
	struct sim_http request;
	struct buf bytes;		/* of the request, for the second try */
	struct alarm clock;
	size_t tries;
	bool answering;
	struct task retry;
	struct grave grave;
};

static const char *const hosts[] = { "a.test", "b.test" };
static unsigned n_open;

unsigned sim_relay_open(void)
{
	return n_open;
}

static void dig_call(struct grave *g)
{
	free(CONTAINER(g, struct call, grave));
}

static void end_call(struct call *c)
{
	alarm_clear(&c->clock);
	loop_unpost(c->relay->loop, &c->retry);
	sim_http_done(&c->request);
	buf_done(&c->bytes);
	list_remove(&c->node);
	loop_bury(c->relay->loop, &c->grave, dig_call);
	n_open--;
}

static void on_up_open(void *arg)
{
}

static void on_up_data(void *arg, struct slice bytes)
{
	struct call *c = arg;

	c->answering = true;
	alarm_clear(&c->clock);
	stream_write(c->down, bytes);
	if (stream_full(c->down))
		stream_pause(c->up);
}

/* An abort would drop what was written in this turn, so an answer cut short is cut by FIN: its framing tells. */
static void on_up_close(void *arg, enum err why)
{
	struct call *c = arg;

	c->up = NULL;
	alarm_clear(&c->clock);
	if (!c->answering && c->tries < COUNT_OF(hosts)) {
		loop_post(c->relay->loop, &c->retry);
		return;
	}
	if (c->answering)
		stream_close(&c->down, 5000);
	else
		stream_abort(&c->down, true);
	end_call(c);
}

static const struct stream_events up_events = { .on_open = on_up_open, .on_data = on_up_data, .on_close = on_up_close };

static void try_next(struct task *t)
{
	struct call *c = CONTAINER(t, struct call, retry);
	struct stream_dest dest = { .host = slice_str(hosts[c->tries++]), .port = 80, .connect_ms = CONNECT_MS };

	c->up = stream_open(c->relay->loop, &dest, &up_events, c);
	stream_write(c->up, buf_slice(&c->bytes));
	alarm_set(&c->clock, FIRST_BYTE_MS);
}

static void on_clock(struct alarm *a)
{
	struct call *c = CONTAINER(a, struct call, clock);

	stream_abort(&c->up, true);
	on_up_close(c, ERR_UP_FIRST_TIMEOUT);
}

static void on_down_data(void *arg, struct slice bytes)
{
	struct call *c = arg;

	if (c->tries > 0 || c->request.at == SIM_HTTP_DONE)
		return;
	buf_add(&c->bytes, bytes);
	sim_http_feed(&c->request, bytes);
	if (c->request.at == SIM_HTTP_DONE)
		loop_post(c->relay->loop, &c->retry);
}

static void on_down_eof(void *arg)
{
	struct call *c = arg;

	stream_abort(&c->up, true);
	stream_close(&c->down, 0);
	end_call(c);
}

static void on_down_room(void *arg)
{
	struct call *c = arg;

	if (c->up)
		stream_resume(c->up);
}

static void on_down_close(void *arg, enum err why)
{
	struct call *c = arg;

	c->down = NULL;
	stream_abort(&c->up, true);
	end_call(c);
}

static const struct stream_events down_events = { .on_data = on_down_data, .on_eof = on_down_eof,
	.on_room = on_down_room,
	.on_close = on_down_close };

static void on_accept(void *arg, struct stream *s)
{
	struct relay *r = arg;
	struct call *c = calloc(1, sizeof(*c));

	must(c);
	c->relay = r;
	c->down = s;
	sim_http_init(&c->request, false);
	buf_init(&c->bytes, 1u << 20);
	alarm_init(&c->clock, r->loop, on_clock);
	c->retry.go = try_next;
	list_init(&c->node);
	list_push_back(&r->calls, &c->node);
	n_open++;
	stream_own(s, &down_events, c);
}

static void *relay_open(struct loop *l, const char *config, char *why, size_t why_cap)
{
	struct relay *r = calloc(1, sizeof(*r));

	must(r);
	r->loop = l;
	list_init(&r->calls);
	r->listen = listen_open(l, slice_str(config), NULL, on_accept, r, why, why_cap);
	if (!r->listen) {
		free(r);
		return NULL;
	}
	return r;
}

static const char *relay_addr(void *it)
{
	return listen_addr(((struct relay *)it)->listen);
}

static void relay_close(void *it)
{
	struct relay *r = it;

	LIST_EACH(node, tmp, &r->calls) {
		struct call *c = LIST_ITEM(node, struct call, node);
		stream_abort(&c->up, true);
		stream_abort(&c->down, true);
		end_call(c);
	}
	listen_close(&r->listen);
	free(r);
}

static bool relay_reload(void *it, const char *config, char *why, size_t why_cap)
{
	return true;
}

static void relay_drain(void *it)
{
}

static bool relay_drained(void *it)
{
	return n_open == 0;
}

const struct sim_subject sim_subject = { relay_open, relay_addr, relay_addr, relay_reload, relay_drain, relay_drain,
	relay_drained, relay_close };
