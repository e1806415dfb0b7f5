#include "base/spare.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

/* A block that waits: its first bytes are the link. */
struct spare {
	struct spare *next;
};

void *spare_take(struct spares *s)
{
	struct spare *p = s->first;

	if (p) {
		s->first = p->next;
		s->n--;
		return p;
	}
	must(s->size >= sizeof(*p));
	p = malloc(s->size);
	must(p != NULL);
	return p;
}

void *spare_zeroed(struct spares *s)
{
	return memset(spare_take(s), 0, s->size);
}

void spare_give(struct spares *s, void *p)
{
	struct spare *block = p;

	if (s->n + 1 > SPARE_MAX) {
		free(p);
		return;
	}
	block->next = s->first;
	s->first = block;
	s->n++;
}
