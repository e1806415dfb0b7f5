#include "base/nearest.h"

#include "base/must.h"

#define LONGEST 64u	/* names longer than this are not compared: nobody mistypes them by hand */

void nearest_init(struct nearest *n, struct slice typed)
{
	*n = (struct nearest){ .typed = typed, .distance = SIZE_MAX };
}

/* Edit distance where two neighbours in the wrong order are one mistake ("hodl" is nearer to "hold" than to "body"). */
static size_t distance(struct slice a, struct slice b)
{
	size_t rows[3][LONGEST + 1];

	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			row[j] = MIN_OF(MIN_OF(above[j], row[j - 1]) + 1, above[j - 1] + (a.p[i - 1] != b.p[j - 1]));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				row[j] = MIN_OF(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
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
