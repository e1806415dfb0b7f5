#include "sim_redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim_world.h"

#define WORDS_MAX 64
#define OUT_MAX (64u << 20)
#define KEY_MAX 160		/* a prefix, a digest in hexadecimal, a token */

struct conn {
	struct list node;
	struct sim_redis *redis;
	struct sim_sock *sock;
	struct sim_event later;		/* replies wait for it */
	struct sim_event blocked_end;
	struct buf in, out;
	struct buf blocked;		/* the XREAD that waits, as it came; empty: none */
	uint64_t sent;
	int64_t id;
	char channels[8][KEY_MAX];
};

struct value {
	struct list node;
	char key[KEY_MAX];
	struct buf bytes;
	uint64_t ends_ms;		/* UINT64_MAX: never */
};

struct entry {
	struct list node;
	uint64_t id, at_ms;
	size_t n;
	char bytes[];
};

struct stream_of {
	struct list node;
	char key[KEY_MAX];
	struct list entries;
};

static void answer(struct conn *c, const struct slice *w, size_t n);

/* ---- data ---- */

static void value_drop(struct value *v)
{
	list_remove(&v->node);
	buf_done(&v->bytes);
	free(v);
}

static struct value *value_at(struct sim_redis *r, struct slice key)
{
	LIST_EACH(node, tmp, &r->values) {
		struct value *v = LIST_ITEM(node, struct value, node);
		if (!slice_eq(slice_str(v->key), key))
			continue;
		if (v->ends_ms > sim_world_ms(r->loop))
			return v;
		value_drop(v);
	}
	return NULL;
}

/* `ttl_ms` 0: for ever. */
static void value_set(struct sim_redis *r, struct slice key, struct slice bytes, uint64_t ttl_ms)
{
	struct value *v = value_at(r, key);

	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		must(v && key.n < KEY_MAX);
		slice_copy(key, v->key, sizeof(v->key));
		buf_init(&v->bytes, OUT_MAX);
		list_push_back(&r->values, &v->node);
	}
	v->ends_ms = ttl_ms ? sim_world_ms(r->loop) + ttl_ms : UINT64_MAX;
	buf_clear(&v->bytes);
	buf_add(&v->bytes, bytes);
}

static struct stream_of *stream_at(struct sim_redis *r, struct slice key, bool make)
{
	LIST_EACH(node, tmp, &r->streams) {
		struct stream_of *s = LIST_ITEM(node, struct stream_of, node);
		if (slice_eq(slice_str(s->key), key))
			return s;
	}
	if (!make)
		return NULL;
	struct stream_of *s = calloc(1, sizeof(*s));
	must(s && key.n < KEY_MAX);
	slice_copy(key, s->key, sizeof(s->key));
	list_init(&s->entries);
	list_push_back(&r->streams, &s->node);
	return s;
}

static void stream_drop(struct stream_of *s)
{
	LIST_EACH(node, tmp, &s->entries)
		free(LIST_ITEM(node, struct entry, node));
	list_remove(&s->node);
	free(s);
}

void sim_redis_wipe(struct sim_redis *r)
{
	LIST_EACH(node, tmp, &r->values)
		value_drop(LIST_ITEM(node, struct value, node));
	LIST_EACH(at, next, &r->streams)
		stream_drop(LIST_ITEM(at, struct stream_of, node));
	sim_near_wipe(&r->near);
}

/* ---- replies ---- */

static void put_text(struct conn *c, struct slice s)
{
	buf_addf(&c->out, "$%zu\r\n", s.n);
	buf_add(&c->out, s);
	buf_add(&c->out, SLICE("\r\n"));
}

static void put_number(struct conn *c, int64_t n)
{
	buf_addf(&c->out, ":%" PRId64 "\r\n", n);
}

static void put_entry(struct conn *c, const struct entry *e)
{
	char id[32];

	snprintf(id, sizeof(id), "%" PRIu64 "-0", e->id);
	buf_add(&c->out, SLICE("*2\r\n"));
	put_text(c, slice_str(id));
	buf_add(&c->out, SLICE("*2\r\n$1\r\nv\r\n"));
	put_text(c, slice_of(e->bytes, e->n));
}

