/* Integer arithmetic on rows of int8, for what the CPU can: chosen once at start.  Every set gives the same numbers:
 * integers do not round. */
#ifndef CACHE_LANES_H
#define CACHE_LANES_H

#include <stddef.h>
#include <stdint.h>

#define LANES_STEP 64u		/* rows are a multiple of this long */

struct lanes {
	const char *name;
	/* out[i] = sum of q[j] * rows[i][j], j < n.  Rows hold no -128: its negative is not an int8.  q and the rows
	 * lie on multiples of LANES_STEP. */
	void (*dots)(const int8_t *q, const int8_t *const *rows, uint32_t n, uint32_t count, int32_t *out);
	/* sums[j] += weight * row[j], j < n */
	void (*add)(int32_t *sums, const int8_t *row, int32_t weight, uint32_t n);
};

/* The fastest that this CPU runs. */
const struct lanes *lanes_best(void);
/* All that this CPU runs, plain C first; NULL behind the last.  For tests and measurements. */
const struct lanes *lanes_at(size_t i);

#endif
