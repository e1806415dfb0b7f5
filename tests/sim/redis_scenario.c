/* The shared store against a Redis that is slow, mute, wrong or broken, to the millisecond. */
#include "unit.h"

#include "base/counter.h"
#include "base/must.h"
#include "base/span.h"
#include "sim_redis.h"
#include "store/store.h"
#include "store/store_conf.h"

#define DEADLINE_MS 20u

static struct scene {
	struct loop *loop;
	struct sim_redis *redis, *other;
	struct store *store;
} scene;

struct op {
	struct store_op op;
	uint64_t done_ms;
	int done;
	char value[32];
};

static void run_for(uint64_t ms)
{
	uint64_t until = scene.loop->now_ns + ms * SPAN_NS_PER_MS;

	while (sim_world_turn(scene.loop, until))
		;
	scene.loop->now_ns = until;
}

static struct store *open_store(const char *url)
{
	const struct store_conf c = { .url = { slice_str(url) }, .prefix = SLICE("w"), .deadline = DEADLINE_MS,
		.connect = 2000, .value = 1 << 20, .queue = 1 << 20, .operations = 1000, .tails = 10 };
	char why[200] = "";
	struct store *s = store_open(scene.loop, &c, 7, why, sizeof(why));

	if (s == NULL)
		fail_msg("%s", why);
	return s;
}

static int setup(void **state)
{
	counter_reset();
	scene.loop = loop_new();
	sim_world_seed(scene.loop, 1);
	scene.redis = sim_redis_new(scene.loop, "redis.test", 6379);
	scene.other = sim_redis_new(scene.loop, "other.test", 6380);
	scene.store = open_store("redis://redis.test");
	run_for(1000);
	return 0;
}

static int teardown(void **state)
{
	store_close(&scene.store);
	run_for(1000);
	sim_redis_free(&scene.redis);
	sim_redis_free(&scene.other);
	run_for(1000);
	assert_int_equal(counter_values[COUNTER_store_open], 0);
	assert_int_equal(counter_values[COUNTER_store_near], 0);
	loop_free(&scene.loop);
	return 0;
}

static void on_done(struct store_op *o)
{
	struct op *op = CONTAINER(o, struct op, op);

	op->done++;
	op->done_ms = sim_world_ms(scene.loop);
	slice_copy(o->value, op->value, sizeof(op->value));
}

/* Until its answer; how many ms that took. */
static uint64_t wait_for(struct op *op)
{
	uint64_t began = sim_world_ms(scene.loop);

	for (int i = 0; i < 1000 && !op->done; i++)
		run_for(1);
	assert_int_equal(op->done, 1);
	return op->done_ms - began;
}

static uint64_t get(struct op *op, const char *key)
{
	*op = (struct op){ .op = { .on_done = on_done } };
	store_get(scene.store, &op->op, slice_str(key));
	return wait_for(op);
}

static void put(const char *key, const char *value)
{
	struct op op = { .op = { .on_done = on_done } };

	store_put(scene.store, &op.op, slice_str(key), slice_str(value), 60000, STORE_ALWAYS);
	wait_for(&op);
	assert_int_equal(op.op.result, STORE_OK);
}

static void found(const char *key, const char *value)
{
	struct op op;

	get(&op, key);
	assert_int_equal(op.op.result, STORE_OK);
	assert_string_equal(op.value, value);
}

static void it_works(void **state)
{
	assert_true(store_is_near(scene.store) && store_is_shared(scene.store));
	put("a", "one");
	found("a", "one");
}

/* Bytes one by one are the same. */
static void replies_in_pieces(void **state)
{
	scene.loop->split = SIM_BYTES;
	put("a", "one");
	found("a", "one");
}