static uint64_t id_of(struct slice s)
{
	uint64_t id = 0;

	must(slice_u64(slice_of(s.p, slice_find(s, '-')), &id));
	return id;
}

static size_t entries_after(const struct stream_of *s, uint64_t id)
{
	size_t n = 0;

	for (const struct list *node = s ? s->entries.next : NULL; s && node != &s->entries; node = node->next)
		n += LIST_ITEM(node, struct entry, node)->id > id;
	return n;
}

/* XREAD COUNT n BLOCK ms STREAMS keys ids.  False: nothing to read. */
static bool put_read(struct conn *c, const struct slice *w, size_t n)
{
	size_t keys = (n - 6) / 2, with_news = 0;
	uint64_t most = id_of(w[2]);

	for (size_t i = 0; i < keys; i++)
		with_news += entries_after(stream_at(c->redis, w[6 + i], false), id_of(w[6 + keys + i])) > 0;
	if (with_news == 0)
		return false;
	buf_addf(&c->out, "%%%zu\r\n", with_news);
	for (size_t i = 0; i < keys; i++) {
		struct stream_of *s = stream_at(c->redis, w[6 + i], false);
		uint64_t after = id_of(w[6 + keys + i]), left = entries_after(s, after);
		if (left == 0)
			continue;
		put_text(c, w[6 + i]);
		left = left < most ? left : most;
		buf_addf(&c->out, "*%" PRIu64 "\r\n", left);
		LIST_EACH(node, tmp, &s->entries) {
			struct entry *e = LIST_ITEM(node, struct entry, node);
			if (e->id > after && left && left--)
				put_entry(c, e);
		}
	}
	return true;
}

/* XRANGE key id id, or XREVRANGE key + - COUNT 1. */
static void put_range(struct conn *c, struct slice key, bool last, uint64_t id)
{
	struct stream_of *s = stream_at(c->redis, key, false);
	const struct entry *found = NULL;

	for (struct list *node = s ? s->entries.next : NULL; s && node != &s->entries; node = node->next) {
		const struct entry *e = LIST_ITEM(node, struct entry, node);
		if (last || e->id == id)
			found = e;
	}
	buf_addf(&c->out, "*%d\r\n", found != NULL);
	if (found)
		put_entry(c, found);
}

/* ---- commands ---- */

static void flush(struct conn *c)
{
	struct sim_redis *r = c->redis;
	size_t n;

	if (c->sock == NULL || sim_event_is_set(&c->later))
		return;
	struct slice out = buf_slice(&c->out);
	if (r->die_after && c->sent + out.n > r->die_after)
		out.n = r->die_after - c->sent;
	n = out.n ? sim_sock_write(c->sock, out) : 0;
	c->sent += n;
	buf_eat(&c->out, n);
	if (r->die_after && c->sent == r->die_after)
		sim_sock_reset(&c->sock);
}

static void unblock(struct conn *c, bool with_nil)
{
	struct buf words = c->blocked;

	if (buf_len(&words) == 0)
		return;
	sim_event_clear(&c->blocked_end);
	buf_init(&c->blocked, OUT_MAX);
	if (with_nil)
		buf_add(&c->out, SLICE("_\r\n"));
	else
		buf_add(&c->in, buf_slice(&words));	/* asked again, now with news */
	buf_done(&words);
}

static void take_in(struct conn *c);

/* Who waits for news is told at once. */
static uint64_t add_entry(struct sim_redis *r, struct slice key, uint64_t most, struct slice value)
{
	struct stream_of *s = stream_at(r, key, true);
	struct entry *e = calloc(1, sizeof(*e) + value.n);

	must(e);
	e->id = ++r->last_id;
	e->at_ms = sim_world_ms(r->loop);
	e->n = value.n;
	memcpy(e->bytes, value.p, value.n);
	list_push_back(&s->entries, &e->node);
	while (entries_after(s, 0) > most)
		free(LIST_ITEM(list_pop_front(&s->entries), struct entry, node));
	LIST_EACH(node, tmp, &r->conns) {
		struct conn *other = LIST_ITEM(node, struct conn, node);
		if (buf_len(&other->blocked)) {
			unblock(other, false);
			take_in(other);
		}
	}
	return r->last_id;
}

