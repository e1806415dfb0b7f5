/* The store of a process that is on its own: the same promises as with Redis. */
#include "unit.h"

#include "loop/loop.h"
#include "store/store.h"
#include "store/store_conf.h"

struct rig {
	struct loop *loop;
	struct store *store;
	struct store_op op;
	int done;
	char value[64];
};

static struct rig rig;

static void on_done(struct store_op *op)
{
	rig.done++;
	slice_copy(op->value, rig.value, sizeof(rig.value));
	loop_stop(rig.loop);
}

static int setup(void **state)
{
	const struct store_conf c = { .memory = 1 << 16 };
	char why[100];

	rig = (struct rig){ .loop = loop_new() };
	rig.store = store_open(rig.loop, &c, 7, why, sizeof(why));
	rig.op.on_done = on_done;
	return rig.store ? 0 : -1;
}

static int teardown(void **state)
{
	store_close(&rig.store);
	loop_free(&rig.loop);
	return 0;
}

/* Not inside the call, and once. */
static enum store_result wait(void)
{
	assert_int_equal(rig.done, 0);
	loop_run(rig.loop);
	assert_int_equal(rig.done, 1);
	rig.done = 0;
	return rig.op.result;
}

static enum store_result get(const char *key)
{
	store_get(rig.store, &rig.op, slice_str(key));
	return wait();
}

static enum store_result put(const char *key, const char *value, enum store_if cond)
{
	store_put(rig.store, &rig.op, slice_str(key), slice_str(value), 60000, cond);
	return wait();
}

static int64_t bump(const char *key, int64_t by, uint64_t ttl_ms)
{
	store_bump(rig.store, &rig.op, slice_str(key), by, ttl_ms);
	assert_int_equal(wait(), STORE_OK);
	return rig.op.number;
}

static void values(void **state)
{
	assert_int_equal(get("a"), STORE_NONE);
	assert_int_equal(put("a", "one", STORE_IF_ABSENT), STORE_OK);
	assert_int_equal(get("a"), STORE_OK);
	assert_string_equal(rig.value, "one");
	assert_int_equal(put("a", "two", STORE_IF_ABSENT), STORE_NONE);
	assert_int_equal(put("a", "three", STORE_ALWAYS), STORE_OK);
	assert_int_equal(get("a"), STORE_OK);
	assert_string_equal(rig.value, "three");
	store_drop(rig.store, &rig.op, SLICE("a"));
	assert_int_equal(wait(), STORE_OK);
	store_drop(rig.store, &rig.op, SLICE("a"));
	assert_int_equal(wait(), STORE_NONE);
}

static void leases(void **state)
{
	assert_int_equal(put("l", "me", STORE_IF_ABSENT), STORE_OK);
	store_drop_if(rig.store, &rig.op, SLICE("l"), SLICE("you"));
	assert_int_equal(wait(), STORE_NONE);
	store_renew_if(rig.store, &rig.op, SLICE("l"), SLICE("me"), 5);
	assert_int_equal(wait(), STORE_OK);
	store_drop_if(rig.store, &rig.op, SLICE("l"), SLICE("me"));
	assert_int_equal(wait(), STORE_OK);
	assert_int_equal(get("l"), STORE_NONE);
}

static void numbers(void **state)
{
	assert_int_equal(bump("n", 5, 0), 5);
	assert_int_equal(bump("n", -7, 0), -2);
	assert_int_equal(get("n"), STORE_OK);
	assert_string_equal(rig.value, "-2");
	assert_int_equal(bump("t", 1, 60000), 1);
	assert_int_equal(bump("t", 1, 60000), 2);
	assert_int_equal(put("w", "word", STORE_ALWAYS), STORE_OK);
	store_bump(rig.store, &rig.op, SLICE("w"), 1, 0);
	assert_int_equal(wait(), STORE_AWAY);
	assert_int_equal(bump("m", INT64_MAX, 0), INT64_MAX);
	store_bump(rig.store, &rig.op, SLICE("m"), 1, 0);
	assert_int_equal(wait(), STORE_AWAY);
}

/* An epoch must not fall back to 0 because values came in. */
static void numbers_outlive_values(void **state)
{
	char key[16], value[4000];

	assert_int_equal(bump("epoch", 3, 0), 3);
	memset(value, 'v', sizeof(value));
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_put(rig.store, NULL, slice_str(key), slice_of(value, sizeof(value)), 60000, STORE_ALWAYS);
	}
	assert_int_equal(get("k0"), STORE_NONE);
	assert_int_equal(bump("epoch", 1, 0), 4);
}

static void on_never(struct store_op *op)
{
	fail_msg("a cancelled operation was answered");
}

static void cancelled(void **state)
{
	struct store_op gone = { .on_done = on_never };

	store_cancel(&gone);			/* none in progress */
	store_get(rig.store, &gone, SLICE("a"));
	store_cancel(&gone);
	store_cancel(&gone);
	assert_int_equal(get("a"), STORE_NONE);
	store_get(rig.store, &gone, SLICE("a"));
	store_close(&rig.store);		/* ends without on_done */
	store_cancel(&gone);
}

static void alone(void **state)
{
	struct store_tail t = { 0 };
	struct store_ear e = { 0 };

	assert_false(store_is_shared(rig.store));
	assert_true(store_is_near(rig.store));
	store_follow(rig.store, &t, SLICE("log"), true);
	store_listen(rig.store, &e, SLICE("ch"));
	store_append(rig.store, NULL, SLICE("log"), SLICE("x"), 10, 0);
	store_tell(rig.store, SLICE("ch"), SLICE("w"));
	assert_int_equal(get("log"), STORE_NONE);
	store_near_get(rig.store, &rig.op, &(struct store_near_point){ .set = SLICE("s:{t}") }, 0);
	assert_int_equal(wait(), STORE_LACKS);
	store_unfollow(&t);
	store_unfollow(&t);
	store_close(&rig.store);
	store_unlisten(&e);
}

static void a_url_of_no_use(void **state)
{
	const struct store_conf c = { .url = { SLICE("redis://") } };
	char why[100] = "";

	assert_null(store_open(rig.loop, &c, 7, why, sizeof(why)));
	assert_string_equal(why, "redis.url wants a host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(leases, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_outlive_values, setup, teardown),
		cmocka_unit_test_setup_teardown(cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_url_of_no_use, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
