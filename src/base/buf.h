/* A growable byte buffer that is born with a maximum (curl's DYNBUF idea).  Append at the end, consume at the front. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/must.h"
#include "base/slice.h"

struct buf {
	char *p;
	size_t start;	/* consumed bytes at the front */
	size_t n;	/* bytes up to the end of content, `start` included */
	size_t cap;
	size_t max;	/* most bytes of content */
};

void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer is empty and usable. */
void buf_done(struct buf *b);
/* Empties, keeps the memory. */
void buf_clear(struct buf *b);
static inline size_t buf_len(const struct buf *b)
{
	return b->n - b->start;
}
static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->p ? b->p + b->start : NULL, b->n - b->start);
}
/* False when the content would pass `max`; nothing is appended then. */
bool buf_put(struct buf *b, struct slice s) MUST_CHECK;
void buf_add_slow(struct buf *b, struct slice s);
/* The same for content whose size weir itself bounds: passing `max` is a must() failure.  Inline: log lines,
 * heads and frames are made of dozens of small pieces. */
static inline void buf_add(struct buf *b, struct slice s)
{
	if (s.n > b->cap - b->n || buf_len(b) + s.n > b->max) {
		buf_add_slow(b, s);
		return;
	}
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}
static inline void buf_add_char(struct buf *b, char c)
{
	buf_add(b, slice_of(&c, 1));
}
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_add_u64(struct buf *b, uint64_t v);
/* JSON string content (no quotes): escapes ", \, control bytes; U+FFFD for bytes that are not UTF-8. */
void buf_add_json(struct buf *b, struct slice s);
char *buf_room_slow(struct buf *b, size_t n) MUST_CHECK;
/* Room for `n` more bytes at the returned place, then buf_grew(b, n) says how many were written.  NULL: over max. */
MUST_CHECK static inline char *buf_room(struct buf *b, size_t n)
{
	bool is_there = b->p && n <= b->cap - b->n && buf_len(b) + n <= b->max;

	return is_there ? b->p + b->n : buf_room_slow(b, n);
}
static inline void buf_grew(struct buf *b, size_t n)
{
	must(n <= b->cap - b->n);
	b->n += n;
}
/* Drops `n` bytes at the front. */
void buf_eat(struct buf *b, size_t n);

#endif
