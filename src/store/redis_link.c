#include "store/redis_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "loop/alarm.h"
#include "loop/loop.h"

/* Pauses between dials: at most this, doubled with each failure, and drawn evenly from 0 (full jitter). */
#define FIRST_PAUSE_MS 50u
#define LONGEST_PAUSE_MS 5000u
#define WHY_TEXT 160

/*  RESTING -> DIALING    [dial()]
 *  DIALING -> GREETING   [on_open()]
 *  GREETING -> READY     [greet_next()]	no step is left
 *  any -> RESTING        [lost()] */
enum state { RESTING, DIALING, GREETING, READY };

/* Steps of the greeting, in order. */
enum step { HELLO, AUTH, SETNAME, SELECT, GREETED };

struct redis_link {
	const struct redis_link_env *env;
	struct redis_link_events ev;
	void *arg;
	struct stream *stream;
	struct redis_wire wire;
	struct redis_addr addr;
	char addr_text[REDIS_URL_HOST + 8];
	char why[WHY_TEXT];		/* of the end of this connection */
	struct redis_link_facts facts;
	struct list asked;		/* struct redis_ask, in the order of their replies */
	struct redis_ask greeting, ping;
	struct alarm pause, silence;
	struct task drop;
	struct grave grave;
	uint64_t silence_ms;
	unsigned failures;		/* connections in a row that did not come or did not stay */
	enum state state;
	enum step step;
	bool owing;			/* at the last tick of `silence` something was under way ... */
	bool heard;			/* ... and since then something has come */
	bool pinged;
};

static void lost(struct redis_link *l, const char *why);

/* --- replies ---------------------------------------------------------------------------------------------- */

/* False: the connection is of no use any more, l->why says why. */
static bool take_reply(struct redis_link *l, const struct redis_reply *r)
{
	if (r->kind == REDIS_PUSH || list_empty(&l->asked)) {
		if (l->ev.on_push == NULL && r->kind != REDIS_PUSH) {
			slice_copy(r->kind == REDIS_ERROR ? r->text : SLICE("a reply to no command"), l->why,
				sizeof(l->why));
			return false;
		}
		if (l->ev.on_push)
			l->ev.on_push(l->arg, r);
		return true;
	}
	struct redis_ask *a = LIST_ITEM(list_pop_front(&l->asked), struct redis_ask, node);
	a->on_reply(a, r);
	return true;
}

static void on_data(void *arg, struct slice bytes)
{
	struct redis_link *l = arg;
	const struct redis_reply *r;
	const char *why = "the reply is too big";
	enum redis_got got = REDIS_BAD;

	l->heard = true;
	if (redis_wire_feed(&l->wire, bytes))
		while ((got = redis_wire_next(&l->wire, &r, &why)) == REDIS_REPLY)
			if (!take_reply(l, r)) {
				lost(l, l->why);
				return;
			}
	if (got == REDIS_BAD) {
		counter_add(COUNTER_store_bad_replies, 1);
		snprintf(l->why, sizeof(l->why), "%s", why);
		lost(l, l->why);
	}
}

/* --- the greeting ----------------------------------------------------------------------------------------- */

static void send_words(struct redis_link *l, struct redis_ask *a, const struct slice *words, size_t n)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	redis_wire_put(&b, words, n);
	list_push_back(&l->asked, &a->node);
	stream_write(l->stream, buf_slice(&b));
	buf_done(&b);
}

static struct slice user_of(const struct redis_link *l)
{
	return l->env->user.n ? l->env->user : SLICE("default");
}

static void send_hello(struct redis_link *l)
{
	struct slice words[8] = { SLICE("HELLO"), SLICE("3") };
	size_t n = 2;

	if (l->env->password.n) {
		words[n++] = SLICE("AUTH");
		words[n++] = user_of(l);
		words[n++] = l->env->password;
	}
	words[n++] = SLICE("SETNAME");
	words[n++] = l->env->name;
	send_words(l, &l->greeting, words, n);
}

static void send_auth(struct redis_link *l)
{
	struct slice words[3] = { SLICE("AUTH") };
	size_t n = 1;

	if (l->env->user.n)
		words[n++] = l->env->user;
	words[n++] = l->env->password;
	send_words(l, &l->greeting, words, n);
}

static void send_select(struct redis_link *l)
{
	char db[16];

	snprintf(db, sizeof(db), "%u", l->env->db);
	send_words(l, &l->greeting, (struct slice[]){ SLICE("SELECT"), slice_str(db) }, 2);
}

