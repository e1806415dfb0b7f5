/* Scripted clients: they connect, ask, read at their own pace, note what came and when, and leave as planned. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_world.h"

#define BUFFER (128u << 10)
#define LATENCY_US 500

static void on_ready(void *arg);

static struct sim_answer *current(struct sim_client *c)
{
	return c->n_answers < c->n_sends ? &c->answers[c->n_answers] : NULL;
}

static void after(struct sim_client *c, struct sim_event *e, uint64_t ms)
{
	sim_event_set(c->sim->loop, e, ms * 1000000u);
}

static void finished(struct sim_client *c)
{
	if (c->done)
		return;
	c->done = true;
	c->done_ms = sim_now_ms(c->sim);
	sim_event_clear(&c->timer);
	sim_event_clear(&c->writer);
	sim_event_clear(&c->leaver);
}

static void hang_up(struct sim_client *c)
{
	sim_event_clear(&c->reader);
	sim_sock_close(&c->sock);
	finished(c);
}

void sim_client_leave(struct sim_client *c, enum sim_leave how)
{
	if (!c->sock || c->left || how == SIM_STAYS)
		return;
	sim_trace(c->sim->loop, "client leaves (%d)", (int)how);
	c->left = true;
	c->left_ms = sim_now_ms(c->sim);
	if (how == SIM_HALF_CLOSES) {
		c->shut = true;
		sim_sock_shut(c->sock);
		return;
	}
	if (how == SIM_RESETS)
		sim_sock_reset(&c->sock);
	hang_up(c);
}

static void end_answer(struct sim_client *c, enum sim_end end)
{
	struct sim_answer *a = current(c);

	a->end = end;
	a->end_ms = sim_now_ms(c->sim);
	c->n_answers++;
}

/* The writer: hands out `unsent` in pieces. */
static void send_on(struct sim_client *c)
{
	while (c->sock && !c->shut && c->unsent.n > 0 && !sim_event_is_set(&c->writer)) {
		size_t want = c->plan.send_piece ? MIN_OF(c->plan.send_piece, c->unsent.n) : c->unsent.n;
		size_t n = sim_sock_write(c->sock, slice_of(c->unsent.p, want));

		c->unsent = slice_skip(c->unsent, n);
		if (n < want)
			return;
		if (c->plan.send_piece && c->unsent.n > 0)
			after(c, &c->writer, c->plan.send_gap_ms);
	}
	if (c->unsent.n == 0 && c->plan.pipelined && c->sent < c->n_sends && c->sock && !c->shut) {
		c->answers[c->sent].asked_ms = sim_now_ms(c->sim);
		c->unsent = slice_str(c->plan.sends[c->sent++]);
		send_on(c);
	}
}

static void ask_next(struct sim_client *c)
{
	if (!c->sock || c->shut || c->sent == c->n_sends)
		return;
	c->answers[c->sent].asked_ms = sim_now_ms(c->sim);
	c->unsent = slice_str(c->plan.sends[c->sent++]);
	send_on(c);
}

static void on_writer(struct sim_event *e)
{
	send_on(CONTAINER(e, struct sim_client, writer));
}

static void add_event(struct sim_client *c, struct sim_answer *a)
{
	if ((a->n_events & (a->n_events - 1)) == 0) {
		a->events = realloc(a->events, sizeof(*a->events) * (a->n_events ? a->n_events * 2 : 1));
		must(a->events);
	}
	a->open.ms = sim_now_ms(c->sim);
	a->events[a->n_events++] = a->open;
	a->open = (struct sim_place){ 0, 0, 0 };
}

/* Reads the lines of an event stream that are complete. */
static void scan_events(struct sim_client *c, struct sim_answer *a)
{
	struct slice body = buf_slice(&a->http.body);

	for (;;) {
		struct slice rest = slice_skip(body, a->scanned);
		size_t end = slice_find(rest, '\n');
		struct slice line = slice_of(rest.p, end > 0 && end < rest.n &&
			rest.p[end - 1] == '\r' ? end - 1 : end);

		if (end == rest.n)
			return;
		if (line.n == 0 && a->open.n > 0)
			add_event(c, a);
		else if (slice_starts(line, SLICE(":")))
			a->n_comments++;
		else if (slice_starts(line, SLICE("data:")) && a->open.n == 0)
			a->open = (struct sim_place){ (size_t)(line.p - body.p) + 5, line.n - 5, 0 };
		a->scanned += end + 1;
	}
}

static void taken_in(struct sim_client *c, struct sim_answer *a)
{
	if (sim_http_head_done(&a->http) && a->head_ms == 0)
		a->head_ms = sim_now_ms(c->sim);
	if (sim_is_stream(a))
		scan_events(c, a);
	if (c->plan.leave_events && a->n_events >= c->plan.leave_events)
		sim_client_leave(c, c->plan.leave);
}

/* Bytes for the answers in turn.  The connection may be gone afterwards. */
static void take_in(struct sim_client *c, struct slice bytes)
{
	while (bytes.n > 0 && c->sock) {
		struct sim_answer *a = current(c);
		size_t used;

		if (!a || c->n_answers >= c->sent) {
			c->extra = true;
			return;
		}
		used = sim_http_feed(&a->http, bytes);
		bytes = slice_skip(bytes, used);
		taken_in(c, a);
		if (a->http.at == SIM_HTTP_BAD) {
			end_answer(c, SIM_BROKEN);
			hang_up(c);
		} else if (a->http.at == SIM_HTTP_DONE) {
			end_answer(c, SIM_CLEAN);
			if (!c->plan.pipelined && c->sent < c->n_sends)
				after(c, &c->timer, c->plan.gap_ms);
		}
	}
}

