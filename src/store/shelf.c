#include "store/shelf.h"

#include <stdlib.h>

#include "base/must.h"
#include "base/span.h"

struct shelf_entry {
	struct list node;		/* in the ring */
	uint64_t put_ns, expires_ns;
	uint32_t key_n, value_n;
	bool used;			/* since the hand came by */
	char bytes[];			/* key, value */
};

static size_t size_of(const struct shelf_entry *e)
{
	return sizeof(*e) + e->key_n + e->value_n;
}

static struct slice key_of(const struct shelf_entry *e)
{
	return slice_of(e->bytes, e->key_n);
}

void shelf_init(struct shelf *s, size_t max, uint64_t seed)
{
	*s = (struct shelf){ .max = max };
	map_init(&s->entries, 0, seed);
	list_init(&s->ring);
	list_init(&s->dead);
}

static void take_out(struct shelf *s, struct shelf_entry *e)
{
	map_take(&s->entries, key_of(e));
	list_remove(&e->node);
	s->bytes -= size_of(e);
	free(e);
}

void shelf_clear(struct shelf *s)
{
	list_move_all(&s->dead, &s->ring);
	map_done(&s->entries);
	s->bytes = 0;
}

/* Returns how many are left of `n`. */
static size_t bury(struct shelf *s, size_t n)
{
	struct list *node;

	for (; n > 0 && (node = list_pop_front(&s->dead)) != NULL; n--)
		free(LIST_ITEM(node, struct shelf_entry, node));
	return n;
}

void shelf_done(struct shelf *s)
{
	shelf_clear(s);
	bury(s, SIZE_MAX);
}

/* The hand moves on until `need` bytes fit, past `looks` entries at most: a used entry gets a second chance, for which
 * it goes to the back. */
static void make_room(struct shelf *s, size_t need, size_t looks, uint64_t now_ns)
{
	for (; looks > 0 && s->bytes + need > s->max && !list_empty(&s->ring); looks--) {
		struct shelf_entry *e = LIST_ITEM(s->ring.next, struct shelf_entry, node);
		bool expired = e->expires_ns <= now_ns;
		if (e->used && !expired) {
			e->used = false;
			list_remove(&e->node);
			list_push_back(&s->ring, &e->node);
			continue;
		}
		s->evicted += !expired;
		take_out(s, e);
	}
}

void shelf_limit(struct shelf *s, size_t max)
{
	s->max = max;
}

bool shelf_is_over(const struct shelf *s)
{
	return s->bytes > s->max || !list_empty(&s->dead);
}

bool shelf_sweep(struct shelf *s, size_t n)
{
	make_room(s, 0, bury(s, n), 0);
	return shelf_is_over(s);
}

bool shelf_get(struct shelf *s, struct slice key, uint64_t now_ns, struct shelf_value *out)
{
	struct shelf_entry *e = map_find(&s->entries, key);

	if (e == NULL)
		return false;
	if (e->expires_ns <= now_ns) {
		take_out(s, e);
		return false;
	}
	e->used = true;
	*out = (struct shelf_value){ .bytes = slice_of(e->bytes + e->key_n, e->value_n),
		.age_ms = (now_ns - e->put_ns) / SPAN_NS_PER_MS, .left_ms = (e->expires_ns - now_ns) / SPAN_NS_PER_MS };
	return true;
}

bool shelf_put(struct shelf *s, struct slice key, struct slice value, uint64_t ttl_ms, uint64_t now_ns)
{
	size_t size = sizeof(struct shelf_entry) + key.n + value.n;

	shelf_drop(s, key);
	if (ttl_ms == 0 || size > s->max / 4 || value.n > UINT32_MAX || key.n > UINT32_MAX)
		return false;
	make_room(s, size, SHELF_LOOKS, now_ns);
	if (s->bytes + size > s->max + s->max / 4)
		return false;
	struct shelf_entry *e = malloc(size);
	must(e != NULL);
	*e = (struct shelf_entry){ .put_ns = now_ns, .expires_ns = now_ns + ttl_ms * SPAN_NS_PER_MS,
		.key_n = (uint32_t)key.n, .value_n = (uint32_t)value.n };
	memcpy(e->bytes, key.p, key.n);
	if (value.n)
		memcpy(e->bytes + key.n, value.p, value.n);
	must(map_put(&s->entries, key_of(e), e));
	list_push_back(&s->ring, &e->node);
	s->bytes += size;
	return true;
}

void shelf_drop(struct shelf *s, struct slice key)
{
	struct shelf_entry *e = map_find(&s->entries, key);

	if (e)
		take_out(s, e);
}
