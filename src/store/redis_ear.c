#include "store/redis_ear.h"

#include <stdlib.h>

#include "base/counter.h"
#include "loop/loop.h"

#define SILENCE_MS 5000
#define REPLY_MAX (1u << 20)

struct channel {
	struct redis_ears *ears;
	struct list listeners;		/* struct listener */
	size_t n;
	char name[];
};

/* The place of a store_ear in its channel. */
struct listener {
	struct list node;
	struct channel *channel;
	struct store_ear *ear;
};

static struct slice name_of(const struct channel *c)
{
	return slice_of(c->name, c->n);
}

/* No command waits for a reply here: what comes back is a push like the words themselves. */
static void say(struct redis_ears *es, struct slice verb, struct slice channel)
{
	struct buf b;

	if (!redis_link_ready(es->link))
		return;
	buf_init(&b, channel.n + 256);
	redis_wire_put(&b, (struct slice[]){ verb, channel }, 2);
	redis_link_send(es->link, NULL, buf_slice(&b));
	buf_done(&b);
}

static void drop_if_unheard(struct channel *c)
{
	if (!list_empty(&c->listeners) || c == c->ears->telling)
		return;
	say(c->ears, SLICE("UNSUBSCRIBE"), name_of(c));
	map_take(&c->ears->channels, name_of(c));
	free(c);
}

static void on_up(void *arg)
{
	struct redis_ears *es = arg;
	struct slice name;
	void *c;

	for (size_t at = 0; map_next(&es->channels, &at, &name, &c);)
		say(es, SLICE("SUBSCRIBE"), name);
}

static void on_down(void *arg, const char *why, bool was_up)
{
}

/* ["message", channel, word], in RESP3 as a push. */
static void on_push(void *arg, const struct redis_reply *r)
{
	struct redis_ears *es = arg;

	if (r->n != 3 || !slice_eq(r->v[0].text, SLICE("message")))
		return;
	struct channel *c = map_find(&es->channels, r->v[1].text);
	if (c == NULL)
		return;
	es->telling = c;
	es->next = c->listeners.next;
	while (es->next != &c->listeners) {
		struct listener *l = LIST_ITEM(es->next, struct listener, node);
		es->next = es->next->next;
		l->ear->on_word(l->ear, r->v[2].text);
	}
	es->telling = NULL;
	drop_if_unheard(c);
}

static bool where(void *arg, struct redis_addr *out)
{
	struct redis_ears *es = arg;

	return redis_nodes_where(es->nodes, 0, out);
}

static struct channel *channel_for(struct redis_ears *es, struct slice name)
{
	struct channel *c = map_find(&es->channels, name);

	if (c)
		return c;
	c = calloc(1, sizeof(*c) + name.n);
	must(c != NULL);
	c->ears = es;
	c->n = name.n;
	memcpy(c->name, name.p, name.n);
	list_init(&c->listeners);
	must(map_put(&es->channels, name_of(c), c));
	say(es, SLICE("SUBSCRIBE"), name);
	return c;
}

void redis_ear_add(struct redis_ears *es, struct store_ear *e, struct slice channel)
{
	const struct redis_link_events ev = { .where = where, .on_up = on_up, .on_down = on_down, .on_push = on_push };
	struct listener *l;

	if (es->n == es->max) {
		counter_add(COUNTER_store_refused, 1);
		return;
	}
	if (es->link == NULL)
		es->link = redis_link_open(&es->nodes->env, &ev, es, SILENCE_MS, REPLY_MAX);
	l = calloc(1, sizeof(*l));
	must(l != NULL);
	es->n++;
	l->ear = e;
	e->priv = l;
	l->channel = channel_for(es, channel);
	list_push_back(&l->channel->listeners, &l->node);
}

void redis_ear_remove(struct store_ear *e)
{
	struct listener *l = e->priv;

	if (l == NULL)
		return;
	struct redis_ears *es = l->channel->ears;
	e->priv = NULL;
	es->n--;
	if (es->telling && es->next == &l->node)
		es->next = l->node.next;
	list_remove(&l->node);
	drop_if_unheard(l->channel);
	free(l);
}

void redis_ear_moved(struct redis_ears *es)
{
	struct redis_addr addr;

	if (es->link && redis_nodes_where(es->nodes, 0, &addr) && !redis_link_is_at(es->link, &addr))
		redis_link_drop(es->link, "the channels have moved");
}

void redis_ear_open(struct redis_ears *es, struct redis_nodes *nodes, size_t max)
{
	*es = (struct redis_ears){ .nodes = nodes, .max = max };
	map_init(&es->channels, 0, dice_u64(nodes->env.dice));
}

void redis_ear_close(struct redis_ears *es)
{
	struct slice name;
	void *v;

	redis_link_close(&es->link);
	for (size_t at = 0; map_next(&es->channels, &at, &name, &v);) {
		struct channel *c = v;
		LIST_EACH(node, tmp, &c->listeners)
			free(LIST_ITEM(node, struct listener, node));
		free(c);
	}
	map_done(&es->channels);
}
