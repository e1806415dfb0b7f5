/* The first byte of an input picks a dialect; the rest is what the target makes of it. */
#ifndef TESTS_FUZZ_DIALECTS_H
#define TESTS_FUZZ_DIALECTS_H

#include "dialect/dialect.h"
#include "fuzz.h"

static inline size_t dialects_count(void)
{
	size_t n = 0;

	while (dialect_at(n))
		n++;
	return n;
}

/* NULL for an empty input.  *rest lies in the input. */
static inline const struct dialect *dialects_pick(const uint8_t *data, size_t n, struct slice *rest)
{
	if (n == 0)
		return NULL;
	*rest = slice_of(data + 1, n - 1);
	return dialect_at(data[0] % dialects_count());
}

/* One with answers of the same kind, chosen by `number`. */
static inline const struct dialect *dialects_partner(const struct dialect *d, uint32_t number)
{
	size_t n = dialects_count(), i = number % n;

	while (dialect_at(i)->op != d->op)
		i = (i + 1) % n;
	return dialect_at(i);
}

#endif
