/*
 * A heap of deadlines: what must happen next, and when. The node lives inside the caller's struct; the
 * heap only borrows it, so a struct must leave the heap (due_unset) before it is freed.
 */
#ifndef BENCH_DUE_H
#define BENCH_DUE_H

#include <stddef.h>
#include <stdint.h>

#define DUE_NEVER UINT64_MAX

struct due {
	size_t slot;            /* 1 + index in the heap; 0: not in it */
};

struct due_entry {
	uint64_t at_ns;         /* copied here so that sifting touches one array only */
	struct due *node;
};

struct due_heap {
	struct due_entry *entry;        /* heap, owned */
	size_t len;
	size_t cap;
};

/* Sets or moves a node's deadline. */
void due_set(struct due_heap *h, struct due *node, uint64_t at_ns);

/* Takes a node out; nothing happens when it is not in. */
void due_unset(struct due_heap *h, struct due *node);

/* Earliest deadline, or DUE_NEVER. */
uint64_t due_next_ns(const struct due_heap *h);

/* Takes out and returns the earliest node when its deadline is <= now_ns, else NULL. */
struct due *due_take(struct due_heap *h, uint64_t now_ns, uint64_t *out_at_ns);

void due_done(struct due_heap *h);

#endif
