/* The turn: order, ceilings, the clock, and that nothing of the loop's own keeps it running. */
#include "rig.h"

#include "base/span.h"
#include "loop/loop_priv.h"

static char story[64];

static void tell(char c)
{
	size_t n = strlen(story);
	assert_true(n + 1 < sizeof(story));
	story[n] = c;
	story[n + 1] = 0;
}

struct actor {
	struct task task;
	struct grave grave;
	struct loop *loop;
	struct actor *other;
	char name;
	int left;
};

static void on_dig(struct grave *g)
{
	tell('G');
}

static void go_and_post(struct task *t)
{
	struct actor *a = CONTAINER(t, struct actor, task);
	tell(a->name);
	loop_bury(a->loop, &a->grave, on_dig);
	if (a->other)
		loop_post(a->loop, &a->other->task);
}

/* Tasks, then those they posted, and only then the graves; a task posted twice runs once. */
static void test_order(void **state)
{
	struct rig r;
	rig_init(&r);
	struct actor c = { .task.go = go_and_post, .loop = r.loop, .name = 'c' };
	struct actor b = { .task.go = go_and_post, .loop = r.loop, .name = 'b' };
	struct actor a = { .task.go = go_and_post, .loop = r.loop, .name = 'a', .other = &c };

	story[0] = 0;
	loop_post(r.loop, &a.task);
	loop_post(r.loop, &b.task);
	loop_post(r.loop, &a.task);
	assert_string_equal(story, "");
	rig_run(&r);
	assert_string_equal(story, "abcGGG");
	rig_done(&r);
}

struct writer {
	struct actor actor;
	struct end *end;
	uint64_t before;
};

static void on_dig_after_flush(struct grave *g)
{
	struct writer *w = CONTAINER(g, struct writer, actor.grave);
	tell('G');
	assert_int_equal(w->actor.loop->sends, w->before + 1);	/* the flush came before */
	loop_stop(w->actor.loop);
}

static void go_write(struct task *t)
{
	struct writer *w = CONTAINER(t, struct writer, actor.task);
	tell('w');
	loop_bury(w->actor.loop, &w->actor.grave, on_dig_after_flush);
	stream_write(w->end->s, SLICE("out"));
	assert_int_equal(w->actor.loop->sends, w->before);	/* not while tasks run */
	loop_post(w->actor.loop, &w->actor.other->task);
}

static bool on_opened(struct end *e)
{
	return e->opens > 0;
}

/* Tasks, all of them; then the output of streams; then the graves. */
static void test_flush_order(void **state)
{
	struct rig r;
	struct end srv, cli;
	rig_init(&r);
	end_init(&srv, &r, NULL);
	end_init(&cli, &r, on_opened);
	rig_listen(&r, "127.0.0.1:0", NULL, rig_on_accept, &srv);
	end_open(&cli, r.host, r.port, NULL, NULL, 5000);
	rig_run(&r);
	struct actor last = { .task.go = go_and_post, .loop = r.loop, .name = 'l' };
	struct writer w = { .actor = { .task.go = go_write, .loop = r.loop, .other = &last }, .end = &cli,
		.before = r.loop->sends };
	story[0] = 0;
	loop_post(r.loop, &w.actor.task);
	rig_run(&r);
	assert_string_equal(story, "wlGG");
	end_done(&cli);
	end_done(&srv);
	rig_done(&r);
}

#define MANY (LOOP_DIRTY + 3)

static struct {
	struct task write, look;
	struct grave grave;
	struct end ends[MANY];
	struct stream *peers[MANY];
	struct loop *loop;
	uint64_t before;
	size_t opened, accepted, writes;
} many;

static bool all_opened(struct end *e)
{
	return ++many.opened == 2 * MANY;
}

static void accept_many(void *arg, struct stream *s)
{
	many.peers[many.accepted++] = s;
	if (++many.opened == 2 * MANY)
		loop_stop(many.loop);
}

static void on_dig_many(struct grave *g)
{
	assert_int_equal(many.loop->sends, many.before + MANY - 1);	/* each once */
	loop_stop(many.loop);
}

static void go_write_many(struct task *t)
{
	for (size_t i = 0; i < MANY; i++)
		stream_write(many.ends[i].s, SLICE("out"));
	assert_int_equal(many.loop->sends, many.before);		/* not within a task */
	stream_abort(&many.ends[0].s, false);
	loop_post(many.loop, &many.look);
	loop_bury(many.loop, &many.grave, on_dig_many);
}