static void xadd(struct conn *c, struct slice key, uint64_t most, struct slice value)
{
	char id[32];

	snprintf(id, sizeof(id), "%" PRIu64 "-0", add_entry(c->redis, key, most, value));
	put_text(c, slice_str(id));
}

static void xread(struct conn *c, const struct slice *w, size_t n)
{
	if (put_read(c, w, n))
		return;
	buf_addf(&c->blocked, "*%zu\r\n", n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&c->blocked, "$%zu\r\n%.*s\r\n", w[i].n, SLICE_ARG(w[i]));
	sim_event_set(c->redis->loop, &c->blocked_end, id_of(w[4]) * 1000000u);
}

void sim_redis_say(struct sim_redis *r, struct slice channel, struct slice word)
{
	LIST_EACH(node, tmp, &r->conns) {
		struct conn *other = LIST_ITEM(node, struct conn, node);
		for (size_t i = 0; i < 8; i++)
			if (channel.n && slice_eq(slice_str(other->channels[i]), channel)) {
				buf_add(&other->out, SLICE(">3\r\n+message\r\n"));
				put_text(other, channel);
				put_text(other, word);
				flush(other);
			}
	}
}

static void subscribe(struct conn *c, struct slice channel, bool on)
{
	for (size_t i = 0; i < 8; i++)
		if (slice_eq(slice_str(c->channels[i]), on ? SLICE("") : channel)) {
			slice_copy(on ? channel : SLICE(""), c->channels[i], sizeof(c->channels[i]));
			break;
		}
	buf_add(&c->out, on ? SLICE(">3\r\n+subscribe\r\n") : SLICE(">3\r\n+unsubscribe\r\n"));
	put_text(c, channel);
	put_number(c, 1);
}

static void set(struct conn *c, const struct slice *w, size_t n)
{
	if (n > 5 && value_at(c->redis, w[1])) {
		buf_add(&c->out, SLICE("_\r\n"));
		return;
	}
	value_set(c->redis, w[1], w[2], n > 4 ? id_of(w[4]) : 0);
	buf_add(&c->out, SLICE("+OK\r\n"));
}

static void incrby(struct conn *c, struct slice key, struct slice by)
{
	struct value *v = value_at(c->redis, key);
	char text[32];
	int64_t n = (v ? strtoll(slice_copy(buf_slice(&v->bytes), text, sizeof(text)), NULL, 10) : 0);

	n += strtoll(slice_copy(by, text, sizeof(text)), NULL, 10);
	snprintf(text, sizeof(text), "%" PRId64, n);
	value_set(c->redis, key, slice_str(text), 0);
	put_number(c, n);
}

static void drop(struct conn *c, struct slice key)
{
	struct value *v = value_at(c->redis, key);

	put_number(c, v != NULL);
	if (v)
		value_drop(v);
}

/* The store's scripts for leases; sim_near.c has those for points, and no other is known. */
static void evalsha(struct conn *c, const struct slice *w, size_t n)
{
#define SCRIPT(name, sha, text) bool is_##name = slice_eq(w[1], SLICE(sha));
#include "store/redis_scripts.def"
#undef SCRIPT
	struct value *v = value_at(c->redis, w[3]);
	bool same = v && slice_eq(buf_slice(&v->bytes), w[4]);

	must(!is_append && !is_near_put && !is_near_note && !is_near_take);
	if (is_bump || !(is_drop_if || is_renew_if)) {
		buf_add(&c->out, SLICE("-NOSCRIPT No matching script.\r\n"));
		return;
	}
	put_number(c, same);
	if (same && is_drop_if)
		value_drop(v);
	else if (same)
		v->ends_ms = sim_world_ms(c->redis->loop) + id_of(w[5]);
}

static void unblock_id(struct conn *c, struct slice id)
{
	LIST_EACH(node, tmp, &c->redis->conns) {
		struct conn *other = LIST_ITEM(node, struct conn, node);
		if ((uint64_t)other->id == id_of(id) && buf_len(&other->blocked)) {
			unblock(other, true);
			flush(other);
			put_number(c, 1);
			return;
		}
	}
	put_number(c, 0);
}

static bool is(struct slice word, const char *name)
{
	return slice_eq(word, slice_str(name));
}

