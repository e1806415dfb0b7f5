#include "base/map.h"

#include <stdlib.h>

#include "base/must.h"

#define FIRST_CAP 16u
/* After growing, each change brings so many old places over; so the old ones are empty long before the new ones are
 * full, and no single change waits for hundreds of thousands of hashes. */
#define MOVES 8u
#define PIECE 4096u		/* entries: 96 KiB, which malloc keeps for the next one (no mmap) */
#define AT_ONCE 256u		/* so few move in no time */

static const char gone;		/* key of an old place whose entry has moved or was taken: a search goes on behind it */

void map_init(struct map *m, size_t max, uint64_t seed)
{
	*m = (struct map){ .max = max, .seed = { seed, ~seed * 0x9e3779b97f4a7c15u } };
}

/* --- places --------------------------------------------------------------------------------------------- */

static size_t piece_n(const struct map_table *t)
{
	return MIN_OF(t->cap, (size_t)PIECE);
}

static struct map_table table_new(size_t cap)
{
	struct map_table t = { .cap = cap };

	t.pieces = calloc(cap / piece_n(&t), sizeof(*t.pieces));
	must(t.pieces != NULL);
	return t;
}

static void table_free(struct map_table *t)
{
	for (size_t i = 0; t->cap && i < t->cap / piece_n(t); i++)
		free(t->pieces[i]);
	free(t->pieces);
	*t = (struct map_table){ 0 };
}

static const struct map_entry *look(const struct map_table *t, size_t at)
{
	static const struct map_entry free_place;
	const struct map_entry *piece = t->pieces[at / PIECE];

	return piece ? &piece[at % PIECE] : &free_place;
}

static struct map_entry *touch(struct map_table *t, size_t at)
{
	struct map_entry **piece = &t->pieces[at / PIECE];

	if (*piece == NULL)
		*piece = calloc(piece_n(t), sizeof(**piece));
	must(*piece != NULL);
	return &(*piece)[at % PIECE];
}

/* The key's place: where it is, or the free entry where it would go.  Never full. */
static size_t place(const struct map_table *t, uint64_t hash, struct slice key)
{
	size_t at = (size_t)hash & (t->cap - 1);
	const struct map_entry *e;

	while ((e = look(t, at))->key.p && !slice_eq(e->key, key))
		at = (at + 1) & (t->cap - 1);
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

/* --- the map -------------------------------------------------------------------------------------------- */

void map_done(struct map *m)
{
	table_free(&m->now);
	table_free(&m->old);
	m->n = 0;
}

/* Where the key is, now or still; NULL: nowhere. */
static struct map_entry *find(const struct map *m, uint64_t hash, struct slice key, struct map_table *out_in,
	size_t *out_at)
{
	const struct map_table *both[] = { &m->now, &m->old };

	for (size_t i = 0; i < COUNT_OF(both) && both[i]->cap; i++) {
		*out_in = *both[i];
		*out_at = place(both[i], hash, key);
		if (look(both[i], *out_at)->key.p)
			return touch(out_in, *out_at);
	}
	return NULL;
}

void *map_find(const struct map *m, struct slice key)
{
	struct map_table in;
	size_t at;
	const struct map_entry *e = m->n ? find(m, siphash(&m->seed, key), key, &in, &at) : NULL;

	return e ? e->value : NULL;
}

static void move_over(struct map *m, size_t n)
{
	for (; m->old.cap && n > 0; n--) {
		const struct map_entry *e = look(&m->old, m->moved);
		if (is_entry(e)) {
			*touch(&m->now, place(&m->now, siphash(&m->seed, e->key), e->key)) = *e;
			empty(touch(&m->old, m->moved));
		}
		if (++m->moved == m->old.cap)
			table_free(&m->old);
	}
}

static void grow(struct map *m)
{
	must(m->old.cap == 0);
	m->old = m->now;
	m->moved = 0;
	m->now = table_new(m->old.cap ? m->old.cap * 2 : FIRST_CAP);
	if (m->old.cap <= AT_ONCE)
		move_over(m, AT_ONCE);
}

bool map_put(struct map *m, struct slice key, void *value)
{
	const struct map_entry fresh = { { key.p ? key.p : "", key.n }, value };
	const uint64_t hash = siphash(&m->seed, key);
	struct map_table in;
	size_t at;

	move_over(m, MOVES);
	struct map_entry *e = find(m, hash, key, &in, &at);
	if (e == NULL) {
		if (m->max && m->n >= m->max)
			return false;
		if ((m->n + 1) * 4 > m->now.cap * 3)
			grow(m);
		m->n++;
		e = touch(&m->now, place(&m->now, hash, key));
	}
	*e = fresh;
	return true;
}

/* Backward-shift deletion: later entries of the run move up, so no tombstones are needed. */
static void close_gap(struct map *m, size_t gap)
{
	size_t mask = m->now.cap - 1;
	const struct map_entry *e;

	for (size_t at = (gap + 1) & mask; (e = look(&m->now, at))->key.p; at = (at + 1) & mask) {
		size_t home = (size_t)siphash(&m->seed, e->key) & mask;
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		*touch(&m->now, gap) = *e;
		gap = at;
	}
	*touch(&m->now, gap) = (struct map_entry){ 0 };
}

void *map_take(struct map *m, struct slice key)
{
	struct map_table in;
	size_t at;

	move_over(m, MOVES);
	struct map_entry *e = find(m, siphash(&m->seed, key), key, &in, &at);
	if (e == NULL)
		return NULL;
	void *value = e->value;
	if (in.pieces == m->old.pieces)
		empty(e);
	else
		close_gap(m, at);
	m->n--;
	return value;
}

bool map_next(const struct map *m, size_t *at, struct slice *out_key, void **out_value)
{
	while (*at < m->now.cap + m->old.cap) {
		const struct map_entry *e = *at < m->now.cap ? look(&m->now, *at) : look(&m->old, *at - m->now.cap);
		(*at)++;
		if (!is_entry(e))
			continue;
		*out_key = e->key;
		*out_value = e->value;
		return true;
	}
	return false;
}
