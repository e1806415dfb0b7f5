/* Binary min-heap of deadlines. */
#include "due.h"

#include <stdio.h>
#include <stdlib.h>

static void place(struct due_heap *h, size_t i, struct due_entry e)
{
	h->entry[i] = e;
	e.node->slot = i + 1;
}

static void sift_up(struct due_heap *h, size_t i, struct due_entry e)
{
	while (i > 0) {
		size_t above = (i - 1) / 2;
		if (h->entry[above].at_ns <= e.at_ns)
			break;
		place(h, i, h->entry[above]);
		i = above;
	}
	place(h, i, e);
}

static void sift_down(struct due_heap *h, size_t i, struct due_entry e)
{
	for (;;) {
		size_t below = 2 * i + 1;
		if (below >= h->len)
			break;
		if (below + 1 < h->len && h->entry[below + 1].at_ns < h->entry[below].at_ns)
			below++;
		if (e.at_ns <= h->entry[below].at_ns)
			break;
		place(h, i, h->entry[below]);
		i = below;
	}
	place(h, i, e);
}

static void settle(struct due_heap *h, size_t i, struct due_entry e)
{
	if (i > 0 && e.at_ns < h->entry[(i - 1) / 2].at_ns)
		sift_up(h, i, e);
	else
		sift_down(h, i, e);
}

static void grow(struct due_heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : 64;
	struct due_entry *entry = realloc(h->entry, cap * sizeof *entry);
	if (!entry) {
		fprintf(stderr, "out of memory (%zu deadlines)\n", cap);
		abort();
	}
	h->entry = entry;
	h->cap = cap;
}

void due_set(struct due_heap *h, struct due *node, uint64_t at_ns)
{
	struct due_entry e = {at_ns, node};
	if (node->slot) {
		settle(h, node->slot - 1, e);
		return;
	}
	if (h->len == h->cap)
		grow(h);
	h->len++;
	sift_up(h, h->len - 1, e);
}

void due_unset(struct due_heap *h, struct due *node)
{
	if (!node->slot)
		return;
	size_t hole = node->slot - 1;
	node->slot = 0;
	h->len--;
	if (hole < h->len)
		settle(h, hole, h->entry[h->len]);
}

uint64_t due_next_ns(const struct due_heap *h)
{
	return h->len ? h->entry[0].at_ns : DUE_NEVER;
}

struct due *due_take(struct due_heap *h, uint64_t now_ns, uint64_t *out_at_ns)
{
	if (h->len == 0 || h->entry[0].at_ns > now_ns)
		return NULL;
	struct due *node = h->entry[0].node;
	*out_at_ns = h->entry[0].at_ns;
	due_unset(h, node);
	return node;
}

void due_done(struct due_heap *h)
{
	free(h->entry);
	*h = (struct due_heap){0};
}
