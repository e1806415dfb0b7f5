#include "store/redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "base/log.h"
#include "loop/tls.h"
#include "store/redis_ear.h"
#include "store/redis_near.h"
#include "store/redis_nodes.h"
#include "store/redis_tail.h"
#include "store/redis_verb.h"
#include "store/store_conf.h"

/* redis.io/docs/reference/cluster-spec, "Redirection and resharding": more than one is rare, many are a loop. */
#define REDIRECTS_MAX 3
/* Words and numbers of a command beside key and value. */
#define COMMAND_REST 1024u
/* Longest key, in bytes. */
#define KEY_MAX 1024u

struct redis {
	struct redis_nodes nodes;
	struct redis_tails tails;
	struct redis_ears ears;
	struct arena texts;		/* of the URL */
	struct dice dice;
	struct buf key;			/* scratch: prefix and key */
	struct buf points;		/* scratch: of an answer */
	struct slice prefix;
	struct list calls;
	uint64_t deadline_ms;
	size_t value_max, queue_max;
	size_t n_calls, calls_max;
};

/*  waiting -> over     [answer()]	its waiter has heard; the reply may still be owed
 *  over -> freed       [call_free()]	the reply has come, or the connection is lost */
struct redis_call {
	struct redis_ask ask;
	struct redis_ask aside;		/* ASKING, SCRIPT LOAD: a reply that must come before */
	struct list node;		/* in redis->calls */
	struct redis *redis;
	struct redis_node *at;
	struct store_wait *wait;
	struct alarm deadline;
	struct buf bytes;		/* the command, for another server */
	struct buf then;		/* STORE_NEAR_GET: see redis_near_then */
	float floor;			/* the same, of a vector set: the ids come first, those so near are asked for */
	enum { NEAR_NONE, NEAR_IDS, NEAR_POINTS, NEAR_SEARCH } near;	/* what it waits for */
	enum store_verb verb;
	uint16_t slot;
	unsigned redirects;
	bool over, aside_owed, loaded;
};

/* --- one operation ---------------------------------------------------------------------------------------- */

static void call_free(struct redis_call *c)
{
	/* The command itself could not follow: then only the reply before it is owed. */
	if (c->aside_owed) {
		c->at = NULL;
		return;
	}
	alarm_clear(&c->deadline);
	list_remove(&c->node);
	c->redis->n_calls--;
	counter_sub(COUNTER_store_open, 1);
	buf_done(&c->bytes);
	buf_done(&c->then);
	free(c);
}

static void answer(struct redis_call *c, enum store_result result, struct slice value, int64_t number)
{
	must(!c->over);
	c->over = true;
	alarm_clear(&c->deadline);
	buf_done(&c->bytes);
	store_answer(c->wait, result, value, number);
	c->wait = NULL;
}

static void on_deadline(struct alarm *a)
{
	struct redis_call *c = CONTAINER(a, struct redis_call, deadline);

	counter_add(COUNTER_store_timeouts, 1);
	redis_nodes_late(c->at);
	answer(c, STORE_AWAY, SLICE_EMPTY, 0);
}

static void on_aside(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_call *c = CONTAINER(a, struct redis_call, aside);

	c->aside_owed = false;
	if (c->at == NULL)
		call_free(c);
}

static void send_aside(struct redis_call *c, struct slice bytes)
{
	c->aside_owed = true;
	redis_link_send(c->at->link, &c->aside, bytes);
}

/* To c->at; false when it cannot be reached now. */
static bool send(struct redis_call *c)
{
	if (!redis_link_ready(c->at->link) || redis_link_queued(c->at->link) > c->redis->queue_max)
		return false;
	redis_link_send(c->at->link, &c->ask, buf_slice(&c->bytes));
	return true;
}

static bool go_elsewhere(struct redis_call *c, const struct redis_reply *r, bool for_ever)
{
	struct redis_nodes *nodes = &c->redis->nodes;
	struct redis_addr addr = c->at->addr;
	uint16_t slot;

	if (c->redirects++ == REDIRECTS_MAX || !redis_verb_moved(r->text, &slot, &addr))
		return false;
	struct redis_node *to = redis_nodes_at(nodes, &addr);
	if (to == NULL)
		return false;
	counter_add(COUNTER_store_redirects, 1);
	if (for_ever)
		redis_nodes_moved(nodes, slot, to);
	c->at = to;
	if (!for_ever && redis_link_ready(to->link))
		send_aside(c, SLICE("*1\r\n$6\r\nASKING\r\n"));
	return send(c);
}

static bool load_script(struct redis_call *c)
{
	struct buf b;

	if (c->loaded || !redis_link_ready(c->at->link))
		return false;
	c->loaded = true;
	buf_init(&b, 4096);
	if (c->near == NEAR_SEARCH)
		buf_add(&b, buf_slice(&c->then));
	else
		redis_verb_load(&b, c->verb);
	send_aside(c, buf_slice(&b));
	buf_done(&b);
	return send(c);
}