/* True: the step is not needed. */
static bool greet_send(struct redis_link *l)
{
	switch (l->step) {
	case HELLO:
		send_hello(l);
		return false;
	case AUTH:
		if (l->env->password.n == 0)
			return true;
		send_auth(l);
		return false;
	case SETNAME:
		send_words(l, &l->greeting, (struct slice[]){ SLICE("CLIENT"), SLICE("SETNAME"), l->env->name }, 3);
		return false;
	case SELECT:
		if (l->env->db == 0)
			return true;
		send_select(l);
		return false;
	case GREETED:
		break;
	}
	return false;
}

static void ready(struct redis_link *l)
{
	l->state = READY;
	l->owing = l->heard = false;
	alarm_set(&l->silence, l->silence_ms);
	counter_add(COUNTER_store_connects, 1);
	l->ev.on_up(l->arg);
}

static void greet_next(struct redis_link *l, enum step step)
{
	l->step = step;
	while (l->step != GREETED && greet_send(l))
		l->step++;
	if (l->step == GREETED)
		ready(l);
}

static void take_facts(struct redis_link *l, const struct redis_reply *r)
{
	const struct redis_reply *id = redis_wire_field(r, "id"), *mode = redis_wire_field(r, "mode");

	l->facts.id = id ? id->number : 0;
	l->facts.cluster = mode && slice_eq(mode->text, SLICE("cluster"));
}

static bool is_replica(const struct redis_reply *r)
{
	const struct redis_reply *role = redis_wire_field(r, "role");

	return role && !slice_eq(role->text, SLICE("master"));
}

static void on_greeted(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_link *l = CONTAINER(a, struct redis_link, greeting);

	if (r == NULL)
		return;
	if (l->step == HELLO && r->kind == REDIS_LIST) {
		take_facts(l, r);
		if (l->env->master_only && is_replica(r))
			redis_link_drop(l, "it is a replica");
		else
			greet_next(l, SELECT);
	} else if (l->step == HELLO && (redis_wire_says(r, "ERR") || redis_wire_says(r, "NOPROTO"))) {
		greet_next(l, AUTH);	/* older than 6.0, or a proxy: RESP2 */
	} else if (r->kind == REDIS_ERROR && l->step != SETNAME) {
		redis_link_drop(l, r->text.p);
	} else {
		greet_next(l, (enum step)(l->step + 1));
	}
}

/* --- the connection --------------------------------------------------------------------------------------- */

static void on_open(void *arg)
{
	struct redis_link *l = arg;

	l->state = GREETING;
	greet_next(l, HELLO);
}

static const char *why_text(enum err why)
{
	return why == ERR_OK ? "closed by the server" : err_text(why);
}

static void on_close(void *arg, enum err why)
{
	struct redis_link *l = arg;
	const char *detail = stream_detail(l->stream);

	snprintf(l->why, sizeof(l->why), "%s", detail[0] ? detail : why_text(why));
	l->stream = NULL;
	lost(l, l->why);
}

static const struct stream_events stream_events = { .on_open = on_open, .on_data = on_data, .on_close = on_close };

static void rest(struct redis_link *l)
{
	uint64_t most = (uint64_t)FIRST_PAUSE_MS << MIN_OF(l->failures, 7u);

	l->state = RESTING;
	l->failures++;
	alarm_set(&l->pause, dice_below(l->env->dice, MIN_OF(most, (uint64_t)LONGEST_PAUSE_MS) + 1));
}

/* Nobody asks a link that is not ready, so the list does not grow again meanwhile. */
static void tell_all(struct redis_link *l)
{
	while (!list_empty(&l->asked)) {
		struct redis_ask *a = LIST_ITEM(list_pop_front(&l->asked), struct redis_ask, node);
		a->on_reply(a, NULL);
	}
}

/* The one end of every connection and of every try. */
static void lost(struct redis_link *l, const char *why)
{
	bool was_up = l->state == READY;

	stream_abort(&l->stream, false);
	loop_unpost(l->env->loop, &l->drop);
	alarm_clear(&l->silence);
	redis_wire_reset(&l->wire);
	l->pinged = false;
	rest(l);
	tell_all(l);
	l->ev.on_down(l->arg, why, was_up);
}

static void print_addr(struct redis_link *l)
{
	if (l->addr.host[0] == '/')
		snprintf(l->addr_text, sizeof(l->addr_text), "%s", l->addr.host);
	else
		snprintf(l->addr_text, sizeof(l->addr_text), "%s:%u", l->addr.host, l->addr.port);
}