static void answer_streams(struct conn *c, const struct slice *w, size_t n)
{
	if (is(w[0], "XADD"))
		xadd(c, w[1], id_of(w[4]), w[7]);
	else if (is(w[0], "EVAL"))
		xadd(c, w[3], id_of(w[4]), w[5]);	/* the store's only one */
	else if (is(w[0], "XREAD"))
		xread(c, w, n);
	else if (is(w[0], "XRANGE"))
		put_range(c, w[1], false, id_of(w[2]));
	else if (is(w[0], "XREVRANGE"))
		put_range(c, w[1], true, 0);
	else if (is(w[0], "PUBLISH")) {
		sim_redis_say(c->redis, w[1], w[2]);
		put_number(c, 0);
	} else if (is(w[0], "SUBSCRIBE") || is(w[0], "UNSUBSCRIBE"))
		subscribe(c, w[1], is(w[0], "SUBSCRIBE"));
	else if (is(w[0], "CLIENT") && is(w[1], "UNBLOCK"))
		unblock_id(c, w[2]);
	else
		buf_add(&c->out, SLICE("-ERR unknown command\r\n"));
}

static void answer(struct conn *c, const struct slice *w, size_t n)
{
	struct value *v = n > 1 ? value_at(c->redis, w[1]) : NULL;

	if (sim_near_answer(&c->redis->near, w, n, sim_world_ms(c->redis->loop), &c->out))
		return;
	if (is(w[0], "HELLO"))
		buf_addf(&c->out, "%%3\r\n+id\r\n:%" PRId64 "\r\n+mode\r\n+standalone\r\n+role\r\n+master\r\n", c->id);
	else if (is(w[0], "PING"))
		buf_add(&c->out, SLICE("+PONG\r\n"));
	else if (is(w[0], "GET") && v)
		put_text(c, buf_slice(&v->bytes));
	else if (is(w[0], "GET"))
		buf_add(&c->out, SLICE("_\r\n"));
	else if (is(w[0], "SET"))
		set(c, w, n);
	else if (is(w[0], "DEL"))
		drop(c, w[1]);
	else if (is(w[0], "INCRBY"))
		incrby(c, w[1], w[2]);
	else if (is(w[0], "EVALSHA"))
		evalsha(c, w, n);
	else
		answer_streams(c, w, n);
}

static void command(struct conn *c, const struct slice *w, size_t n)
{
	struct sim_redis *r = c->redis;
	const char *own = r->answer ? r->answer(r, w, n) : NULL;

	r->n_commands++;
	sim_trace(r->loop, "%s: %.*s", r->host->name, SLICE_ARG(w[0]));
	if (r->mute)
		return;
	if (own)
		buf_add(&c->out, slice_str(own));
	else
		answer(c, w, n);
	if (r->delay_ms && !sim_event_is_set(&c->later))
		sim_event_set(r->loop, &c->later, r->delay_ms * 1000000u);
}

/* A line's number, after `mark`; -1 when it is not complete. */
static int64_t line_number(struct slice *in, char mark)
{
	size_t end = slice_find(*in, '\n');
	uint64_t n;

	if (end == in->n)
		return -1;
	must(end >= 2 && in->p[0] == mark && slice_u64(slice_of(in->p + 1, end - 2), &n));
	*in = slice_skip(*in, end + 1);
	return (int64_t)n;
}

/* Whole commands only. */
static void take_in(struct conn *c)
{
	for (;;) {
		struct slice in = buf_slice(&c->in), words[WORDS_MAX];
		size_t before = in.n;
		int64_t n = buf_len(&c->blocked) ? -1 : line_number(&in, '*');
		if (n < 0)
			break;
		must(n <= WORDS_MAX);
		for (int64_t i = 0; i < n; i++) {
			int64_t len = line_number(&in, '$');
			if (len < 0 || in.n < (size_t)len + 2)
				return;
			words[i] = slice_of(in.p, (size_t)len);
			in = slice_skip(in, (size_t)len + 2);
		}
		/* The words stay where they are until the answer is made; XADD may add to other connections only. */
		command(c, words, (size_t)n);
		buf_eat(&c->in, before - in.n);
	}
	flush(c);
}

