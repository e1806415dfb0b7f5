/* Scripted providers: each connection reads requests, plays one script for each, and notes what weir did. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_world.h"

struct conn {
	struct list node;		/* provider->conns */
	struct sim_provider *provider;
	struct sim_sock *sock;
	size_t number;
	struct sim_seen *seen;		/* request being read or answered */
	const struct sim_act *act;	/* what to do next; NULL: no script is running */
	size_t rep;			/* repetitions of it done */
	bool waited;			/* its gap is over */
	bool listed;			/* `seen` is in the provider's list */
	bool mute;			/* reads no more requests: it hangs or has said its last */
	bool dead;
	struct grave grave;
	struct buf out;
	struct sim_event timer;
};

static void on_ready(void *arg);
static void play(struct conn *c);

static uint64_t now_ms(const struct conn *c)
{
	return sim_now_ms(c->provider->sim);
}

static void fault(struct sim_provider *p, const char *what)
{
	if (!p->fault)
		p->fault = what;
}

static void settle(struct conn *c, enum sim_fate fate, bool reset)
{
	struct sim_seen *r = c->seen;

	r->fate = fate;
	r->end_ms = now_ms(c);
	r->reset = reset;
	if (fate == SIM_LEFT)
		r->left_ms = r->end_ms;
	if (c->act)
		c->provider->n_running--;
	c->act = NULL;
	c->seen = NULL;
}

static void dig_conn(struct grave *g)
{
	free(CONTAINER(g, struct conn, grave));
}

/* The struct lives on until the end of the turn: callers up the stack still look at `dead`. */
static void bury(struct conn *c)
{
	if (c->seen && c->listed) {
		settle(c, SIM_LEFT, false);
	} else if (c->seen) {
		sim_http_done(&c->seen->http);
		free(c->seen);
		c->seen = NULL;
	}
	c->dead = true;
	c->provider->n_open--;
	sim_event_clear(&c->timer);
	buf_done(&c->out);
	list_remove(&c->node);
	loop_bury(c->provider->sim->loop, &c->grave, dig_conn);
}

/* The connection ends from our side. */
static void hang_up(struct conn *c, bool reset)
{
	sim_trace(c->provider->sim->loop, "%s#%zu hangs up%s", c->provider->host->name, c->number,
		reset ? " with RST" : "");
	if (reset)
		sim_sock_reset(&c->sock);
	else
		sim_sock_close(&c->sock);
	bury(c);
}

/* Each dialect has its own field; a request that shows two keys shows none. */
static struct slice key_of(const struct sim_http *h)
{
	struct slice bearer = sim_http_field(h, "authorization"), claude = sim_http_field(h, "x-api-key"),
		google = sim_http_field(h, "x-goog-api-key");

	if ((bearer.n > 0) + (claude.n > 0) + (google.n > 0) != 1)
		return SLICE_EMPTY;
	if (bearer.n)
		return slice_starts(bearer, SLICE("Bearer ")) ? slice_skip(bearer, 7) : SLICE_EMPTY;
	return claude.n ? claude : google;
}

static void listed(struct conn *c)
{
	struct sim_provider *p = c->provider;
	struct slice key = key_of(&c->seen->http);

	if ((p->n & (p->n - 1)) == 0) {
		p->seen = realloc(p->seen, sizeof(*p->seen) * (p->n ? p->n * 2 : 1));
		must(p->seen);
	}
	p->seen[p->n++] = c->seen;
	c->listed = true;
	c->seen->at_ms = now_ms(c);
	if (!slice_eq(key, SLICE("sim-key")) && !slice_eq(key, SLICE("sim-key2")))
		fault(p, "a request without this provider's key");
	if (sim_http_count(&c->seen->http, "host") != 1)
		fault(p, "a request without Host");
}

static const struct sim_act *script_of(const struct sim_provider *p, size_t request)
{
	return p->scripts[MIN_OF(request, p->n_scripts - 1)];
}

