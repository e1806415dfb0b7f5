#include "store/redis_tail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/counter.h"
#include "base/log.h"
#include "loop/loop.h"
#include "store/redis_id.h"
#include "store/redis_member.h"
#include "store/redis_verb.h"

/* One read waits this long for news; then the logs are checked for gaps.  Without CLIENT UNBLOCK (RESP2: our id is not
 * known) a log that is followed anew has to wait for the end of a read. */
#define BLOCK_MS 5000u
#define BLOCK_RESP2_MS 250u
#define SILENCE_MS (BLOCK_MS + 2000u)
/* Entries of one log a read: twice as many after a small reply, half as many after a large one, so that no reply takes
 * long to take apart; after one that was too big one is tried. */
#define COUNT_MOST 32u
#define REPLY_SMALL (64u << 10)
#define REPLY_LARGE (256u << 10)
/* What followers are given between two looks at the sockets. */
#define DELIVER_ENTRIES 16u
#define DELIVER_BYTES (64u << 10)
#define REPLY_MAX (64u << 20)
/* After an error, and while UNBLOCK came before the read it should end. */
#define PAUSE_MS 1000u
#define UNBLOCK_AGAIN_MS 5u
#define WHOLE 0xffffu		/* the group of a store that is no cluster */

enum step { RESTING, STARTING, READING, CHECKING, DELIVERING };

struct redis_tail_group {
	struct list node;
	struct redis_tails *all;
	struct list members;
	struct redis_link *link;
	struct redis_ask read;
	struct unblock *unblock;	/* under way; NULL: none */
	struct task go;
	struct alarm again;
	struct grave grave;
	unsigned slot, count;
	size_t owed;			/* replies of this step */
	enum step step;
	bool check_all, waits;		/* waits: the read under way should end */
};

/* CLIENT UNBLOCK, under way on the connection for operations. */
struct unblock {
	struct redis_ask ask;
	struct redis_tail_group *group;	/* NULL: closed since */
};

static uint16_t slot_of(const struct redis_tail_group *g)
{
	return g->slot == WHOLE ? 0 : (uint16_t)g->slot;
}

static struct slice key_of(const struct redis_member *m)
{
	return slice_of(m->key, m->key_n);
}

/* --- members ---------------------------------------------------------------------------------------------- */

/* Those that have left go once no reply points to them. */
static void sweep(struct redis_tail_group *g)
{
	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		if (m->tail == NULL && !m->asked)
			redis_member_free(m);
	}
}

static void send(struct redis_tail_group *g, struct redis_ask *a, const struct slice *words, size_t n)
{
	struct buf b;

	buf_init(&b, REPLY_MAX);
	redis_wire_put(&b, words, n);
	redis_link_send(g->link, a, buf_slice(&b));
	buf_done(&b);
}

static void send_member(struct redis_member *m, const struct slice *words, size_t n)
{
	m->asked = true;
	m->group->owed++;
	send(m->group, &m->ask, words, n);
}

/* --- replies ---------------------------------------------------------------------------------------------- */

static void rest_after(struct redis_tail_group *g, const struct redis_reply *r)
{
	counter_add(COUNTER_store_errors, 1);
	log_debug("redis_error", LOG_S("text", r->text));
	if (redis_verb_cure(r) != REDIS_CURE_NONE) {
		redis_nodes_doubt(g->all->nodes);
		redis_link_drop(g->link, r->text.p);
	}
	g->step = RESTING;
	g->check_all = true;
	alarm_set(&g->again, PAUSE_MS);
}

/* The last entry there is: what is followed begins behind it. */
static void take_start(struct redis_member *m, const struct redis_reply *r)
{
	m->started = true;
	m->bad = r->kind == REDIS_ERROR;
	if (r->kind == REDIS_LIST && r->n == 1 && r->v[0].n >= 1 && redis_id_parse(r->v[0].v[0].text, &m->id))
		m->last = m->id;
}

static void take_check(struct redis_member *m, const struct redis_reply *r)
{
	/* Not a stream: it would spoil the reads of all others. */
	m->bad = redis_wire_says(r, "WRONGTYPE");
	m->missing = r->kind == REDIS_LIST && r->n == 0 && !redis_id_is_zero(m->id);
}

static void on_member_reply(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_member *m = CONTAINER(a, struct redis_member, ask);
	struct redis_tail_group *g = m->group;

	m->asked = false;
	g->owed--;
	if (r && g->step == STARTING)
		take_start(m, r);
	else if (r && g->step == CHECKING)
		take_check(m, r);
	if (g->owed == 0)
		loop_post(g->all->nodes->env.loop, &g->go);
}