/* What an error asks for; true: the command is on its way again. */
static bool cure(struct redis_call *c, const struct redis_reply *r)
{
	switch (redis_verb_cure(r)) {
	case REDIS_CURE_MOVED: return go_elsewhere(c, r, true);
	case REDIS_CURE_ASK: return go_elsewhere(c, r, false);
	case REDIS_CURE_LOAD: return load_script(c);
	case REDIS_CURE_DROP: redis_link_drop(c->at->link, r->text.p); break;
	case REDIS_CURE_AGAIN: redis_nodes_doubt(&c->redis->nodes); break;
	case REDIS_CURE_LACK:
	case REDIS_CURE_NONE: break;
	}
	counter_add(COUNTER_store_errors, 1);
	log_debug("redis_error", LOG_S("text", r->text));
	return false;
}

static enum store_result near_result(struct redis_call *c, const struct redis_reply *r, struct slice *out)
{
	struct buf *b = &c->redis->points;

	buf_clear(b);
	if (r->kind == REDIS_ERROR)
		return redis_verb_cure(r) == REDIS_CURE_LACK ? STORE_LACKS : STORE_AWAY;
	if (c->near == NEAR_IDS)	/* none is near */
		return r->kind == REDIS_LIST ? STORE_OK : STORE_AWAY;
	if (!redis_near_points(r, b))
		return STORE_AWAY;
	*out = buf_slice(b);
	return STORE_OK;
}

static void take_reply(struct redis_call *c, const struct redis_reply *r)
{
	enum store_result result = STORE_AWAY;
	struct slice value = SLICE_EMPTY;
	int64_t number = 0;

	if (r && c->near)
		result = near_result(c, r, &value);
	else if (r && r->kind != REDIS_ERROR)
		result = redis_verb_result(c->verb, r, &value, &number);
	answer(c, result, value, number);
}

/* Ids have come: true, when their points are asked for, within the same deadline. */
static bool ask_points(struct redis_call *c, const struct redis_reply *r)
{
	struct slice ids[STORE_NEAR_MOST];
	size_t n = c->near == NEAR_IDS ? redis_near_ids(r, c->floor, ids) : 0;

	if (n == 0)
		return false;
	buf_clear(&c->bytes);
	redis_verb_take(&c->bytes, buf_slice(&c->then), ids, n);
	c->near = NEAR_POINTS;
	if (send(c))
		return true;
	answer(c, STORE_AWAY, SLICE_EMPTY, 0);
	return false;
}

static void on_reply(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_call *c = CONTAINER(a, struct redis_call, ask);

	if (r && !c->over && (r->kind == REDIS_ERROR ? cure(c, r) : ask_points(c, r)))
		return;
	if (!c->over)
		take_reply(c, r);
	call_free(c);
}

static struct slice full_key(struct redis *s, struct slice key)
{
	buf_clear(&s->key);
	if (s->prefix.n) {
		buf_add(&s->key, s->prefix);
		buf_add_char(&s->key, ':');
	}
	buf_add(&s->key, key);
	return buf_slice(&s->key);
}

static struct redis_call *call_new(struct redis *s, const struct store_ask *a, struct store_wait *w)
{
	struct redis_call *c = calloc(1, sizeof(*c));
	struct slice key = full_key(s, a->key);

	must(c != NULL);
	c->redis = s;
	c->ask.on_reply = on_reply;
	c->aside.on_reply = on_aside;
	c->wait = w;
	c->verb = a->verb;
	c->slot = redis_slot_of(key);
	buf_init(&c->bytes, key.n + a->value.n + (a->near ? a->near->at.n : 0) + COMMAND_REST);
	redis_verb_put(&c->bytes, a, key);
	buf_init(&c->then, 2 * key.n + COMMAND_REST);
	if (a->verb == STORE_NEAR_GET) {
		c->near = redis_near_is_search(a) ? NEAR_SEARCH : NEAR_IDS;
		c->floor = a->floor;
		redis_near_then(&c->then, a, key);
	}
	alarm_init(&c->deadline, s->nodes.env.loop, on_deadline);
	list_push_back(&s->calls, &c->node);
	s->n_calls++;
	counter_add(COUNTER_store_open, 1);
	return c;
}

static bool fits(const struct redis *s, const struct store_ask *a)
{
	size_t most = a->verb == STORE_NEAR_PUT ? s->value_max / STORE_NEAR_MOST : s->value_max;

	return s->n_calls < s->calls_max && a->value.n <= most && a->key.n <= KEY_MAX;
}

