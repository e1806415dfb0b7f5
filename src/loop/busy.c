#include "loop/busy.h"

#include "base/counter.h"

/* Where the program begins (ld, gold and lld define it): functions are told apart by how far behind it they are, which
 * addr2line understands, wherever the system has put the program. */
extern const char __executable_start[];

void busy_begin(struct busy *b, uint64_t now_ns)
{
	b->turn_ns = b->step_ns = now_ns;
}

static void tell(struct busy *b, enum loop_step what, void (*go)(struct task *), uint64_t ns)
{
	const struct loop_stall s = { .what = what, .ns = ns,
		.at = go ? (uintptr_t)go - (uintptr_t)__executable_start : 0 };

	counter_add(COUNTER_loop_stalls, 1);
	if (b->on_stall)
		b->on_stall(b->arg, &s);
}

void busy_step(struct busy *b, enum loop_step what, void (*go)(struct task *), uint64_t now_ns)
{
	const uint64_t ns = now_ns - b->step_ns;

	b->run = 0;
	b->step_ns = now_ns;
	histo_add_ns(&b->seen.steps, ns);
	if (ns > BUSY_STALL_NS)
		tell(b, what, go, ns);
}

void busy_end(struct busy *b)
{
	if (b->step_ns != b->turn_ns)
		histo_add_ns(&b->seen.turns, b->step_ns - b->turn_ns);
}