static void start(struct conn *c)
{
	struct sim_provider *p = c->provider;
	size_t turn = 0;

	while (p->seen[turn] != c->seen)
		turn++;
	sim_trace(p->sim->loop, "%s#%zu answers request %zu: %s", p->host->name, c->number, turn,
		sim_show(buf_slice(&c->seen->http.head)));
	c->act = script_of(p, turn);
	c->rep = 0;
	c->waited = false;
	p->n_running++;
	p->most_running = MAX_OF(p->most_running, p->n_running);
	play(c);
}

static void new_request(struct conn *c)
{
	c->seen = calloc(1, sizeof(*c->seen));
	must(c->seen);
	sim_http_init(&c->seen->http, false);
	c->seen->conn = c->number;
	c->listed = false;
}

static bool may_start(const struct conn *c)
{
	const struct sim_provider *p = c->provider;

	if (!c->listed || c->act)
		return false;
	return c->seen->http.at == SIM_HTTP_DONE || script_of(p, p->n - 1)->kind == SIM_ACT_EARLY;
}

/* Reads what is there. */
static void take_in(struct conn *c)
{
	struct slice in;

	while (!c->dead && !c->mute && (in = sim_sock_peek(c->sock)).n > 0) {
		if (c->act && c->seen->http.at == SIM_HTTP_DONE) {
			fault(c->provider, "a request before the answer to the one before");
			return;
		}
		if (!c->seen)
			new_request(c);
		sim_sock_eat(c->sock, sim_http_feed(&c->seen->http, in));
		if (c->seen->http.at == SIM_HTTP_BAD) {
			fault(c->provider, c->seen->http.bad);
			hang_up(c, true);
			return;
		}
		if (sim_http_head_done(&c->seen->http) && !c->listed)
			listed(c);
		if (may_start(c))
			start(c);
	}
}

static void add_chunk(struct conn *c, struct slice text)
{
	buf_addf(&c->out, "%zx\r\n", text.n);
	buf_add(&c->out, text);
	buf_add(&c->out, SLICE("\r\n"));
}

static void add_answer(struct conn *c, unsigned status, const char *fields, struct slice body)
{
	bool typed = fields && strcasestr(fields, "content-type:");

	buf_addf(&c->out, "HTTP/1.1 %u Scripted\r\n%sContent-Length: %zu\r\n%s\r\n", status,
		typed ? "" : "Content-Type: application/json\r\n", body.n, fields ? fields : "");
	buf_add(&c->out, body);
}

static void add_text(struct conn *c, struct slice text)
{
	static const char before[] = "data: " SIM_CHUNK_JSON "{\"index\":0,\"delta\":{\"content\":\"";
	static const char after[] = "\"},\"finish_reason\":null}]}\n\n";
	struct buf b;

	buf_init(&b, 64u << 20);
	buf_add(&b, slice_str(before));
	buf_add(&b, text);
	buf_add(&b, slice_str(after));
	add_chunk(c, buf_slice(&b));
	buf_done(&b);
}

static bool asks(const struct conn *c, const char *what)
{
	return sim_http_has(buf_slice(&c->seen->http.body), what);
}

static void add_good_stream(struct conn *c, struct slice text)
{
	static const struct sim_act head = SIM_STREAM_HEAD, role = SIM_ROLE, finish = SIM_FINISH("stop"),
		usage = SIM_USAGE(9, 2),
		done = SIM_DONE, last = SIM_LAST_CHUNK;

	buf_add(&c->out, slice_str(head.text));
	add_chunk(c, slice_str(role.text));
	for (size_t at = 0; at < text.n; at += 2)
		add_text(c, slice_of(text.p + at, MIN_OF(2u, text.n - at)));
	add_chunk(c, slice_str(finish.text));
	if (asks(c, "\"include_usage\":true"))
		add_chunk(c, slice_str(usage.text));
	add_chunk(c, slice_str(done.text));
	buf_add(&c->out, slice_str(last.text));
}