static void a_deadline_is_kept(void **state)
{
	struct op op;

	put("a", "one");
	scene.redis->delay_ms = 60;
	uint64_t took = get(&op, "a");
	assert_int_equal(op.op.result, STORE_AWAY);
	assert_in_range(took, DEADLINE_MS, DEADLINE_MS + 1);
	/* The late reply is thrown away in its order, the connection stays. */
	run_for(200);
	scene.redis->delay_ms = 0;
	put("b", "two");
	found("b", "two");
	assert_int_equal(counter_values[COUNTER_store_lost], 0);
}

/* Five deadlines, then nothing more to pay; the PINGs come after 1, 2, 4 s, and the first that is answered in time ends
 * it.  A server that answers others late keeps its connection. */
static void the_breaker(void **state)
{
	struct op op;

	scene.redis->delay_ms = 60;
	for (int i = 0; i < 5; i++)
		assert_in_range(get(&op, "a"), DEADLINE_MS, DEADLINE_MS + 1);
	assert_false(store_is_near(scene.store));
	assert_int_equal(counter_values[COUNTER_store_breaker_opened], 1);
	uint64_t paid = 0;
	for (int i = 0; i < 100; i++) {
		paid += get(&op, "a");
		assert_int_equal(op.op.result, STORE_AWAY);
		run_for(50);
	}
	assert_in_range(paid, 0, 100);			/* a tick each at most */
	scene.redis->delay_ms = 0;
	run_for(8000);
	assert_true(store_is_near(scene.store));
	put("a", "one");
	assert_int_equal(counter_values[COUNTER_store_lost], 0);
}

/* Nothing at all comes back: the connection is given up and made anew. */
static void a_mute_server(void **state)
{
	struct op op;

	scene.redis->mute = true;
	for (int i = 0; i < 5; i++)
		get(&op, "a");
	run_for(2500);
	assert_int_equal(counter_values[COUNTER_store_lost], 1);
	scene.redis->mute = false;
	run_for(10000);
	assert_true(store_is_near(scene.store));
	put("a", "one");
}

/* Wherever in the replies the connection dies: each operation has one answer, and it comes again. */
static void death_after_every_byte(void **state)
{
	for (uint64_t after = 45; after < 90; after++) {
		struct op op[3];
		scene.redis->die_after = after;
		sim_redis_hang_up(scene.redis);
		run_for(3000);
		for (int i = 0; i < 3; i++) {
			op[i] = (struct op){ .op = { .on_done = on_done } };
			store_put(scene.store, &op[i].op, SLICE("k"), SLICE("v"), 1000, STORE_ALWAYS);
		}
		run_for(100);
		for (int i = 0; i < 3; i++)
			assert_int_equal(op[i].done, 1);
		scene.redis->die_after = 0;
		sim_redis_hang_up(scene.redis);
		run_for(10000);
		put("a", "one");
	}
}

static const char *error_for_get;

static const char *answer_get(struct sim_redis *r, const struct slice *w, size_t n)
{
	return slice_eq(w[0], SLICE("GET")) ? error_for_get : NULL;
}

static void errors_fail_one_operation(void **state)
{
	static const char *const errors[] = { "-OOM command not allowed\r\n", "-LOADING Redis is loading\r\n",
		"-MISCONF errors writing to the AOF\r\n", "-WRONGTYPE Operation against a key\r\n", "-BUSY\r\n",
		"-MOVED nonsense\r\n", "-MOVED 1\r\n", "-ASK 99999 h:1\r\n", "-\r\n", ":7\r\n",
		"*1\r\n:1\r\n", "+OK\r\n" };
	struct op op;

	scene.redis->answer = answer_get;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		error_for_get = errors[i];
		assert_in_range(get(&op, "a"), 0, 2);
		assert_int_equal(op.op.result, STORE_AWAY);
		put("b", "two");
	}
	assert_int_equal(counter_values[COUNTER_store_lost], 0);
}

