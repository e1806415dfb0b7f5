/* A slice is borrowed bytes: a pointer and a length, never owned, never NUL-terminated by contract. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE_EMPTY ((struct slice){ NULL, 0 })
/* Slice of a string literal. */
#define SLICE(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })
/* For printf("%.*s", SLICE_ARG(s)). */
#define SLICE_ARG(s) (int)(s).n, ((s).n ? (s).p : "")

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* The rest of `s` after its first `n` bytes; `n` past the end gives an empty slice. */
static inline struct slice slice_skip(struct slice s, size_t n)
{
	return n >= s.n ? SLICE_EMPTY : (struct slice){ s.p + n, s.n - n };
}

/* ASCII case-insensitive equality: HTTP field names and tokens (RFC 9110 section 5.1). */
bool slice_case_eq(struct slice a, struct slice b);
/* One byte or more, all of them ASCII letters, digits or among `others`. */
bool slice_is_token(struct slice s, const char *others);
/* Without leading and trailing space, tab, CR and LF. */
struct slice slice_trim(struct slice s);
/* Position of byte `c`, or s.n when there is none. */
size_t slice_find(struct slice s, char c);
/* Cuts the next `sep`-separated, trimmed piece off the front of *s.  False when nothing is left. */
bool slice_next(struct slice *s, char sep, struct slice *out_piece);
/* Decimal digits only, no sign, no spaces.  False on anything else or on overflow; *out untouched then. */
bool slice_u64(struct slice s, uint64_t *out);
/* Copies into `out` with a closing NUL, cutting at `cap` - 1 bytes.  Returns `out`. */
char *slice_copy(struct slice s, char *out, size_t cap);

#endif