static void add_good(struct conn *c, const char *text)
{
	struct buf b;

	if (asks(c, "\"stream\":true")) {
		add_good_stream(c, slice_str(text));
		return;
	}
	buf_init(&b, 1u << 20);
	buf_addf(&b, SIM_WHOLE_JSON("%s"), text);
	add_answer(c, 200, "", buf_slice(&b));
	buf_done(&b);
}

static void add_echo(struct conn *c)
{
	struct slice body = buf_slice(&c->seen->http.body);
	const char *word = body.n ? memmem(body.p, body.n, "say ", 4) : NULL;
	struct slice rest;

	if (!word) {
		fault(c->provider, "nothing to say in a request");
		return;
	}
	rest = slice_skip(body, (size_t)(word - body.p) + 4);
	add_text(c, slice_of(rest.p, slice_find(rest, '"')));
}

static void add_each(struct conn *c, const struct sim_each_opts *o)
{
	const struct sim_each_opts none = { .hates = NULL };
	struct buf b;

	buf_init(&b, 64u << 20);
	unsigned status = sim_each(c->seen->http.target, buf_slice(&c->seen->http.body), o ? o : &none, &b);
	add_answer(c, status, "", buf_slice(&b));
	buf_done(&b);
}

static void add_fill(struct conn *c, size_t n)
{
	char *text = malloc(n);

	must(text);
	memset(text, 'a' + (int)(c->rep % 26), n);
	add_text(c, slice_of(text, n));
	free(text);
}

static bool is_end(enum sim_act_kind kind)
{
	return kind == SIM_ACT_SHUT || kind == SIM_ACT_CUT || kind == SIM_ACT_RESET || kind == SIM_ACT_HANG;
}

static void end_by(struct conn *c, enum sim_act_kind how)
{
	c->mute = true;
	if (how == SIM_ACT_HANG)
		return;
	settle(c, SIM_SERVED, false);
	if (how == SIM_ACT_RESET) {
		hang_up(c, true);
		return;
	}
	c->sock->rude = how == SIM_ACT_CUT;
	sim_sock_shut(c->sock);
}

/* Sends what is queued.  False when it has to wait, or the connection is over. */
static bool push_out(struct conn *c)
{
	struct sim_provider *p = c->provider;

	while (buf_len(&c->out) > 0) {
		struct slice out = buf_slice(&c->out);
		size_t n;

		if (p->die_how)
			out.n = MIN_OF(out.n, p->die_after - MIN_OF(p->die_after, c->seen->sent));
		n = sim_sock_write(c->sock, out);
		buf_eat(&c->out, n);
		c->seen->sent += n;
		if (p->die_how && c->seen->sent >= p->die_after) {
			buf_clear(&c->out);
			end_by(c, p->die_how);
			return false;
		}
		if (n < out.n)
			return false;
	}
	return true;
}

static void do_act(struct conn *c, const struct sim_act *a)
{
	if (a->kind == SIM_ACT_RAW)
		buf_add(&c->out, slice_str(a->text));
	else if (a->kind == SIM_ACT_CHUNK)
		add_chunk(c, slice_str(a->text));
	else if (a->kind == SIM_ACT_ANSWER)
		add_answer(c, (unsigned)a->n, a->fields, slice_str(a->text));
	else if (a->kind == SIM_ACT_GOOD)
		add_good(c, a->text);
	else if (a->kind == SIM_ACT_ECHO)
		add_echo(c);
	else if (a->kind == SIM_ACT_EACH)
		add_each(c, a->each);
	else if (a->kind == SIM_ACT_FILL)
		add_fill(c, a->n);
}

/* True when the act has to wait before it (again) does something. */
static bool waits(struct conn *c, const struct sim_act *a)
{
	uint64_t ms = a->kind == SIM_ACT_WAIT ? a->n : a->gap_ms;

	if (ms == 0 || c->waited)
		return false;
	c->waited = true;
	sim_event_set(c->provider->sim->loop, &c->timer, ms * 1000000u);
	return true;
}

static void next_rep(struct conn *c, const struct sim_act *a)
{
	c->waited = false;
	if (++c->rep >= MAX_OF(a->times, 1u)) {
		c->rep = 0;
		c->act++;
	}
}