static void go_look_at_many(struct task *t)
{
	assert_int_equal(many.loop->sends, many.before + 2);
	for (size_t i = 1; i < MANY; i++)
		assert_int_equal(stream_queued(many.ends[i].s), i < 3 ? 0 : 3);
}

static void open_many(struct rig *r)
{
	rig_init(r);
	rig_listen(r, "127.0.0.1:0", NULL, accept_many, NULL);
	many.opened = many.accepted = 0;
	many.loop = r->loop;
	for (size_t i = 0; i < MANY; i++) {
		end_init(&many.ends[i], r, all_opened);
		end_open(&many.ends[i], r->host, r->port, NULL, NULL, 5000);
	}
	rig_run(r);
	many.before = r->loop->sends;
}

static void done_many(struct rig *r)
{
	assert_int_equal(r->loop->dirty_n, 0);
	for (size_t i = 0; i < MANY; i++) {
		end_done(&many.ends[i]);
		stream_abort(&many.peers[i], false);
	}
	rig_done(r);
}

/* Of many streams with output the first are written between tasks; one that has died does not count. */
static void test_many_flush_early(void **state)
{
	struct rig r;

	open_many(&r);
	many.write.go = go_write_many;
	many.look.go = go_look_at_many;
	loop_post(r.loop, &many.write);
	rig_run(&r);
	done_many(&r);
}

#define WRITES 200

static void on_dig_written(struct grave *g)
{
	loop_stop(many.loop);
}

static void go_write_more(struct task *t)
{
	for (size_t i = 0; i < MANY; i++)
		stream_write(many.ends[i].s, SLICE("more"));
	if (++many.writes < WRITES)
		loop_post(many.loop, t);
	else
		loop_bury(many.loop, &many.grave, on_dig_written);
}

/* Each once, and once more at the end of the turn: readers who take everything at once do not keep it from ending. */
static void test_an_early_flush_comes_once_a_turn(void **state)
{
	struct rig r;

	open_many(&r);
	many.writes = 0;
	many.write.go = go_write_more;
	loop_post(r.loop, &many.write);
	rig_run(&r);
	assert_int_equal(many.loop->sends, many.before + 2 * MANY);
	done_many(&r);
}

static void test_unpost(void **state)
{
	struct rig r;
	rig_init(&r);
	struct actor a = { .task.go = go_and_post, .loop = r.loop, .name = 'a' };

	story[0] = 0;
	loop_unpost(r.loop, &a.task);
	loop_post(r.loop, &a.task);
	loop_unpost(r.loop, &a.task);
	rig_run(&r);
	assert_string_equal(story, "");
	loop_post(r.loop, &a.task);
	rig_run(&r);
	assert_string_equal(story, "aG");
	rig_done(&r);
}

static void go_for_ever(struct task *t)
{
	struct actor *a = CONTAINER(t, struct actor, task);
	a->left++;
	loop_post(a->loop, &a->task);
}

static void on_fire_stop(struct alarm *a)
{
	loop_stop(a->loop);
}

/* A task that posts itself for ever starves neither alarms nor the process. */
static void test_ceiling(void **state)
{
	struct rig r;
	rig_init(&r);
	struct actor a = { .task.go = go_for_ever, .loop = r.loop };
	struct alarm stop;

	alarm_init(&stop, r.loop, on_fire_stop);
	alarm_set(&stop, 5);
	loop_post(r.loop, &a.task);
	rig_run(&r);
	assert_true(a.left >= 10000);
	assert_false(alarm_is_set(&stop));
	loop_unpost(r.loop, &a.task);
	rig_done(&r);
}

static uint64_t fired_ns[3];
static int fired_n;

static void on_fire_note(struct alarm *a)
{
	fired_ns[fired_n++] = loop_now(a->loop);
	if (fired_n == 3)
		loop_stop(a->loop);
}

static void nobody(void *arg, struct stream *s)
{
	fail_msg("nobody connects here");
}