static size_t may_read(const struct sim_client *c)
{
	size_t n = c->plan.read_piece ? c->plan.read_piece : SIZE_MAX;

	if (c->plan.read_stop)
		n = MIN_OF(n, c->plan.read_stop - c->received);
	if (c->plan.leave_bytes && !c->left)
		n = MIN_OF(n, c->plan.leave_bytes - c->received);
	return n;
}

static void read_on(struct sim_client *c)
{
	struct slice in = sim_sock_peek(c->sock);
	char *copy;

	in.n = MIN_OF(in.n, may_read(c));
	if (in.n == 0)
		return;
	copy = malloc(in.n);
	must(copy);
	memcpy(copy, in.p, in.n);
	sim_sock_eat(c->sock, in.n);
	c->received += in.n;
	sim_trace(c->sim->loop, "client <- %zu bytes %s", in.n, sim_show(slice_of(copy, in.n)));
	take_in(c, slice_of(copy, in.n));
	free(copy);
	if (c->sock && c->plan.leave_bytes && c->received >= c->plan.leave_bytes)
		sim_client_leave(c, c->plan.leave);
	if (c->plan.read_piece && c->sock)
		after(c, &c->reader, c->plan.read_gap_ms);
}

/* The other side has ended the connection and all it sent has been read, or will never be. */
static void connection_ended(struct sim_client *c, bool reset)
{
	struct sim_answer *a = current(c);

	if (a && c->n_answers < c->sent) {
		bool whole = !reset && sim_http_eof(&a->http);
		end_answer(c, whole ? SIM_CLEAN : reset ? SIM_RST : SIM_BROKEN);
	}
	hang_up(c);
}

static void on_ready(void *arg)
{
	struct sim_client *c = arg;

	send_on(c);
	if (!sim_event_is_set(&c->reader))
		read_on(c);
	if (c->sock && (c->sock->rst_in || c->sock->fin_in) && (sim_sock_peek(c->sock).n == 0 || may_read(c) == 0))
		connection_ended(c, c->sock->rst_in);
	if (c->sock && !c->done && c->n_answers == c->n_sends && c->plan.leave_at_ms == 0) {
		if (c->plan.lingers)
			finished(c);
		else
			hang_up(c);
	}
}

static void on_reader(struct sim_event *e)
{
	struct sim_client *c = CONTAINER(e, struct sim_client, reader);

	if (c->sock)
		on_ready(c);
}

static void on_leaver(struct sim_event *e)
{
	struct sim_client *c = CONTAINER(e, struct sim_client, leaver);

	sim_client_leave(c, c->plan.leave);
}

/* Connects, and later asks the next thing. */
static void on_timer(struct sim_event *e)
{
	struct sim_client *c = CONTAINER(e, struct sim_client, timer);
	const struct sim_subject *it = &sim_subject;

	if (c->sock) {
		ask_next(c);
		return;
	}
	if (!c->plan.to && c->sim->it)
		c->plan.to = it->addr(c->sim->it);
	c->sock = c->plan.to ? sim_sock_dial(c->sim->loop, c->plan.to, LATENCY_US,
		c->plan.buffer ? c->plan.buffer : BUFFER) : NULL;
	if (!c->sock) {
		c->refused = true;
		finished(c);
		return;
	}
	c->sock->on_ready = on_ready;
	c->sock->arg = c;
	if (c->plan.leave_at_ms)
		after(c, &c->leaver, c->plan.leave_at_ms);
	ask_next(c);
}

struct sim_client *sim_client(struct sim *s, struct sim_plan plan)
{
	struct sim_client *c = calloc(1, sizeof(*c));

	must(c);
	c->sim = s;
	c->plan = plan;
	while (c->n_sends < SIM_MOST_SENDS && plan.sends[c->n_sends]) {
		sim_http_init(&c->answers[c->n_sends].http, true);
		c->answers[c->n_sends++].http.no_body = plan.head_only;
	}
	sim_event_init(&c->timer, on_timer);
	sim_event_init(&c->reader, on_reader);
	sim_event_init(&c->writer, on_writer);
	sim_event_init(&c->leaver, on_leaver);
	list_init(&c->node);
	list_push_back(&s->clients, &c->node);
	s->n_clients++;
	after(c, &c->timer, plan.at_ms);
	return c;
}

void sim_client_free(struct sim_client **cp)
{
	struct sim_client *c = *cp;

	hang_up(c);
	sim_event_clear(&c->timer);
	for (size_t i = 0; i < c->n_sends; i++) {
		sim_http_done(&c->answers[i].http);
		free(c->answers[i].events);
	}
	list_remove(&c->node);
	free(c);
	*cp = NULL;
}

struct sim_sse_event sim_event_at(const struct sim_answer *a, size_t i)
{
	const struct sim_place *e = &a->events[i];

	must(i < a->n_events);
	return (struct sim_sse_event){ slice_trim(slice_of(a->http.body.p + a->http.body.start + e->at, e->n)), e->ms };
}
