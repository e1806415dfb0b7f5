/* Blocks of one size that are used again.  For what every request takes and gives: malloc() keeps no quick list for
 * blocks above a KiB (glibc's tcache ends at 1,032 bytes), and the one given back last is still in the CPU's cache. */
#ifndef BASE_SPARE_H
#define BASE_SPARE_H

#include <stddef.h>

/* Kept at most: a busy turn's.  None where a sanitizer watches what is freed. */
#ifdef __SANITIZE_ADDRESS__
#define SPARE_MAX 0u
#else
#define SPARE_MAX 128u
#endif

struct spares {
	size_t size;		/* of each block */
	struct spare *first;
	size_t n;
};

/* Never NULL; its bytes are whatever they were. */
void *spare_take(struct spares *s);
/* The same, zeroed. */
void *spare_zeroed(struct spares *s);
/* `p` is from spare_take. */
void spare_give(struct spares *s, void *p);

#endif
