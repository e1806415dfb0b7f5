#include "base/nearest.h"

#include "base/must.h"

#define LONGEST 64u	/* names longer than this are not compared: nobody mistypes them by hand */

void nearest_init(struct nearest *n, struct slice typed)
{
	*n = (struct nearest){ .typed = typed, .distance = SIZE_MAX };
}

/* Edit distance with a single row (Levenshtein). */
static size_t distance(struct slice a, struct slice b)
{
	size_t row[LONGEST + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j], swap = diagonal + (a.p[i - 1] != b.p[j - 1]);
			row[j] = MIN_OF(MIN_OF(above, row[j - 1]) + 1, swap);
			diagonal = above;
		}
	}
	return row[b.n];
}

void nearest_offer(struct nearest *n, struct slice valid)
{
	if (n->typed.n > LONGEST || valid.n > LONGEST || valid.n == 0)
		return;
	size_t d = distance(n->typed, valid);
	if (d < n->distance) {
		n->distance = d;
		n->best = valid;
	}
}

struct slice nearest_name(const struct nearest *n)
{
	size_t near = MAX_OF(n->typed.n / 3, (size_t)2);
	return n->distance <= near && n->distance < n->typed.n ? n->best : SLICE_EMPTY;
}
