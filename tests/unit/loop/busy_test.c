/* What counts as a turn, as a step, and as a stall. */
#include "rig.h"

#include "base/counter.h"
#include "base/span.h"
#include "loop/loop_priv.h"

static struct {
	int n;
	struct loop_stall last;
} told;

static void on_stall(void *arg, const struct loop_stall *s)
{
	told.n++;
	told.last = *s;
}

static void fresh(void)
{
	told.n = 0;
	counter_reset();
}

static void go_nowhere(struct task *t)
{
}

static void test_steps_and_turns(void **state)
{
	static struct busy b;

	fresh();
	b.on_stall = on_stall;
	busy_begin(&b, 5000000);
	busy_step(&b, LOOP_STEP_READ, NULL, 5400000);
	busy_step(&b, LOOP_STEP_TASK, go_nowhere, 6400000);	/* a millisecond is none yet */
	assert_int_equal(told.n, 0);
	busy_step(&b, LOOP_STEP_TASK, go_nowhere, 7400001);
	busy_step(&b, LOOP_STEP_WRITE, NULL, 9500000);
	busy_end(&b);
	assert_int_equal(told.n, 2);
	assert_int_equal(counter_values[COUNTER_loop_stalls], 2);
	assert_int_equal(told.last.what, LOOP_STEP_WRITE);
	assert_int_equal(told.last.ns, 2099999);
	assert_int_equal(told.last.at, 0);
	assert_int_equal(b.seen.steps.count, 4);
	assert_int_equal(b.seen.turns.count, 1);
	assert_int_equal(b.seen.turns.sum_us, 4500);
	busy_begin(&b, 20000000);
	busy_end(&b);			/* nothing was done */
	assert_int_equal(b.seen.turns.count, 1);
}

static void test_sockets_count_together(void **state)
{
	static struct busy b;
	unsigned n = 0;

	for (unsigned i = 0; i < 2 * BUSY_RUN; i++)
		if (busy_touch(&b)) {
			n++;
			busy_step(&b, LOOP_STEP_READ, NULL, 1000);
		}
	assert_int_equal(n, 2);
	assert_int_equal(b.run, 0);
}

struct slow {
	struct task task;
	struct loop *loop;
	uint64_t ns;
	int left;
};

static void spend(struct loop *l, uint64_t ns)
{
	for (uint64_t until = loop_clock(l) + ns; loop_clock(l) < until;)
		;
}

static void go_slowly(struct task *t)
{
	struct slow *s = CONTAINER(t, struct slow, task);

	spend(s->loop, s->ns);
	if (s->left-- > 0)
		loop_post(s->loop, t);
	else
		loop_stop(s->loop);
}

/* What was before loop_run is no turn; the long task is told with its place in the program. */
static void test_of_a_loop(void **state)
{
	struct rig r;

	fresh();
	rig_init(&r);
	struct slow s = { .task.go = go_slowly, .loop = r.loop, .ns = 3 * SPAN_NS_PER_MS };
	loop_on_stall(r.loop, on_stall, NULL);
	loop_now(r.loop);
	spend(r.loop, 200 * SPAN_NS_PER_MS);
	loop_post(r.loop, &s.task);
	rig_run(&r);
	const struct loop_busy *b = loop_busy(r.loop);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last.what, LOOP_STEP_TASK);
	assert_true(told.last.ns >= 3 * SPAN_NS_PER_MS);
	assert_true(told.last.at > 0 && told.last.at < 64u << 20);
	assert_int_equal(b->turns.count, 1);
	assert_true(b->turns.sum_us >= 3000 && b->turns.sum_us < 200000);
	rig_done(&r);
}

/* Many short ones make a long turn and no stall. */
static void test_many_are_no_stall(void **state)
{
	struct rig r;

	fresh();
	rig_init(&r);
	struct slow s = { .task.go = go_slowly, .loop = r.loop, .ns = 20000, .left = 500 };
	loop_post(r.loop, &s.task);
	rig_run(&r);
	const struct loop_busy *b = loop_busy(r.loop);
	assert_int_equal(b->turns.count, 1);
	assert_true(b->turns.sum_us >= 10000);
	assert_true(b->steps.count >= 501);
	assert_true(histo_quantile_us(&b->steps, 0.5) < 1000);
	rig_done(&r);
}

static struct slow late;

static void on_late(struct alarm *a)
{
	spend(a->loop, late.ns);
	loop_stop(a->loop);
}

static void test_alarms(void **state)
{
	struct rig r;
	struct alarm a;

	fresh();
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, rig_on_accept, NULL);
	late.ns = 2 * SPAN_NS_PER_MS;
	loop_on_stall(r.loop, on_stall, NULL);
	alarm_init(&a, r.loop, on_late);
	alarm_set(&a, 30);
	rig_run(&r);
	assert_int_equal(told.last.what, LOOP_STEP_ALARM);
	assert_true(told.last.ns >= 2 * SPAN_NS_PER_MS);
	assert_true(told.last.ns < 30 * SPAN_NS_PER_MS);	/* its sleep is no work */
	rig_done(&r);
}

static void on_bytes(struct end *e, struct slice bytes)
{
	spend(e->rig->loop, 2 * SPAN_NS_PER_MS);
	late.ns = 0;
	loop_post(e->rig->loop, &late.task);
}

/* The turn begins with the socket, whoever else may ask for the time. */
static void test_reads(void **state)
{
	struct rig r;
	struct end here, there;

	fresh();
	rig_init(&r);
	late = (struct slow){ .task.go = go_slowly, .loop = r.loop };
	end_init(&there, &r, NULL);
	there.on_data = on_bytes;
	rig_listen(&r, "127.0.0.1:0", NULL, rig_on_accept, &there);
	end_init(&here, &r, NULL);
	end_open(&here, r.host, r.port, NULL, "", 0);
	stream_write(here.s, SLICE("now"));
	loop_on_stall(r.loop, on_stall, NULL);
	rig_run(&r);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.last.what, LOOP_STEP_READ);
	assert_true(told.last.ns >= 2 * SPAN_NS_PER_MS);
	end_done(&here);
	end_done(&there);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_and_turns),
		cmocka_unit_test(test_sockets_count_together),
		cmocka_unit_test(test_of_a_loop),
		cmocka_unit_test(test_many_are_no_stall),
		cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
