/* Blocks of 2 KiB at first, then doubling to 64 KiB: an ordinary exchange fits into the first block, so an idle
 * stream stays small (budget: 16 KiB a stream). */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/spare.h"

#define FIRST_BLOCK 2048u
#define LARGEST_BLOCK 65536u
#define ALIGN 16u

struct arena_block {
	struct arena_block *next;
	size_t size;
};

static struct spares spares = { .size = FIRST_BLOCK };	/* each request takes two or three */

static struct arena_block *new_block(size_t size)
{
	struct arena_block *b = size == FIRST_BLOCK ? spare_take(&spares) : malloc(size);

	must(b != NULL);
	return b;
}

static void give_back(struct arena_block *b)
{
	if (b->size == FIRST_BLOCK)
		spare_give(&spares, b);
	else
		free(b);
}

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;
		a->blocks = b->next;
		give_back(b);
	}
	arena_init(a, a->limit);
}

void arena_reset(struct arena *a, size_t keep)
{
	struct arena_block *b = a->blocks;

	if (b == NULL || b->size > keep) {
		arena_done(a);
		return;
	}
	a->blocks = b->next;
	size_t limit = a->limit;
	arena_done(a);
	b->next = NULL;
	*a = (struct arena){ .blocks = b, .at = (char *)(b + 1), .end = (char *)b + b->size,
		.used = b->size, .limit = limit };
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->blocks; b; b = b->next)
		explicit_bzero(b + 1, b->size - sizeof(*b));
	arena_done(a);
}

static size_t next_size(const struct arena *a, size_t need)
{
	size_t size = a->blocks ? MIN_OF(a->blocks->size * 2, LARGEST_BLOCK) : FIRST_BLOCK;
	return MAX_OF(size, need + sizeof(struct arena_block) + ALIGN);
}

static bool grow(struct arena *a, size_t need)
{
	size_t size = next_size(a, need);
	if (a->limit && a->used + size > a->limit)
		return false;
	struct arena_block *b = new_block(size);
	*b = (struct arena_block){ a->blocks, size };
	a->blocks = b;
	a->used += size;
	a->at = (char *)(b + 1);
	a->end = (char *)b + size;
	return true;
}

static void *bump(struct arena *a, size_t n)
{
	size_t pad = (ALIGN - (uintptr_t)a->at % ALIGN) % ALIGN;
	if (a->at == NULL || (size_t)(a->end - a->at) < n + pad)
		return NULL;
	void *p = a->at + pad;
	a->at += n + pad;
	return p;
}

void *arena_try(struct arena *a, size_t n)
{
	void *p = bump(a, n);
	if (p == NULL && grow(a, n))
		p = bump(a, n);
	return p;
}

/* Whatever the limit says. */
static void *take(struct arena *a, size_t n)
{
	size_t limit = a->limit;
	a->limit = 0;
	void *p = arena_try(a, n);
	a->limit = limit;
	must(p != NULL);
	return p;
}

void *arena_take(struct arena *a, size_t n)
{
	return memset(take(a, n), 0, n);
}

void arena_trim(struct arena *a, void *end)
{
	must(a->blocks && (char *)end >= (char *)(a->blocks + 1) && (char *)end <= a->at);
	a->at = end;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	if (s.n == 0)
		return SLICE("");	/* most texts of a request are absent */
	char *p = take(a, s.n + 1);
	memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return slice_of(p, s.n);
}

struct slice arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	must(n >= 0);
	char *p = take(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return slice_of(p, (size_t)n);
}

struct slice arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct slice s = arena_vprintf(a, fmt, args);
	va_end(args);
	return s;
}