static void redis_ask(void *it, const struct store_ask *a, struct store_wait *w)
{
	struct redis *s = it;

	if (!fits(s, a)) {
		counter_add(COUNTER_store_refused, 1);
		store_answer(w, STORE_AWAY, SLICE_EMPTY, 0);
		return;
	}
	/* Over several servers the search module answers only as a cluster of its own, which is not ours to set up. */
	if (s->nodes.cluster && redis_near_is_search(a)) {
		store_answer(w, STORE_LACKS, SLICE_EMPTY, 0);
		return;
	}
	struct redis_node *n = redis_nodes_of(&s->nodes, redis_slot_of(full_key(s, a->key)));
	if (!redis_nodes_takes(n) || redis_link_queued(n->link) > s->queue_max) {
		store_answer(w, STORE_AWAY, SLICE_EMPTY, 0);
		return;
	}
	struct redis_call *c = call_new(s, a, w);
	c->at = n;
	must(send(c));
	alarm_set(&c->deadline, s->deadline_ms);
}

/* --- logs and words --------------------------------------------------------------------------------------- */

static void redis_follow(void *it, struct store_tail *t, struct slice key, bool from_start)
{
	struct redis *s = it;

	redis_tail_add(&s->tails, t, full_key(s, key), from_start);
}

static void redis_unfollow(void *it, struct store_tail *t)
{
	redis_tail_remove(t);
}

static void redis_listen(void *it, struct store_ear *e, struct slice channel)
{
	struct redis *s = it;

	redis_ear_add(&s->ears, e, full_key(s, channel));
}

static void redis_unlisten(void *it, struct store_ear *e)
{
	redis_ear_remove(e);
}

static void on_moved(void *arg)
{
	struct redis *s = arg;

	redis_tail_moved(&s->tails);
	redis_ear_moved(&s->ears);
}

/* --- life ------------------------------------------------------------------------------------------------- */

static bool is_near(const void *it)
{
	const struct redis *s = it;

	return redis_nodes_near(&s->nodes);
}

static void redis_close(void **it)
{
	struct redis *s = *it;

	*it = NULL;
	redis_tail_close(&s->tails);
	redis_ear_close(&s->ears);
	redis_nodes_close(&s->nodes);
	must(list_empty(&s->calls));
	tls_client_unref(&s->nodes.env.tls);
	arena_wipe(&s->texts);
	buf_done(&s->key);
	buf_done(&s->points);
	free(s);
}

static bool open_env(struct redis *s, const struct store_conf *c, char *why, size_t why_cap)
{
	struct redis_link_env *env = &s->nodes.env;
	const struct redis_url *url = &s->nodes.url;
	const struct tls_client_opts o = { .ca_file = c->tls.ca.n ? c->tls.ca.p : NULL, .insecure = c->tls.insecure };
	const char *sentence = NULL;

	if (!redis_url_parse(&s->texts, c->url.bytes, &s->nodes.url, &sentence)) {
		snprintf(why, why_cap, "redis.url %s", sentence);
		return false;
	}
	env->user = c->user.n ? arena_copy(&s->texts, c->user) : url->user;
	env->password = c->password.bytes.n ? arena_copy(&s->texts, c->password.bytes) : url->password;
	s->nodes.sentinel_user = arena_copy(&s->texts, c->sentinel_user);
	s->nodes.sentinel_password = arena_copy(&s->texts, c->sentinel_password.bytes);
	env->name = SLICE("weir");
	env->db = url->db;
	env->connect_ms = c->connect;
	if (!url->tls)
		return true;
	if (c->tls.insecure)
		log_warn("tls_insecure", LOG_Z("provider", "redis"));
	env->tls = tls_client_new(&o, why, why_cap);
	return env->tls != NULL;
}

void *redis_open(struct loop *l, const struct store_conf *c, uint64_t seed, char *why, size_t why_cap)
{
	struct redis *s = calloc(1, sizeof(*s));

	must(s != NULL);
	arena_init(&s->texts, 0);
	dice_init(&s->dice, seed);
	s->nodes.env.loop = l;
	s->nodes.env.dice = &s->dice;
	if (!open_env(s, c, why, why_cap)) {
		arena_wipe(&s->texts);
		free(s);
		return NULL;
	}
	list_init(&s->calls);
	s->prefix = arena_copy(&s->texts, c->prefix);
	s->deadline_ms = c->deadline;
	s->value_max = c->value;
	s->queue_max = c->queue;
	s->calls_max = (size_t)c->operations;
	buf_init(&s->key, KEY_MAX + s->prefix.n + 1);
	buf_init(&s->points, SIZE_MAX);		/* a reply is bounded by redis.value */
	redis_tail_open(&s->tails, &s->nodes, (size_t)c->tails);
	redis_ear_open(&s->ears, &s->nodes, (size_t)c->tails);
	redis_nodes_open(&s->nodes, c->deadline, c->value, on_moved, s);
	return s;
}

const struct store_kind redis_kind = {
	.ask = redis_ask,
	.follow = redis_follow,
	.unfollow = redis_unfollow,
	.listen = redis_listen,
	.unlisten = redis_unlisten,
	.is_near = is_near,
	.close = redis_close,
	.shared = true,
};