/* ---- connections ---- */

static void conn_free(struct conn *c)
{
	sim_event_clear(&c->later);
	sim_event_clear(&c->blocked_end);
	if (c->sock)
		sim_sock_close(&c->sock);
	list_remove(&c->node);
	buf_done(&c->in);
	buf_done(&c->out);
	buf_done(&c->blocked);
	free(c);
}

static void on_ready(void *arg)
{
	struct conn *c = arg;
	struct slice in = sim_sock_peek(c->sock);

	buf_add(&c->in, in);
	sim_sock_eat(c->sock, in.n);
	bool is_over = c->sock->rst_in || c->sock->fin_in;
	if (!c->sock->rst_in)
		take_in(c);		/* also the last words before a FIN */
	if (is_over)
		conn_free(c);
}

static void on_later(struct sim_event *e)
{
	flush(CONTAINER(e, struct conn, later));
}

static void on_blocked_end(struct sim_event *e)
{
	struct conn *c = CONTAINER(e, struct conn, blocked_end);

	unblock(c, true);
	take_in(c);
}

static void on_accept(void *arg, struct sim_sock *sock)
{
	struct sim_redis *r = arg;
	struct conn *c = calloc(1, sizeof(*c));

	must(c);
	c->redis = r;
	c->sock = sock;
	c->id = (int64_t)++r->n_conns;
	sock->on_ready = on_ready;
	sock->arg = c;
	buf_init(&c->in, OUT_MAX);
	buf_init(&c->out, OUT_MAX);
	buf_init(&c->blocked, OUT_MAX);
	sim_event_init(&c->later, on_later);
	sim_event_init(&c->blocked_end, on_blocked_end);
	list_push_back(&r->conns, &c->node);
}

/* ---- what tests look at and do themselves ---- */

struct slice sim_redis_value(struct sim_redis *r, const char *key)
{
	const struct value *v = value_at(r, slice_str(key));
	return v ? buf_slice(&v->bytes) : SLICE_EMPTY;
}

const char *sim_redis_key(struct sim_redis *r, const char *start)
{
	LIST_EACH(node, tmp, &r->values) {
		const struct value *v = LIST_ITEM(node, struct value, node);
		if (strncmp(v->key, start, strlen(start)) == 0)
			return v->key;
	}
	return NULL;
}

void sim_redis_put(struct sim_redis *r, const char *key, struct slice value, uint64_t ttl_ms)
{
	value_set(r, slice_str(key), value, ttl_ms);
}

void sim_redis_drop(struct sim_redis *r, const char *key)
{
	struct value *v = value_at(r, slice_str(key));
	if (v)
		value_drop(v);
}

void sim_redis_add(struct sim_redis *r, const char *key, struct slice value)
{
	add_entry(r, slice_str(key), UINT64_MAX, value);
}

bool sim_redis_entry(struct sim_redis *r, const char *key, size_t i, struct slice *out, uint64_t *out_ms)
{
	const struct stream_of *s = stream_at(r, slice_str(key), false);

	for (const struct list *node = s ? s->entries.next : NULL; s && node != &s->entries; node = node->next) {
		const struct entry *e = LIST_ITEM(node, struct entry, node);
		if (i-- == 0) {
			*out = slice_of(e->bytes, e->n);
			*out_ms = e->at_ms;
			return true;
		}
	}
	return false;
}

struct sim_redis *sim_redis_new(struct loop *l, const char *name, uint16_t port)
{
	struct sim_redis *r = calloc(1, sizeof(*r));

	must(r);
	r->loop = l;
	r->host = sim_host_new(l, name, port);
	r->host->on_accept = on_accept;
	r->host->arg = r;
	list_init(&r->conns);
	list_init(&r->values);
	list_init(&r->streams);
	sim_near_init(&r->near);
	return r;
}

void sim_redis_hang_up(struct sim_redis *r)
{
	LIST_EACH(node, tmp, &r->conns)
		conn_free(LIST_ITEM(node, struct conn, node));
}

void sim_redis_free(struct sim_redis **rp)
{
	struct sim_redis *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	sim_redis_hang_up(r);
	sim_redis_wipe(r);
	sim_host_free(&r->host);
	free(r);
}