/* Never early, in order, and an earlier alarm set later wakes the loop earlier. */
static void test_alarms(void **state)
{
	struct rig r;
	struct alarm a[3];
	uint64_t ms[3] = { 30, 2, 12 };
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, nobody, NULL);	/* something open: the loop waits */

	fired_n = 0;
	uint64_t from = loop_now(r.loop);
	for (int i = 0; i < 3; i++) {
		alarm_init(&a[i], r.loop, on_fire_note);
		alarm_set(&a[i], ms[i]);
	}
	assert_int_equal(fired_n, 0);
	rig_run(&r);
	assert_int_equal(fired_n, 3);
	assert_true(fired_ns[0] - from >= 2 * SPAN_NS_PER_MS);
	assert_true(fired_ns[1] - from >= 12 * SPAN_NS_PER_MS);
	assert_true(fired_ns[2] - from >= 30 * SPAN_NS_PER_MS);
	assert_true(fired_ns[2] - from < 2000 * (uint64_t)SPAN_NS_PER_MS);
	rig_done(&r);
}

/* Half a millisecond before a tick, in a loop that never sleeps: still not early. */
static void test_never_early(void **state)
{
	for (int i = 0; i < 5; i++) {
		struct rig r;
		struct alarm a;
		rig_init(&r);
		struct actor spin = { .task.go = go_for_ever, .loop = r.loop };
		while (loop_clock(r.loop) % SPAN_NS_PER_MS < SPAN_NS_PER_MS / 2)
			;
		uint64_t from = loop_now(r.loop);
		fired_n = 2;
		alarm_init(&a, r.loop, on_fire_note);
		alarm_set(&a, 1);
		loop_post(r.loop, &spin.task);
		rig_run(&r);
		assert_int_equal(fired_n, 3);
		assert_true(fired_ns[2] - from >= SPAN_NS_PER_MS);
		loop_unpost(r.loop, &spin.task);
		rig_done(&r);
	}
}

static void test_alarm_moves_and_clears(void **state)
{
	struct rig r;
	struct alarm a, b, c;
	rig_init(&r);
	rig_listen(&r, "127.0.0.1:0", NULL, nobody, NULL);

	fired_n = 1;
	alarm_init(&a, r.loop, on_fire_note);
	alarm_init(&b, r.loop, on_fire_note);
	alarm_init(&c, r.loop, on_fire_note);
	alarm_set(&a, 1);
	alarm_set(&b, 1);
	alarm_set(&c, 1);
	alarm_clear(&b);
	alarm_clear(&b);
	alarm_set(&a, 10);		/* moved: fires once */
	assert_true(alarm_is_set(&a));
	rig_run(&r);
	assert_int_equal(fired_n, 3);
	assert_false(alarm_is_set(&a));
	rig_done(&r);
}

static uint64_t seen_ns[2];

static void go_look(struct task *t)
{
	struct actor *a = CONTAINER(t, struct actor, task);
	seen_ns[a->left] = loop_now(a->loop);
	while (loop_clock(a->loop) <= seen_ns[a->left])
		;
	assert_int_equal(loop_now(a->loop), seen_ns[a->left]);	/* one time a turn */
	if (a->left++ == 0)
		return;
	loop_stop(a->loop);
}

static void test_clock(void **state)
{
	struct rig r;
	rig_init(&r);
	struct actor a = { .task.go = go_look, .loop = r.loop };

	loop_post(r.loop, &a.task);
	rig_run(&r);
	loop_post(r.loop, &a.task);
	rig_run(&r);
	assert_true(seen_ns[1] > seen_ns[0]);
	assert_true(loop_wall_ms(r.loop) > UINT64_C(1700000000000));
	rig_done(&r);
}

static void test_nothing_open(void **state)
{
	struct rig r;
	struct alarm a;
	rig_init(&r);
	alarm_init(&a, r.loop, on_fire_stop);
	alarm_set(&a, 3600000);
	loop_run(r.loop);		/* returns: an alarm alone is no reason to wait */
	assert_true(alarm_is_set(&a));
	alarm_clear(&a);
	loop_stop(r.loop);
	loop_run(r.loop);		/* stopped before it ran */
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_flush_order),
		cmocka_unit_test(test_many_flush_early),
		cmocka_unit_test(test_an_early_flush_comes_once_a_turn),
		cmocka_unit_test(test_unpost),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_never_early),
		cmocka_unit_test(test_alarm_moves_and_clears),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_nothing_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
