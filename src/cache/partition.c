#include "cache/partition.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/must.h"
#include "base/span.h"

#define SWEEP_A_PUT 4u		/* more than come: what is to be freed cannot pile up */

void partition_init(struct partition_set *set, uint32_t dim, size_t max_bytes, uint64_t seed)
{
	*set = (struct partition_set){ .max = max_bytes, .dim = dim, .seed = { seed, ~seed } };
	map_init(&set->partitions, PARTITION_MAX + 1, seed);
	map_init(&set->entries, 0, seed);
	list_init(&set->recent);
	list_init(&set->dying);
}

static size_t size_of(const struct partition_entry *e)
{
	return sizeof(*e) + e->text_n;
}

static void free_entry(struct partition_set *set, struct partition_entry *e)
{
	must(map_take(&set->entries, slice_of(&e->id, sizeof(e->id))) == e);
	list_remove(&e->node);
	free(e);
}

static void forget_entry(struct partition_set *set, struct partition_entry *e)
{
	set->bytes -= size_of(e);
	e->in->texts -= size_of(e);
	free_entry(set, e);
}

/* At once for who looks; freeing ten thousand entries takes its time. */
static void forget(struct partition_set *set, struct partition *p)
{
	must(map_take(&set->partitions, digest_slice(&p->digest)) == p);
	set->bytes -= p->bytes + p->texts;
	p->dying = true;
	list_remove(&p->node);
	list_push_back(&set->dying, &p->node);
}

void partition_clear(struct partition_set *set, uint32_t dim)
{
	LIST_EACH(node, tmp, &set->recent)
		forget(set, LIST_ITEM(node, struct partition, node));
	set->dim = dim;
}

bool partition_sweep(struct partition_set *set, size_t n)
{
	while (n > 0 && !list_empty(&set->dying)) {
		struct partition *p = LIST_ITEM(set->dying.next, struct partition, node);
		for (; n > 0 && !list_empty(&p->entries); n--)
			free_entry(set, LIST_ITEM(p->entries.next, struct partition_entry, node));
		if (!list_empty(&p->entries))
			break;
		list_remove(&p->node);
		flat_free(&p->flat);
		free(p);
	}
	return !list_empty(&set->dying);
}

void partition_done(struct partition_set *set)
{
	partition_clear(set, set->dim);
	partition_sweep(set, SIZE_MAX);
	map_done(&set->partitions);
	map_done(&set->entries);
}

struct partition *partition_find(struct partition_set *set, const struct digest *d)
{
	struct partition *p = map_find(&set->partitions, digest_slice(d));

	if (p) {
		list_remove(&p->node);
		list_push_back(&set->recent, &p->node);
	}
	return p;
}

struct partition_entry *partition_entry(const struct partition_set *set, uint64_t id)
{
	struct partition_entry *e = map_find(&set->entries, slice_of(&id, sizeof(id)));

	return e && !e->in->dying ? e : NULL;
}

void partition_drop(struct partition_set *set, struct partition_entry *e)
{
	flat_drop(e->in->flat, e->id);
	forget_entry(set, e);
}

void partition_forget(struct partition_set *set, const struct digest *d)
{
	struct partition *p = map_find(&set->partitions, digest_slice(d));

	if (p)
		forget(set, p);
}

static void weigh(struct partition_set *set, struct partition *p)
{
	size_t bytes = sizeof(*p) + flat_bytes(p->flat);

	set->bytes += bytes - p->bytes;
	p->bytes = bytes;
}

static struct partition *make(struct partition_set *set, const struct digest *d, uint32_t rows)
{
	struct partition *p = calloc(1, sizeof(*p));

	must(p != NULL);
	p->digest = *d;
	p->flat = flat_new(set->dim, rows);
	list_init(&p->entries);
	list_init(&p->node);
	list_push_back(&set->recent, &p->node);
	must(map_put(&set->partitions, digest_slice(&p->digest), p));
	weigh(set, p);
	return p;
}

/* The longest unused others go while there is too much. */
static void make_room(struct partition_set *set, const struct partition *but)
{
	while (set->partitions.n > PARTITION_MAX || set->bytes > set->max) {
		struct partition *oldest = LIST_ITEM(set->recent.next, struct partition, node);
		if (oldest == but)
			return;
		counter_add(COUNTER_semantic_evicted, flat_rows(oldest->flat));
		forget(set, oldest);
	}
}

void partition_limit(struct partition_set *set, size_t max_bytes)
{
	set->max = max_bytes;
	make_room(set, NULL);
}

static struct partition_entry *make_entry(struct partition_set *set, struct partition *p, const struct partition_new *n)
{
	struct partition_entry *e = calloc(1, sizeof(*e) + n->text.n);
	struct partition_entry *dying = map_find(&set->entries, slice_of(&n->id, sizeof(n->id)));

	must(e != NULL);
	if (dying)			/* followed again, a log brings it again */
		free_entry(set, dying);
	e->id = n->id;
	e->in = p;
	e->tenant = n->tenant;
	e->ends_ns = n->ends_ns;
	e->evidence.author = n->author;
	e->text_n = n->text.n;
	if (n->text.n)
		memcpy(e->text, n->text.p, n->text.n);
	list_init(&e->node);
	list_push_back(&p->entries, &e->node);
	must(map_put(&set->entries, slice_of(&e->id, sizeof(e->id)), e));
	set->bytes += size_of(e);
	p->texts += size_of(e);
	return e;
}

bool partition_put(struct partition_set *set, const struct digest *d, const struct partition_new *n)
{
	struct partition *p = partition_find(set, d);
	uint64_t evicted = 0;

	must(n->id != 0 && n->rows != 0);
	if (set->max == 0 || n->vec->scale == 0 || partition_entry(set, n->id))
		return false;
	partition_sweep(set, SWEEP_A_PUT);
	if (p == NULL)
		p = make(set, d, n->rows);
	p->owner = n->owner;
	make_entry(set, p, n);
	flat_put(p->flat, n->id, n->sign, n->vec, &evicted);
	if (evicted) {
		forget_entry(set, partition_entry(set, evicted));
		counter_add(COUNTER_semantic_evicted, 1);
	}
	weigh(set, p);
	make_room(set, p);
	/* It alone is too much: the first to come go. */
	while (set->bytes > set->max && !list_empty(&p->entries)) {
		partition_drop(set, LIST_ITEM(p->entries.next, struct partition_entry, node));
		weigh(set, p);
		counter_add(COUNTER_semantic_evicted, 1);
	}
	if (list_empty(&p->entries))
		forget(set, p);
	return partition_entry(set, n->id) != NULL;
}

bool partition_is_template(struct partition_set *set, struct partition *p, struct slice text, uint64_t now_ns,
	bool note)
{
	if (text.n < PARTITION_BEGIN_BYTES)
		return false;
	uint64_t begin = siphash(&set->seed, slice_of(text.p, PARTITION_BEGIN_BYTES));
	uint64_t whole = siphash(&set->seed, text);
	struct partition_begin *b = &p->begins[begin % PARTITION_BEGINS];
	bool mine = b->begin == begin && now_ns - b->since_ns < PARTITION_BEGIN_MS * (uint64_t)SPAN_NS_PER_MS;

	if (note && !mine)
		*b = (struct partition_begin){ .begin = begin, .last = whole, .since_ns = now_ns, .texts = 1 };
	else if (note && b->last != whole) {
		b->last = whole;
		b->texts++;
	}
	return mine && b->texts > PARTITION_BEGIN_TEXTS;
}