static void readonly_dials_again(void **state)
{
	struct op op;

	scene.redis->answer = answer_get;
	error_for_get = "-READONLY You can't write against a read only replica.\r\n";
	get(&op, "a");
	scene.redis->answer = NULL;
	run_for(1000);
	assert_int_equal(counter_values[COUNTER_store_lost], 1);
	put("a", "one");
}

static void no_reply_at_all(void **state)
{
	static const char *const junk[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "$99999999999\r\n", "*-7\r\n",
		"+a\r\n+b\r\n" };
	struct op op;

	for (size_t i = 0; i < COUNT_OF(junk); i++) {
		scene.redis->answer = answer_get;
		error_for_get = junk[i];
		get(&op, "a");
		assert_int_equal(op.op.result, STORE_AWAY);
		scene.redis->answer = NULL;
		run_for(1000);
		assert_int_equal(counter_values[COUNTER_store_lost], i + 1);
		put("a", "one");
	}
}

static void moved_and_ask(void **state)
{
	struct op op;

	scene.redis->answer = answer_get;
	error_for_get = "-MOVED 1 other.test:6380\r\n";
	get(&op, "a");				/* not connected there yet */
	run_for(500);
	get(&op, "a");
	assert_int_equal(op.op.result, STORE_NONE);
	assert_true(scene.other->n_commands >= 2);
	error_for_get = "-ASK 1 other.test:6380\r\n";
	get(&op, "zz");
	assert_int_equal(op.op.result, STORE_NONE);
}

/* Each sends to the other, for ever: three times is enough. */
static void moved_in_a_circle(void **state)
{
	struct op op;

	scene.redis->answer = scene.other->answer = answer_get;
	error_for_get = "-MOVED 1 other.test:6380\r\n";
	get(&op, "a");
	run_for(500);
	size_t before = scene.redis->n_commands + scene.other->n_commands;
	get(&op, "a");
	assert_int_equal(op.op.result, STORE_AWAY);
	assert_in_range(scene.redis->n_commands + scene.other->n_commands - before, 1, 8);
}

static void on_never(struct store_op *op)
{
	fail_msg("a cancelled operation was answered");
}

static void cancelled_at_every_step(void **state)
{
	scene.redis->delay_ms = 5;
	for (uint64_t ms = 0; ms < 30; ms++) {
		struct store_op *op = calloc(1, sizeof(*op));
		must(op);
		op->on_done = ms < 5 ? on_never : NULL;
		store_get(scene.store, op, SLICE("a"));
		run_for(ms);
		store_cancel(op);
		free(op);			/* valgrind and ASan see who still uses it */
	}
	run_for(100);
}

/* ---- logs ---- */

struct tail {
	struct store_tail t;
	int entries, gaps;
	char heard[512];
};

static void on_entry(struct store_tail *t, struct slice value)
{
	struct tail *x = CONTAINER(t, struct tail, t);
	size_t n = strlen(x->heard);

	x->entries++;
	snprintf(x->heard + n, sizeof(x->heard) - n, "%.*s ", SLICE_ARG(value));
}

static void on_gap(struct store_tail *t)
{
	struct tail *x = CONTAINER(t, struct tail, t);

	x->gaps++;
	x->heard[0] = '\0';
}

static void append(int i)
{
	char value[16];

	snprintf(value, sizeof(value), "%d", i);
	store_append(scene.store, NULL, SLICE("log"), slice_str(value), 16, 0);
}

static void a_log_over_lost_connections(void **state)
{
	struct tail x = { .t = { .on_entry = on_entry, .on_gap = on_gap } };

	store_follow(scene.store, &x.t, SLICE("log"), true);
	for (int i = 0; i < 10; i++) {
		append(i);
		run_for(2 + i % 3 * 7);		/* it has left */
		if (i % 2)
			sim_redis_hang_up(scene.redis);
		run_for(3000);
	}
	run_for(10000);
	assert_string_equal(x.heard, "0 1 2 3 4 5 6 7 8 9 ");
	assert_int_equal(x.gaps, 0);
	store_unfollow(&x.t);
}

