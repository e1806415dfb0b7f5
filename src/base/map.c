#include "base/map.h"

#include <stdlib.h>

#include "base/must.h"

#define FIRST_CAP 16u

void map_init(struct map *m, size_t max, uint64_t seed)
{
	*m = (struct map){ .max = max, .seed = { seed, ~seed * 0x9e3779b97f4a7c15u } };
}

void map_done(struct map *m)
{
	free(m->entries);
	m->entries = NULL;
	m->cap = m->n = 0;
}

/* The key's place: where it is, or the free entry where it would go.  cap is a power of two, never full. */
static size_t place(const struct map *m, struct slice key)
{
	size_t at = (size_t)siphash(&m->seed, key) & (m->cap - 1);
	while (m->entries[at].key.p && !slice_eq(m->entries[at].key, key))
		at = (at + 1) & (m->cap - 1);
	return at;
}

void *map_find(const struct map *m, struct slice key)
{
	return m->cap ? m->entries[place(m, key)].value : NULL;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	m->entries = calloc(m->cap, sizeof(*m->entries));
	must(m->entries != NULL);
	for (size_t i = 0; i < old.cap; i++)
		if (old.entries[i].key.p)
			m->entries[place(m, old.entries[i].key)] = old.entries[i];
	free(old.entries);
}

bool map_put(struct map *m, struct slice key, void *value)
{
	if (key.p == NULL)
		key.p = "";
	if ((m->n + 1) * 4 > m->cap * 3)
		grow(m);
	struct map_entry *e = &m->entries[place(m, key)];
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
	size_t at = place(m, key);
	void *value = m->entries[at].value;
	if (m->entries[at].key.p == NULL)
		return NULL;
	close_gap(m, at);
	m->n--;
	return value;
}

bool map_next(const struct map *m, size_t *at, struct slice *out_key, void **out_value)
{
	while (*at < m->cap) {
		const struct map_entry *e = &m->entries[(*at)++];
		if (e->key.p == NULL)
			continue;
		*out_key = e->key;
		*out_value = e->value;
		return true;
	}
	return false;
}
