#include "base/map.h"

#include <stdlib.h>

#include "base/must.h"

#define FIRST_CAP 16u
/* After growing, each change brings so many old places over; so the old ones are empty long before the new ones are
 * full, and no single change waits for hundreds of thousands of hashes. */
#define MOVES 8u
#define AT_ONCE 256u		/* so few move in no time */

static const char gone;		/* key of an old place whose entry has moved or was taken: a search goes on behind it */

void map_init(struct map *m, size_t max, uint64_t seed)
{
	*m = (struct map){ .max = max, .seed = { seed, ~seed * 0x9e3779b97f4a7c15u } };
}

void map_done(struct map *m)
{
	free(m->entries);
	free(m->old);
	m->entries = m->old = NULL;
	m->cap = m->n = m->old_cap = m->moved = 0;
}

/* The key's place: where it is, or the free entry where it would go.  cap is a power of two, never full. */
static size_t place(const struct map_entry *v, size_t cap, uint64_t hash, struct slice key)
{
	size_t at = (size_t)hash & (cap - 1);
	while (v[at].key.p && !slice_eq(v[at].key, key))
		at = (at + 1) & (cap - 1);
	return at;
}

static void empty(struct map_entry *e)
{
	*e = (struct map_entry){ .key = { &gone, SIZE_MAX } };
}

static bool is_entry(const struct map_entry *e)
{
	return e->key.p && e->key.p != &gone;
}

/* Its place among the old ones; NULL: it is not there. */
static struct map_entry *find_old(const struct map *m, uint64_t hash, struct slice key)
{
	struct map_entry *e = m->old ? &m->old[place(m->old, m->old_cap, hash, key)] : NULL;

	return e && e->key.p ? e : NULL;
}

void *map_find(const struct map *m, struct slice key)
{
	if (m->cap == 0)
		return NULL;
	const uint64_t hash = siphash(&m->seed, key);
	const struct map_entry *e = &m->entries[place(m->entries, m->cap, hash, key)], *old;
	if (e->key.p == NULL && (old = find_old(m, hash, key)) != NULL)
		e = old;
	return e->value;
}

static void move_over(struct map *m, size_t n)
{
	for (; m->old && n > 0; n--) {
		struct map_entry *e = &m->old[m->moved++];
		if (is_entry(e)) {
			m->entries[place(m->entries, m->cap, siphash(&m->seed, e->key), e->key)] = *e;
			empty(e);
		}
		if (m->moved == m->old_cap) {
			free(m->old);
			m->old = NULL;
		}
	}
}

static void grow(struct map *m)
{
	must(m->old == NULL);
	m->old = m->entries;
	m->old_cap = m->cap;
	m->moved = 0;
	m->cap = m->cap ? m->cap * 2 : FIRST_CAP;
	m->entries = calloc(m->cap, sizeof(*m->entries));
	must(m->entries != NULL);
	if (m->old_cap <= AT_ONCE)
		move_over(m, AT_ONCE);
}

bool map_put(struct map *m, struct slice key, void *value)
{
	if (key.p == NULL)
		key.p = "";
	move_over(m, MOVES);
	if ((m->n + 1) * 4 > m->cap * 3)
		grow(m);
	const uint64_t hash = siphash(&m->seed, key);
	struct map_entry *e = &m->entries[place(m->entries, m->cap, hash, key)], *old;
	if (e->key.p == NULL && (old = find_old(m, hash, key)) != NULL)
		e = old;
	if (e->key.p == NULL) {
		if (m->max && m->n >= m->max)
			return false;
		m->n++;
	}
	*e = (struct map_entry){ key, value };
	return true;
}

/* Backward-shift deletion: later entries of the run move up, so no tombstones are needed. */
static void close_gap(struct map *m, size_t gap)
{
	size_t mask = m->cap - 1;

	for (size_t at = (gap + 1) & mask; m->entries[at].key.p; at = (at + 1) & mask) {
		size_t home = (size_t)siphash(&m->seed, m->entries[at].key) & mask;
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		m->entries[gap] = m->entries[at];
		gap = at;
	}
	m->entries[gap] = (struct map_entry){ 0 };
}

void *map_take(struct map *m, struct slice key)
{
	if (m->cap == 0)
		return NULL;
	move_over(m, MOVES);
	const uint64_t hash = siphash(&m->seed, key);
	size_t at = place(m->entries, m->cap, hash, key);
	struct map_entry *old = m->entries[at].key.p ? NULL : find_old(m, hash, key);
	if (old == NULL && m->entries[at].key.p == NULL)
		return NULL;
	void *value = old ? old->value : m->entries[at].value;
	if (old)
		empty(old);
	else
		close_gap(m, at);
	m->n--;
	return value;
}

bool map_next(const struct map *m, size_t *at, struct slice *out_key, void **out_value)
{
	const size_t all = m->cap + (m->old ? m->old_cap : 0);

	while (*at < all) {
		const struct map_entry *e = *at < m->cap ? &m->entries[*at] : &m->old[*at - m->cap];
		(*at)++;
		if (!is_entry(e))
			continue;
		*out_key = e->key;
		*out_value = e->value;
		return true;
	}
	return false;
}
