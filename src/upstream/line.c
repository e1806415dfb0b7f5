#include "upstream/line.h"

#include <stdlib.h>

#include "base/span.h"

#define MOST_TOK 32768ull	/* a request counts as this at most */
/* What a tenant of weight 1 is charged for a token: others pay that part of it, so the level has fractions of one. */
#define UNITS LINE_WEIGHT_MAX
/* Bounds of memory, behind and before the one whose turn it is: so much, one long request or some thirty short ones,
 * may one who comes after a pause have at once (times its weight: its bursts are as much larger as its share is); and
 * so long may one who had a provider for itself have to wait when others come.  With 4,096 tokens the tenant of
 * line_test.c delays others by 40 %, with 16,384 by 1 %, with 32,768 not at all. */
#define CREDIT (MOST_TOK * UNITS)
#define DEBT (131072ull * UNITS)
/* Whose past is remembered, of those who have nothing waiting: tenants can be made up without end, each new one begins
 * before the level, and the level does not rise while it is they who are served. */
#define MOST_IDLE 1024u

/* Of one tenant in one class.  An empty one stays as long as what it has had still counts. */
struct line_queue {
	struct list node;		/* class->turns */
	struct list tickets;		/* oldest first */
	struct line_class *of;
	uint64_t tenant;
	uint32_t n, weight;		/* weight: of the last ticket */
	uint64_t had;			/* tokens by weight, on the scale of class->level */
	uint64_t since_ns;		/* the oldest ticket is next of this tenant, at the latest */
};

static struct slice key_of(const uint64_t *tenant)
{
	return slice_of(tenant, sizeof(*tenant));
}

static struct line_class *class_of(struct line *l, enum request_priority p)
{
	return &l->classes[(p == REQUEST_PRIORITY_UNSAID ? REQUEST_NORMAL : p) - 1];
}

static uint32_t weight_of(const struct line_ticket *t)
{
	must(t->weight <= LINE_WEIGHT_MAX);
	return MAX_OF(t->weight, 1u);
}

void line_init(struct line *l, uint64_t seed)
{
	*l = (struct line){ .n = 0 };
	for (size_t i = 0; i < COUNT_OF(l->classes); i++) {
		list_init(&l->classes[i].turns);
		map_init(&l->classes[i].queues, 0, seed);
		l->classes[i].level = CREDIT;
	}
}

/* --- queues --------------------------------------------------------------------------------------------- */

static void free_queue(struct line_queue *q)
{
	must(q->n == 0);
	list_remove(&q->node);
	map_take(&q->of->queues, key_of(&q->tenant));
	free(q);
}

/* Nobody waits: nobody's past counts. */
static void forget(struct line_class *c)
{
	LIST_EACH(node, tmp, &c->turns)
		free_queue(LIST_ITEM(node, struct line_queue, node));
}

void line_done(struct line *l)
{
	must(l->n == 0);
	for (size_t i = 0; i < COUNT_OF(l->classes); i++)
		map_done(&l->classes[i].queues);
}

static struct line_queue *queue_of(struct line_class *c, uint64_t tenant)
{
	struct line_queue *q = map_find(&c->queues, key_of(&tenant));

	if (q)
		return q;
	q = calloc(1, sizeof(*q));
	must(q != NULL);
	q->of = c;
	q->tenant = tenant;
	list_init(&q->tickets);
	list_push_back(&c->turns, &q->node);
	must(map_put(&c->queues, key_of(&q->tenant), q));
	return q;
}

static void enter(struct line_class *c, struct line_ticket *t, uint64_t now)
{
	struct line_queue *q = queue_of(c, t->tenant);

	if (q->n++ == 0) {
		q->had = MAX_OF(q->had, c->level - CREDIT);
		q->since_ns = now;
	}
	t->queue = q;
	q->weight = t->weight;
	list_push_back(&q->tickets, &t->node);
	c->n++;
}

static void leave(struct line_ticket *t)
{
	struct line_class *c = t->queue->of;

	list_remove(&t->node);
	t->queue->n--;
	t->queue = NULL;
	if (--c->n == 0)
		forget(c);
}

void line_join(struct line *l, struct line_ticket *t, uint64_t now_ns)
{
	must(t->queue == NULL);
	if (t->priority == REQUEST_PRIORITY_UNSAID)
		t->priority = REQUEST_NORMAL;
	t->weight = weight_of(t);
	enter(class_of(l, t->priority), t, now_ns);
	l->n++;
}

