/* Learns the rows of a grams model (grams.h) from pairs of questions that ask the same or not.  Starts from the
 * built-in pattern, weighed by how rare each shingle is in one's own questions (Sparck Jones 1972); then stochastic
 * gradient descent with Adagrad (Duchi, Hazan, Singer 2011), one rate a row, on the logistic loss of the pairs'
 * cosines; texts of other pairs serve as further ones that ask something else.  Equal input, equal model. */
#ifndef CACHE_TEACH_H
#define CACHE_TEACH_H

#include "base/slice.h"

#define TEACH_ROWS (1u << 17)
#define TEACH_DIM 128u

struct teach_pair {
	struct slice a, b;
	bool same;
};

struct teach;

/* About 70 MB until teach_free, which sets NULL and accepts NULL. */
struct teach *teach_new(void);
void teach_free(struct teach **t);
/* All texts first: how rare their shingles are. */
void teach_count(struct teach *t, struct slice text);
/* Then the rows begin, once. */
void teach_begin(struct teach *t);
/* Then any number of times: all pairs once, in an order of its own.  Returns the mean loss. */
double teach_epoch(struct teach *t, const struct teach_pair *pairs, size_t n);
/* The model as integers: gains[TEACH_ROWS], rows[TEACH_ROWS * TEACH_DIM]. */
void teach_export(const struct teach *t, uint16_t *gains, int8_t *rows);

#endif
