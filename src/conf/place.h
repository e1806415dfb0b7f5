/* Where each parsed field was written: from the field's address to a line and column.  Later checks ("this target names
 * no provider") can so point at the file long after the text has become structs. */
#ifndef CONF_PLACE_H
#define CONF_PLACE_H

#include "base/arena.h"

struct place {
	const void *at;		/* the field or struct */
	size_t size;
	unsigned line, column;
	unsigned order;		/* when it was added */
};

struct place_list {
	struct place *v;	/* in the arena */
	size_t n, cap;
	bool is_sorted;
};

void place_add(struct place_list *l, struct arena *a, struct place p);
/* After the last place_add, before the first look-up. */
void place_sort(struct place_list *l);
/* The smallest known thing that holds `at`, or NULL: a field that was not written has the place of its section. */
const struct place *place_find(const struct place_list *l, const void *at);
/* Was exactly this field, of this size, written? */
bool place_has(const struct place_list *l, const void *at, size_t size);

#endif
