/* A full cache is freed piece by piece, between turns in which others run. */
#include "unit/loop/rig.h"

#include "cache/semantic.h"
#include "cache/embedders.h"
#include "cache/sweep.h"

enum { ENTRIES = 3000 };

static struct scene {
	struct rig rig;
	struct dice dice;
	struct exact exact;
	struct semantic semantic;
	struct sweep sweep;
	struct alarm tick;
	const struct embedder *embedder;
	size_t most, ticks;		/* most: what went between two ticks, at most */
	size_t before;
} scene;

static void ignore(void *arg, struct stream *s)
{
}

static size_t left(void)
{
	size_t n = scene.semantic.set.entries.n;

	for (struct list *e = scene.exact.shelf.dead.next; e != &scene.exact.shelf.dead; e = e->next)
		n++;
	return n + scene.exact.shelf.entries.n;
}

/* Each millisecond: others have their turn. */
static void on_tick(struct alarm *a)
{
	const size_t now = left();

	scene.ticks++;
	scene.most = MAX_OF(scene.most, scene.before - now);
	scene.before = now;
	if (now > 0 || alarm_is_set(&scene.sweep.again))
		alarm_set(a, 0);
	else
		loop_stop(a->loop);
}

static void keep_some(void)
{
	const struct exact_answer a = { .dialect = 'c', .target = SLICE("p/m"), .tape = SLICE("tape") };
	const struct embed_vec vec = { .v = { 1, 2, 3 }, .scale = 0.01f };

	for (uint64_t i = 1; i <= ENTRIES; i++) {
		struct digest d = { { 0 } };
		uint64_t id = i;
		memcpy(d.bytes, &id, sizeof(id));
		assert_true(exact_put(&scene.exact, &d, &a, 60000, (struct exact_now){ 1, 1 }));
		const struct partition_new n = { .id = i, .text = SLICE("a text"), .vec = &vec, .rows = 4096 };
		d = (struct digest){ { (uint8_t)(i % 3) } };
		assert_true(partition_put(&scene.semantic.set, &d, &n));
	}
}

static void setup(void)
{
	const char *why;

	scene = (struct scene){ .ticks = 0 };
	rig_init(&scene.rig);
	rig_listen(&scene.rig, "127.0.0.1:0", NULL, ignore, NULL);	/* keeps the loop going */
	dice_init(&scene.dice, 1);
	exact_init(&scene.exact, 64 << 20, &scene.dice);
	scene.embedder = embedders_open("", &why);
	const struct semantic_opts o = { .embedder = scene.embedder, .index_max = 64 << 20, .body_max = 1 << 20 };
	semantic_init(&scene.semantic, &o);
	sweep_init(&scene.sweep, scene.rig.loop, &scene.exact, &scene.semantic);
	alarm_init(&scene.tick, scene.rig.loop, on_tick);
}

static void finish(void)
{
	sweep_done(&scene.sweep);
	semantic_done(&scene.semantic);
	exact_done(&scene.exact);
	embedders_close(&scene.embedder);
	rig_done(&scene.rig);
}

static void run_until_swept(void)
{
	scene.before = left();
	sweep_wake(&scene.sweep);
	sweep_wake(&scene.sweep);
	alarm_set(&scene.tick, 0);
	rig_run(&scene.rig);
}

static void test_a_purge(void **state)
{
	setup();
	sweep_wake(&scene.sweep);
	assert_false(alarm_is_set(&scene.sweep.again));	/* nothing to do */
	keep_some();
	exact_purge(&scene.exact);
	semantic_purge(&scene.semantic);
	assert_int_equal(left(), 2 * ENTRIES);
	run_until_swept();
	assert_int_equal(left(), 0);
	assert_true(scene.ticks >= 10 && scene.most <= 600);
	assert_false(alarm_is_set(&scene.sweep.again));
	finish();
}

static void test_a_lower_limit(void **state)
{
	setup();
	keep_some();
	shelf_limit(&scene.exact.shelf, 0);
	semantic_purge(&scene.semantic);
	run_until_swept();
	assert_int_equal(left(), 0);
	finish();
}

/* It may end with work undone. */
static void test_the_end(void **state)
{
	setup();
	keep_some();
	exact_purge(&scene.exact);
	semantic_purge(&scene.semantic);
	sweep_wake(&scene.sweep);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_purge),
		cmocka_unit_test(test_a_lower_limit),
		cmocka_unit_test(test_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