static void dial(struct redis_link *l)
{
	if (!l->ev.where(l->arg, &l->addr)) {
		rest(l);
		return;
	}
	print_addr(l);
	l->state = DIALING;
	l->stream = stream_open(l->env->loop, &(struct stream_dest){ .host = slice_str(l->addr.host),
		.port = l->addr.port, .tls = l->env->tls, .connect_ms = l->env->connect_ms }, &stream_events, l);
	alarm_set(&l->silence, l->env->connect_ms + 1);		/* the greeting too */
}

static void on_pause(struct alarm *a)
{
	dial(CONTAINER(a, struct redis_link, pause));
}

static void on_pong(struct redis_ask *a, const struct redis_reply *r)
{
	CONTAINER(a, struct redis_link, ping)->pinged = false;
}

static void on_silence(struct alarm *a)
{
	struct redis_link *l = CONTAINER(a, struct redis_link, silence);

	if (l->state != READY) {
		lost(l, "no greeting in time");
		return;
	}
	if (l->owing && !l->heard) {
		lost(l, "it has stopped answering");
		return;
	}
	/* Only now: a server that greets but is of no use (a replica) must not be dialled without pause. */
	l->failures = 0;
	/* A subscription in RESP2 answers PING with a push, so the ask would wait for ever: there it is sent bare. */
	if (list_empty(&l->asked) && !l->heard && l->ev.on_push) {
		stream_write(l->stream, SLICE("*1\r\n$4\r\nPING\r\n"));
		l->owing = true;
	} else {
		if (list_empty(&l->asked) && !l->heard && !l->pinged) {
			l->pinged = true;
			send_words(l, &l->ping, &SLICE("PING"), 1);
		}
		l->owing = !list_empty(&l->asked);
	}
	l->heard = false;
	alarm_set(&l->silence, l->silence_ms);
}

static void on_drop(struct task *t)
{
	struct redis_link *l = CONTAINER(t, struct redis_link, drop);

	lost(l, l->why);
}

void redis_link_drop(struct redis_link *l, const char *why)
{
	if (l->stream == NULL || l->drop.posted)
		return;
	snprintf(l->why, sizeof(l->why), "%s", why);
	loop_post(l->env->loop, &l->drop);
}

void redis_link_hurry(struct redis_link *l)
{
	if (l->state == RESTING)
		alarm_set(&l->pause, 0);
}

bool redis_link_ready(const struct redis_link *l)
{
	return l->state == READY && !l->drop.posted;
}

void redis_link_send(struct redis_link *l, struct redis_ask *a, struct slice bytes)
{
	must(l->state == READY);
	if (a)
		list_push_back(&l->asked, &a->node);
	stream_write(l->stream, bytes);
}

size_t redis_link_queued(const struct redis_link *l)
{
	return l->stream ? stream_queued(l->stream) : 0;
}

const struct redis_link_facts *redis_link_facts(const struct redis_link *l)
{
	return &l->facts;
}

bool redis_link_is_at(const struct redis_link *l, const struct redis_addr *addr)
{
	return l->addr.port == addr->port && slice_eq(slice_str(l->addr.host), slice_str(addr->host));
}

const char *redis_link_addr(const struct redis_link *l)
{
	return l->addr_text;
}

/* --- life ------------------------------------------------------------------------------------------------- */

struct redis_link *redis_link_open(const struct redis_link_env *env, const struct redis_link_events *ev, void *arg,
	uint64_t silence_ms, size_t reply_max)
{
	struct redis_link *l = calloc(1, sizeof(*l));

	must(l != NULL);
	l->env = env;
	l->ev = *ev;
	l->arg = arg;
	l->silence_ms = silence_ms;
	l->greeting.on_reply = on_greeted;
	l->ping.on_reply = on_pong;
	l->drop.go = on_drop;
	list_init(&l->asked);
	redis_wire_init(&l->wire, reply_max);
	alarm_init(&l->pause, env->loop, on_pause);
	alarm_init(&l->silence, env->loop, on_silence);
	alarm_set(&l->pause, 0);
	return l;
}

static void on_dig(struct grave *g)
{
	struct redis_link *l = CONTAINER(g, struct redis_link, grave);

	redis_wire_done(&l->wire);
	free(l);
}

void redis_link_close(struct redis_link **lp)
{
	struct redis_link *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	l->state = RESTING;
	stream_close(&l->stream, 0);
	tell_all(l);
	loop_unpost(l->env->loop, &l->drop);
	alarm_clear(&l->pause);
	alarm_clear(&l->silence);
	loop_bury(l->env->loop, &l->grave, on_dig);
}
