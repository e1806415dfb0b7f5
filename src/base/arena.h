/* A bump allocator: many small pieces, one free.  Lifetimes: one exchange, one flight, one config.
 * Small requests never fail (out of memory aborts, as documented in style.md 11); a peer-sized one goes through
 * arena_try and can be refused by the arena's limit. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

#include "base/must.h"
#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* newest first */
	char *at, *end;			/* free part of the newest block */
	size_t used;			/* bytes taken from the system */
	size_t limit;			/* most bytes it may take; 0 is no limit */
};

void arena_init(struct arena *a, size_t limit);
/* Frees everything; the arena can be used again. */
void arena_done(struct arena *a);
/* Empties it, but keeps the newest block for the next use when that is at most `keep` bytes: for scratch arenas. */
void arena_reset(struct arena *a, size_t keep);
/* arena_done for secrets: every byte is overwritten first. */
void arena_wipe(struct arena *a);
/* Zeroed memory aligned to 16, valid until arena_done. */
void *arena_take(struct arena *a, size_t n);
/* The same, not zeroed; NULL when the limit would be passed. */
void *arena_try(struct arena *a, size_t n) MUST_CHECK;
/* Gives back what lies after `end` of the piece taken last: `end` points into it, or just behind it. */
void arena_trim(struct arena *a, void *end);
/* A copy with a closing NUL after it; of an empty text no memory is taken. */
struct slice arena_copy(struct arena *a, struct slice s);
/* printf into the arena; NUL-terminated. */
struct slice arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct slice arena_vprintf(struct arena *a, const char *fmt, va_list args);

#define ARENA_NEW(a, type) ((type *)arena_take((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_take((a), sizeof(type) * (n)))

#endif