static void a_gap_is_told(void **state)
{
	struct tail x = { .t = { .on_entry = on_entry, .on_gap = on_gap } };

	append(0);
	store_follow(scene.store, &x.t, SLICE("log"), true);
	run_for(100);
	assert_string_equal(x.heard, "0 ");
	for (int i = 1; i <= 20; i++)		/* 16 are kept, and all come in one turn */
		append(i);
	run_for(1000);
	assert_int_equal(x.gaps, 1);
	assert_string_equal(x.heard, "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
	sim_redis_wipe(scene.redis);
	append(99);
	run_for(1000);
	assert_int_equal(x.gaps, 2);
	assert_string_equal(x.heard, "99 ");
	store_unfollow(&x.t);
}

/* A read that blocks is ended for somebody new: at once, not after its five seconds. */
static void followed_at_once(void **state)
{
	struct tail x = { .t = { .on_entry = on_entry } }, y = { .t = { .on_entry = on_entry } };

	store_follow(scene.store, &x.t, SLICE("quiet"), true);
	run_for(500);
	append(1);
	store_follow(scene.store, &y.t, SLICE("log"), true);
	run_for(100);
	assert_string_equal(y.heard, "1 ");
	store_unfollow(&x.t);
	store_unfollow(&y.t);
}

struct counting {
	struct store_tail t;
	struct loop *loop;
	int next, most, now, leave_at;	/* most: entries at one time of the loop */
	uint64_t at_ns;
};

static void on_counted(struct store_tail *t, struct slice value)
{
	struct counting *x = CONTAINER(t, struct counting, t);
	uint64_t n;

	x->now = loop_now(x->loop) == x->at_ns ? x->now + 1 : 1;
	x->at_ns = loop_now(x->loop);
	x->most = MAX_OF(x->most, x->now);
	assert_true(slice_u64(value, &n));
	assert_int_equal(n, x->next++);
	if (x->next == x->leave_at)
		store_unfollow(&x->t);
	assert_true(slice_u64(value, &n));	/* borrowed until we return */
}

/* A long log comes in portions, between which others have their turn: in order, once, also when the connection is lost
 * in the middle, and no more when its follower has left. */
static void a_long_log_in_portions(void **state)
{
	enum { ENTRIES = 300 };

	for (int i = 0; i < ENTRIES; i++) {
		char value[16];
		snprintf(value, sizeof(value), "%d", i);
		store_append(scene.store, NULL, SLICE("long"), slice_str(value), 1000, 0);
		run_for(1);
	}
	for (int lost_ms = 0; lost_ms < 40; lost_ms += 3) {
		struct counting x = { .t = { .on_entry = on_counted }, .loop = scene.loop };
		struct counting y = { .t = { .on_entry = on_counted }, .loop = scene.loop, .leave_at = 40 };
		store_follow(scene.store, &x.t, SLICE("long"), true);
		store_follow(scene.store, &y.t, SLICE("long"), true);
		run_for((uint64_t)lost_ms);
		if (lost_ms)
			sim_redis_hang_up(scene.redis);
		run_for(10000);
		assert_int_equal(x.next, ENTRIES);
		assert_int_equal(y.next, 40);
		assert_true(x.most <= 16);
		store_unfollow(&x.t);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_works),
		CASE(replies_in_pieces),
		CASE(a_deadline_is_kept),
		CASE(the_breaker),
		CASE(a_mute_server),
		CASE(death_after_every_byte),
		CASE(errors_fail_one_operation),
		CASE(readonly_dials_again),
		CASE(no_reply_at_all),
		CASE(moved_and_ask),
		CASE(moved_in_a_circle),
		CASE(cancelled_at_every_step),
		CASE(a_log_over_lost_connections),
		CASE(a_gap_is_told),
		CASE(followed_at_once),
		CASE(a_long_log_in_portions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
