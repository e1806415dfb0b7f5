#include "cache/sweep.h"

#include "cache/semantic.h"

/* Entries a piece: some 100 us, with memory that no cache of the CPU holds any more. */
#define PIECE 250u

static bool is_due(const struct sweep *s)
{
	return shelf_is_over(&s->exact->shelf) || shelf_is_over(&s->semantic->bodies.shelf)
		|| !list_empty(&s->semantic->set.dying);
}

static void on_again(struct alarm *a)
{
	struct sweep *s = LIST_ITEM(a, struct sweep, again);

	if (!shelf_sweep(&s->exact->shelf, PIECE) && !shelf_sweep(&s->semantic->bodies.shelf, PIECE))
		partition_sweep(&s->semantic->set, PIECE);
	sweep_wake(s);
}

void sweep_init(struct sweep *s, struct loop *l, struct exact *exact, struct semantic *semantic)
{
	*s = (struct sweep){ .exact = exact, .semantic = semantic };
	alarm_init(&s->again, l, on_again);
}

void sweep_done(struct sweep *s)
{
	alarm_clear(&s->again);
}

void sweep_wake(struct sweep *s)
{
	if (!alarm_is_set(&s->again) && is_due(s))
		alarm_set(&s->again, 0);
}