static uint32_t next_count(const struct redis_tail_group *g, size_t bytes)
{
	if (bytes > REPLY_LARGE)
		return MAX_OF(g->count / 2, 1u);
	return bytes < REPLY_SMALL ? MIN_OF(g->count * 2, COUNT_MOST) : g->count;
}

static size_t news_bytes(const struct redis_tail_group *g)
{
	size_t n = 0;

	for (struct list *node = g->members.next; node != &g->members; node = node->next)
		n += buf_len(&LIST_ITEM(node, struct redis_member, node)->batch);
	return n;
}

/* Whose are these?  Two tails may follow one log from different places; whoever is behind its first entry was served,
 * and results come in the order of the question. */
static struct redis_member *owner_of(struct redis_tail_group *g, struct slice key, const struct redis_reply *entries)
{
	struct redis_id first;

	if (entries->n == 0 || entries->v[0].n < 1 || !redis_id_parse(entries->v[0].v[0].text, &first))
		return NULL;
	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		if (m->in_read && slice_eq(key_of(m), key) && redis_id_before(m->id, first)) {
			m->in_read = false;
			return m;
		}
	}
	return NULL;
}

/* RESP2: [[key, entries], ...]; RESP3: a map, which arrives as key, entries, key, entries. */
static void take_read(struct redis_tail_group *g, const struct redis_reply *r)
{
	bool flat = r->n && r->v[0].kind == REDIS_TEXT;

	for (size_t i = 0; i + flat < r->n; i += 1 + flat) {
		const struct redis_reply *pair = flat ? &r->v[i] : r->v[i].v;
		if (!flat && r->v[i].n != 2)
			continue;
		struct redis_member *m = owner_of(g, pair[0].text, &pair[1]);
		if (m)
			redis_member_take(m, &pair[1]);
	}
}

static void on_read(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_tail_group *g = CONTAINER(a, struct redis_tail_group, read);

	g->owed--;
	g->waits = false;
	alarm_clear(&g->again);
	if (r == NULL)
		return;
	if (r->kind == REDIS_ERROR && !redis_wire_says(r, "UNBLOCKED")) {
		rest_after(g, r);
		return;
	}
	if (r->kind == REDIS_LIST)
		take_read(g, r);
	else
		g->check_all = true;
	g->count = next_count(g, news_bytes(g));
	loop_post(g->all->nodes->env.loop, &g->go);
}

/* --- the steps -------------------------------------------------------------------------------------------- */

static bool start_members(struct redis_tail_group *g)
{
	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		if (!m->started && m->tail)
			send_member(m, (struct slice[]){ SLICE("XREVRANGE"), key_of(m), SLICE("+"), SLICE("-"),
				SLICE("COUNT"), SLICE("1") }, 6);
	}
	return g->owed > 0;
}

static bool check_members(struct redis_tail_group *g)
{
	char text[REDIS_ID_TEXT];

	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		m->missing = false;
		if (m->tail == NULL || !m->started || !(g->check_all || buf_len(&m->batch)))
			continue;
		struct slice id = redis_id_print(m->id, text);
		if (g->check_all || !redis_id_is_zero(m->id))
			send_member(m, (struct slice[]){ SLICE("XRANGE"), key_of(m), id, id, SLICE("COUNT"),
				SLICE("1") }, 6);
	}
	g->check_all = false;
	return g->owed > 0;
}

static void read_members(struct redis_tail_group *g)
{
	bool resp2 = redis_link_facts(g->link)->id == 0;
	size_t n = 0, at = 6, max = g->all->n;
	struct slice *words = calloc(at + 2 * max, sizeof(*words));
	char (*ids)[REDIS_ID_TEXT] = calloc(max + 1, sizeof(*ids)), block[24], count[24];

	must(words && ids);
	snprintf(block, sizeof(block), "%u", resp2 ? BLOCK_RESP2_MS : BLOCK_MS);
	snprintf(count, sizeof(count), "%u", g->count);
	struct slice head[] = { SLICE("XREAD"), SLICE("COUNT"), slice_str(count), SLICE("BLOCK"), slice_str(block),
		SLICE("STREAMS") };
	memcpy(words, head, sizeof(head));
	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		m->in_read = m->tail && m->started && !m->bad && n < max;
		if (m->in_read)
			words[at + n++] = key_of(m);
	}
	size_t i = 0;
	LIST_EACH(node, tmp, &g->members) {
		struct redis_member *m = LIST_ITEM(node, struct redis_member, node);
		if (m->in_read) {
			words[at + n + i] = redis_id_print(m->id, ids[i]);
			i++;
		}
	}
	if (n > 0) {
		g->step = READING;
		g->owed++;
		send(g, &g->read, words, at + 2 * n);
	} else {
		g->check_all = true;	/* perhaps a key has become a log meanwhile */
		alarm_set(&g->again, PAUSE_MS);
	}
	free(words);
	free(ids);
}

