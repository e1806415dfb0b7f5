/* The nearest valid name for a mistyped one: errors for people name it. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/slice.h"

struct nearest {
	struct slice typed, best;
	size_t distance;
};

/* Offer each valid name in turn, then ask nearest_name(). */
void nearest_init(struct nearest *n, struct slice typed);
void nearest_offer(struct nearest *n, struct slice valid);
/* Empty when nothing is close enough to be a likely typing error (a third of its length, at least 2). */
struct slice nearest_name(const struct nearest *n);

#endif
