#include "loop/wheel.h"

#include "base/must.h"

#define LAST_TICK ((UINT64_C(1) << (WHEEL_BITS * WHEEL_LEVELS)) - 1)

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	w->now_ms = now_ms;
	w->n = 0;
	list_init(&w->due);
	for (int level = 0; level < WHEEL_LEVELS; level++)
		w->used[level] = 0;
	for (size_t i = 0; i < COUNT_OF(w->slots); i++)
		list_init(&w->slots[i]);
}

static struct list *slot_of(struct wheel *w, int level, int slot)
{
	return &w->slots[level * WHEEL_SLOTS + slot];
}

/* Time never moves past a slot that holds something, so `due` is now or later and its level is the highest digit
 * that still differs. */
static void place(struct wheel *w, struct alarm *a)
{
	if (a->due_ms == w->now_ms) {
		list_push_back(&w->due, &a->node);
		return;
	}
	int level = (63 - __builtin_clzll(a->due_ms ^ w->now_ms)) / WHEEL_BITS;
	int slot = (int)((a->due_ms >> (level * WHEEL_BITS)) % WHEEL_SLOTS);
	list_push_back(slot_of(w, level, slot), &a->node);
	w->used[level] |= UINT64_C(1) << slot;
}

void wheel_add(struct wheel *w, struct alarm *a, uint64_t due_ms)
{
	must(!list_linked(&a->node));
	a->due_ms = MIN_OF(MAX_OF(due_ms, w->now_ms + 1), LAST_TICK);
	must(a->due_ms > w->now_ms);
	place(w, a);
	w->n++;
}

void wheel_remove(struct wheel *w, struct alarm *a)
{
	struct list *head = a->node.next;

	if (!list_linked(&a->node))
		return;
	/* The last node of a slot has the slot's head on both sides: its address says which bit to clear. */
	size_t at = ((uintptr_t)head - (uintptr_t)w->slots) / sizeof(w->slots[0]);
	if (head == a->node.prev && (uintptr_t)head >= (uintptr_t)w->slots && at < COUNT_OF(w->slots)) {
		w->used[at / WHEEL_SLOTS] &= ~(UINT64_C(1) << at % WHEEL_SLOTS);
	}
	list_remove(&a->node);
	w->n--;
}

/* Lowest level that holds something, or -1: all of it is earlier than anything above. */
static int lowest(const struct wheel *w)
{
	for (int level = 0; level < WHEEL_LEVELS; level++)
		if (w->used[level])
			return level;
	return -1;
}

uint64_t wheel_next_ms(const struct wheel *w)
{
	int level = lowest(w);

	if (level < 0)
		return UINT64_MAX;
	uint64_t slot = (uint64_t)__builtin_ctzll(w->used[level]);
	int below = level * WHEEL_BITS, above = below + WHEEL_BITS;
	return w->now_ms >> above << above | slot << below;
}

static void fire_due(struct wheel *w)
{
	struct list *node;

	while ((node = list_pop_front(&w->due)) != NULL) {
		struct alarm *a = LIST_ITEM(node, struct alarm, node);
		w->n--;
		a->on_fire(a);
	}
}

void wheel_advance(struct wheel *w, uint64_t now_ms)
{
	uint64_t next;

	while ((next = wheel_next_ms(w)) <= now_ms && next <= LAST_TICK) {
		int level = lowest(w), slot = __builtin_ctzll(w->used[level]);
		struct list down;

		list_init(&down);
		list_move_all(&down, slot_of(w, level, slot));
		w->used[level] &= w->used[level] - 1;
		must(next > w->now_ms);
		w->now_ms = next;
		for (struct list *node; (node = list_pop_front(&down)) != NULL; )
			place(w, LIST_ITEM(node, struct alarm, node));
		fire_due(w);
	}
	if (now_ms > w->now_ms)
		w->now_ms = now_ms;
}