/* A callback may take members out, but only sweep() frees them. */
static void deliver_some(struct redis_tail_group *g)
{
	struct redis_member_ration left = { DELIVER_ENTRIES, DELIVER_BYTES };

	LIST_EACH(node, tmp, &g->members)
		redis_member_deliver(LIST_ITEM(node, struct redis_member, node), &left);
}

static void group_close(struct redis_tail_group *g);

/* The next step, when nothing is owed. */
static void on_go(struct task *t)
{
	struct redis_tail_group *g = CONTAINER(t, struct redis_tail_group, go);

	if (g->owed > 0 || alarm_is_set(&g->again))
		return;
	const bool delivers = g->step >= CHECKING || (g->step == READING && news_bytes(g) && !check_members(g));
	if (delivers)
		deliver_some(g);
	if (g->owed > 0) {
		g->step = CHECKING;
		return;
	}
	if (delivers && news_bytes(g)) {
		g->step = DELIVERING;
		alarm_set(&g->again, 0);
		return;
	}
	g->step = RESTING;
	sweep(g);
	if (list_empty(&g->members)) {
		group_close(g);
		return;
	}
	if (!redis_link_ready(g->link))
		return;
	g->step = STARTING;
	if (start_members(g))
		return;
	g->step = CHECKING;
	if (g->check_all && check_members(g))
		return;
	g->step = RESTING;
	read_members(g);
}

static void on_unblock(struct redis_ask *a, const struct redis_reply *r)
{
	struct unblock *u = CONTAINER(a, struct unblock, ask);
	struct redis_tail_group *g = u->group;

	free(u);
	if (g == NULL)
		return;
	g->unblock = NULL;
	if (g->waits && r && r->kind == REDIS_NUMBER && r->number == 0)
		alarm_set(&g->again, UNBLOCK_AGAIN_MS);
}

/* Somebody new: the read under way does not know of it.  UNBLOCK goes another way than the read and can overtake it; it
 * is repeated until the read has ended. */
static void wake(struct redis_tail_group *g)
{
	struct redis_node *n = redis_nodes_of(g->all->nodes, slot_of(g));
	int64_t id = redis_link_facts(g->link)->id;
	char text[24];
	struct buf b;

	if (g->step != READING) {
		loop_post(g->all->nodes->env.loop, &g->go);
		return;
	}
	g->waits = true;
	if (id == 0 || g->unblock || !redis_link_ready(n->link))
		return;
	g->unblock = calloc(1, sizeof(*g->unblock));
	must(g->unblock != NULL);
	*g->unblock = (struct unblock){ .ask = { .on_reply = on_unblock }, .group = g };
	snprintf(text, sizeof(text), "%" PRId64, id);
	buf_init(&b, 256);
	redis_wire_put(&b, (struct slice[]){ SLICE("CLIENT"), SLICE("UNBLOCK"), slice_str(text) }, 3);
	redis_link_send(n->link, &g->unblock->ask, buf_slice(&b));
	buf_done(&b);
}

static void on_again(struct alarm *a)
{
	struct redis_tail_group *g = CONTAINER(a, struct redis_tail_group, again);

	if (g->step == READING && g->waits)
		wake(g);
	else
		loop_post(g->all->nodes->env.loop, &g->go);
}

/* --- the connection of a group ---------------------------------------------------------------------------- */

static bool where(void *arg, struct redis_addr *out)
{
	struct redis_tail_group *g = arg;

	return redis_nodes_where(g->all->nodes, slot_of(g), out);
}

static void on_up(void *arg)
{
	struct redis_tail_group *g = arg;

	g->check_all = true;		/* much can have happened meanwhile */
	loop_post(g->all->nodes->env.loop, &g->go);
}

static void on_down(void *arg, const char *why, bool was_up)
{
	struct redis_tail_group *g = arg;

	if (was_up && g->step == READING)
		g->count = 1;		/* in case that the reply was too big */
	g->step = RESTING;
	alarm_clear(&g->again);
	LIST_EACH(node, tmp, &g->members)
		redis_member_forget(LIST_ITEM(node, struct redis_member, node));
	loop_post(g->all->nodes->env.loop, &g->go);
}

static void on_dig(struct grave *gr)
{
	free(CONTAINER(gr, struct redis_tail_group, grave));
}