/* The script's end: the connection is free for the next request, unless this one was answered before it was all
 * there. */
static void finish(struct conn *c)
{
	c->mute = c->seen->http.at != SIM_HTTP_DONE;
	settle(c, SIM_SERVED, false);
	sim_sock_wake(c->sock);		/* a request that came meanwhile, or weir's FIN */
}

static void play(struct conn *c)
{
	while (c->act && !c->dead && !c->mute && push_out(c)) {
		const struct sim_act *a = c->act;

		if (a->kind == SIM_ACT_STOP) {
			finish(c);
			return;
		}
		if (waits(c, a))
			return;
		if (is_end(a->kind)) {
			end_by(c, a->kind);
			return;
		}
		do_act(c, a);
		next_rep(c, a);
	}
}

static void on_timer(struct sim_event *e)
{
	play(CONTAINER(e, struct conn, timer));
}

static void weir_left(struct conn *c, bool reset)
{
	sim_trace(c->provider->sim->loop, "%s#%zu: weir left%s", c->provider->host->name, c->number,
		reset ? " with RST" : "");
	if (c->seen && c->listed)
		settle(c, SIM_LEFT, reset);
	hang_up(c, false);
}

static void on_ready(void *arg)
{
	struct conn *c = arg;

	take_in(c);
	if (c->dead)
		return;
	if (c->mute)
		sim_sock_eat(c->sock, sim_sock_peek(c->sock).n);
	if (c->sock->rst_in || c->sock->fin_in)
		weir_left(c, c->sock->rst_in);
	else if (c->act && !sim_event_is_set(&c->timer))
		play(c);
}

static void on_accept(void *arg, struct sim_sock *sock)
{
	struct sim_provider *p = arg;
	struct conn *c = calloc(1, sizeof(*c));

	must(c);
	c->provider = p;
	c->sock = sock;
	c->number = p->n_conns++;
	p->n_open++;
	sock->on_ready = on_ready;
	sock->arg = c;
	buf_init(&c->out, 256u << 20);
	sim_event_init(&c->timer, on_timer);
	list_init(&c->node);
	list_push_back(&p->conns, &c->node);
}

struct sim_provider *sim_provider(struct sim *s, const char *host, ...)
{
	struct sim_provider *p = calloc(1, sizeof(*p));
	struct slice name = slice_of(host, slice_find(slice_str(host), ':'));
	struct slice digits = slice_skip(slice_str(host), name.n + 1);
	uint64_t port = 443;
	char text[64];
	va_list scripts;
	const struct sim_act *script;

	must(p && (digits.n == 0 || slice_u64(digits, &port)));
	p->sim = s;
	p->host = sim_host_new(s->loop, slice_copy(name, text, sizeof(text)), (uint16_t)port);
	p->host->on_accept = on_accept;
	p->host->arg = p;
	va_start(scripts, host);
	while ((script = va_arg(scripts, const struct sim_act *))) {
		must(p->n_scripts < COUNT_OF(p->scripts));
		p->scripts[p->n_scripts++] = script;
	}
	va_end(scripts);
	must(p->n_scripts > 0);
	list_init(&p->conns);
	list_init(&p->node);
	list_push_back(&s->providers, &p->node);
	return p;
}

void sim_provider_hang_up(struct sim_provider *p, bool reset)
{
	LIST_EACH(node, tmp, &p->conns) {
		struct conn *c = LIST_ITEM(node, struct conn, node);
		if (c->seen && c->listed)
			settle(c, SIM_SERVED, false);
		hang_up(c, reset);
	}
}

void sim_provider_free(struct sim_provider **pp)
{
	struct sim_provider *p = *pp;

	sim_provider_hang_up(p, false);
	for (size_t i = 0; i < p->n; i++) {
		sim_http_done(&p->seen[i]->http);
		free(p->seen[i]);
	}
	free(p->seen);
	sim_host_free(&p->host);
	list_remove(&p->node);
	free(p);
	*pp = NULL;
}