void line_leave(struct line *l, struct line_ticket *t)
{
	if (t->queue == NULL)
		return;
	leave(t);
	l->n--;
}

/* --- whose turn it is ----------------------------------------------------------------------------------- */

static struct line_ticket *oldest(const struct line_queue *q)
{
	return LIST_ITEM(q->tickets.next, struct line_ticket, node);
}

/* Only the next one of each tenant: those behind it wait for it, and not for others.  From the top, so that nobody
 * moves up twice. */
static void age(struct line *l, uint64_t now)
{
	for (size_t i = 1; i < COUNT_OF(l->classes); i++)
		LIST_EACH(node, tmp, &l->classes[i].turns) {
			struct line_queue *q = LIST_ITEM(node, struct line_queue, node);
			if (q->n == 0 || now < q->since_ns + LINE_AGEING_MS * SPAN_NS_PER_MS)
				continue;
			struct line_ticket *t = oldest(q);
			bool is_last = l->classes[i].n == 1;
			q->since_ns = now;
			leave(t);
			t->priority--;
			enter(&l->classes[i - 1], t, now);
			if (is_last)
				break;		/* the queues are gone */
		}
}

/* It would begin there anyway; or there are too many: those served the longest ago are looked at first. */
static bool may_forget(const struct line_queue *q)
{
	const struct line_class *c = q->of;

	return q->n == 0 && (q->had + CREDIT <= c->level || c->queues.n > c->n + MOST_IDLE);
}

/* The fewest tokens for its weight; of equals, who was served the longest ago.  A walk over all tenants that wait: a
 * line is full long before that costs as much as a request. */
static struct line_queue *next_of(const struct line_class *c)
{
	struct line_queue *best = NULL;

	LIST_EACH(node, tmp, &c->turns) {
		struct line_queue *q = LIST_ITEM(node, struct line_queue, node);
		if (may_forget(q))
			free_queue(q);
		else if (q->n && (best == NULL || q->had < best->had))
			best = q;
	}
	return best;
}

static void charge(struct line_queue *q, const struct line_ticket *t, uint64_t now)
{
	struct line_class *c = q->of;
	uint64_t cost = MIN_OF(MAX_OF(t->cost, 1ull), MOST_TOK) * UNITS / t->weight;

	c->level = MAX_OF(c->level, q->had);
	q->had = MIN_OF(q->had + cost, c->level + DEBT);
	q->since_ns = now;
	list_remove(&q->node);
	list_push_back(&c->turns, &q->node);
}

struct line_ticket *line_next(struct line *l, uint64_t now_ns)
{
	size_t i = 0;

	if (l->n == 0)
		return NULL;
	age(l, now_ns);
	while (l->classes[i].n == 0)
		i++;
	struct line_queue *q = next_of(&l->classes[i]);
	struct line_ticket *t = oldest(q);
	charge(q, t, now_ns);
	line_leave(l, t);
	return t;
}

/* --- no room -------------------------------------------------------------------------------------------- */

/* As many tickets for its weight, or more: a tenant's part of the room is as its part of the connections. */
static bool is_as_long(uint64_t n, uint32_t weight, const struct line_queue *q)
{
	return n * q->weight >= (uint64_t)q->n * weight;
}

static const struct line_queue *longest(const struct line_class *c)
{
	const struct line_queue *found = NULL;
	struct slice tenant;
	size_t at = 0;
	void *v;

	while (map_next(&c->queues, &at, &tenant, &v)) {
		const struct line_queue *q = v;
		if (q->n && (found == NULL || !is_as_long(found->n, found->weight, q)))
			found = q;
	}
	return found;
}

struct line_ticket *line_worst(const struct line *l, const struct line_ticket *newcomer)
{
	enum request_priority own = newcomer->priority ? newcomer->priority : REQUEST_NORMAL;
	size_t i = COUNT_OF(l->classes) - 1;

	while (i + 1 > own && l->classes[i].n == 0)
		i--;
	if (i + 1 < own || l->classes[i].n == 0)
		return NULL;
	const struct line_queue *q = longest(&l->classes[i]);
	const struct line_queue *mine = map_find(&l->classes[i].queues, key_of(&newcomer->tenant));
	if (i + 1 == own && is_as_long((mine ? mine->n : 0) + 1, weight_of(newcomer), q))
		return NULL;
	return LIST_ITEM(q->tickets.prev, struct line_ticket, node);
}