/* Without members, or with some that the caller has taken out. */
static void group_close(struct redis_tail_group *g)
{
	struct loop *l = g->all->nodes->env.loop;

	redis_link_close(&g->link);
	if (g->unblock)
		g->unblock->group = NULL;
	alarm_clear(&g->again);
	loop_unpost(l, &g->go);
	list_remove(&g->node);
	loop_bury(l, &g->grave, on_dig);
}

static struct redis_tail_group *group_open(struct redis_tails *ts, unsigned slot)
{
	const struct redis_link_events ev = { .where = where, .on_up = on_up, .on_down = on_down };
	struct redis_tail_group *g = calloc(1, sizeof(*g));

	must(g != NULL);
	g->all = ts;
	g->slot = slot;
	g->count = COUNT_MOST;
	g->read.on_reply = on_read;
	g->go.go = on_go;
	list_init(&g->members);
	alarm_init(&g->again, ts->nodes->env.loop, on_again);
	g->link = redis_link_open(&ts->nodes->env, &ev, g, SILENCE_MS, REPLY_MAX);
	list_push_back(&ts->groups, &g->node);
	return g;
}

static struct redis_tail_group *group_for(struct redis_tails *ts, struct slice key)
{
	unsigned slot = ts->nodes->cluster ? redis_slot_of(key) : WHOLE;

	LIST_EACH(node, tmp, &ts->groups) {
		struct redis_tail_group *g = LIST_ITEM(node, struct redis_tail_group, node);
		if (g->slot == slot)
			return g;
	}
	return group_open(ts, slot);
}

/* --- all of them ------------------------------------------------------------------------------------------ */

static void join_group(struct redis_tails *ts, struct redis_member *m)
{
	m->group = group_for(ts, key_of(m));
	list_push_back(&m->group->members, &m->node);
	wake(m->group);
}

void redis_tail_add(struct redis_tails *ts, struct store_tail *t, struct slice key, bool from_start)
{
	if (ts->n == ts->max) {
		counter_add(COUNTER_store_refused, 1);
		return;
	}
	struct redis_member *m = calloc(1, sizeof(*m) + key.n);
	must(m != NULL);
	ts->n++;
	m->tail = t;
	t->priv = m;
	m->ask.on_reply = on_member_reply;
	m->started = from_start;
	m->key_n = key.n;
	memcpy(m->key, key.p, key.n);
	buf_init(&m->batch, REPLY_MAX);
	join_group(ts, m);
}

void redis_tail_remove(struct store_tail *t)
{
	struct redis_member *m = t->priv;

	if (m == NULL)
		return;
	t->priv = NULL;
	m->tail = NULL;
	m->group->all->n--;
	/* The read under way may bring its news for nothing. */
	loop_post(m->group->all->nodes->env.loop, &m->group->go);
}

/* The first news of a cluster: those who shared one connection part. */
static void split(struct redis_tails *ts, struct redis_tail_group *g)
{
	struct list members;

	redis_link_close(&g->link);
	sweep(g);
	list_init(&members);
	list_move_all(&members, &g->members);
	group_close(g);
	while (!list_empty(&members)) {
		struct redis_member *m = LIST_ITEM(list_pop_front(&members), struct redis_member, node);
		redis_member_forget(m);
		join_group(ts, m);
	}
}

static void on_regroup(struct task *t)
{
	struct redis_tails *ts = CONTAINER(t, struct redis_tails, regroup);

	LIST_EACH(node, tmp, &ts->groups) {
		struct redis_tail_group *g = LIST_ITEM(node, struct redis_tail_group, node);
		struct redis_addr addr;
		if (ts->nodes->cluster && g->slot == WHOLE)
			split(ts, g);
		else if (!redis_nodes_where(ts->nodes, slot_of(g), &addr) || !redis_link_is_at(g->link, &addr))
			redis_link_drop(g->link, "the log has moved");
	}
}

void redis_tail_moved(struct redis_tails *ts)
{
	loop_post(ts->nodes->env.loop, &ts->regroup);
}

void redis_tail_open(struct redis_tails *ts, struct redis_nodes *nodes, size_t max)
{
	*ts = (struct redis_tails){ .nodes = nodes, .max = max, .regroup = { .go = on_regroup } };
	list_init(&ts->groups);
}

void redis_tail_close(struct redis_tails *ts)
{
	loop_unpost(ts->nodes->env.loop, &ts->regroup);
	LIST_EACH(node, tmp, &ts->groups) {
		struct redis_tail_group *g = LIST_ITEM(node, struct redis_tail_group, node);
		redis_link_close(&g->link);
		LIST_EACH(at, next, &g->members)
			redis_member_free(LIST_ITEM(at, struct redis_member, node));
		group_close(g);
	}
}
