/* A sorted array: things nest and never overlap partly, so the innermost holder of an address is the last one, in the
 * order (start ascending, size descending), that starts at or before it and reaches past it. */
#include "conf/place.h"

#include <stdlib.h>

#define FIRST_CAP 64u

void place_add(struct place_list *l, struct arena *a, struct place p)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : FIRST_CAP;
		struct place *v = ARENA_ARRAY(a, struct place, cap);
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->cap = cap;
	}
	p.order = (unsigned)l->n;
	l->v[l->n++] = p;
	l->is_sorted = false;
}

static int by_address(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return (uintptr_t)x->at < (uintptr_t)y->at ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void place_sort(struct place_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_address);
	l->is_sorted = true;
}

/* How many start at or before `at`. */
static size_t count_upto(const struct place_list *l, const void *at)
{
	size_t low = 0, high = l->n;

	must(l->is_sorted || l->n == 0);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if ((uintptr_t)l->v[mid].at <= (uintptr_t)at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct place *place_find(const struct place_list *l, const void *at)
{
	for (size_t i = count_upto(l, at); i-- > 0;)
		if ((uintptr_t)at - (uintptr_t)l->v[i].at < l->v[i].size)
			return &l->v[i];
	return NULL;
}

bool place_has(const struct place_list *l, const void *at, size_t size)
{
	for (size_t i = count_upto(l, at); i-- > 0 && l->v[i].at == at;)
		if (l->v[i].size == size)
			return true;
	return false;
}
