/* Bounds and odd numbers; the tolerances themselves are golden pages (stream-tools-*.md). */
#include "unit.h"

#include "rig.h"

static void feed_call(struct rig *r, const char *format, unsigned i)
{
	char call[256];

	snprintf(call, sizeof(call), format, i, i);
	struct slice data = arena_printf(&r->arena,
		"{\"choices\":[{\"delta\":{\"tool_calls\":[%s]}}]}", call);
	assert_int_equal(rig_feed(r, data.p), ERR_OK);
}

static size_t count(const struct rig *r, enum event_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += r->events[i].kind == kind;
	return n;
}

/* A thousand calls are read, more are passed on without meaning: the memory for them is bounded. */
static void test_many_calls(void **state)
{
	static struct rig r;

	rig_init(&r);
	for (unsigned i = 0; i < 1100; i++)
		feed_call(&r, "{\"id\":\"call_%u\",\"function\":{\"name\":\"f%u\"}}", i);
	assert_int_equal(count(&r, EVENT_TOOL_START), 1024);
	assert_int_equal(count(&r, EVENT_OTHER), 1100 - 1024);
	assert_int_equal(r.events[r.n - 1].choice, 0);	/* content all the same */
	rig_done(&r);
}

/* Each call gets its own part, each fragment goes to its call. */
static void test_parts(void **state)
{
	static struct rig r;

	rig_init(&r);
	for (unsigned i = 0; i < 100; i++)
		feed_call(&r, "{\"index\":%u,\"id\":\"call_%u\",\"function\":{\"name\":\"f\"}}", i);
	for (unsigned i = 100; i-- > 0; )
		feed_call(&r, "{\"index\":%u,\"function\":{\"arguments\":\"%u\"}}", i);
	assert_int_equal(count(&r, EVENT_TOOL_START), 100);
	assert_int_equal(count(&r, EVENT_TOOL_ARGS), 100);
	for (size_t i = 0; i < r.n; i++) {
		char want[16];
		snprintf(want, sizeof(want), "%u", r.events[i].part);
		if (r.events[i].kind == EVENT_TOOL_ARGS)
			assert_slice(r.events[i].text, want);
	}
	rig_done(&r);
}

/* Indexes that cannot be real are as if missing. */
static void test_odd_indexes(void **state)
{
	static struct rig r;

	rig_init(&r);
	feed_call(&r, "{\"index\":-1,\"id\":\"a%u\",\"function\":{\"name\":\"f\"}}", 0);
	feed_call(&r, "{\"index\":1e3,\"id\":\"b%u\",\"function\":{\"name\":\"f\"}}", 0);
	feed_call(&r, "{\"index\":9223372036854775807,\"id\":\"c%u\",\"function\":{\"name\":\"f\"}}", 0);
	feed_call(&r, "{\"index\":18446744073709551615,\"id\":\"d%u\",\"function\":{\"name\":\"f\"}}", 0);
	feed_call(&r, "{\"index\":65536,\"id\":\"e%u\",\"function\":{\"name\":\"f\"}}", 0);
	assert_int_equal(count(&r, EVENT_TOOL_START), 5);
	for (size_t i = 0, part = 0; i < r.n; i++)
		if (r.events[i].kind == EVENT_TOOL_START)
			assert_int_equal(r.events[i].part, part++);
	rig_done(&r);
}

/* One index in two choices is two calls, even without an id that tells. */
static void test_choices(void **state)
{
	static struct rig r;

	rig_init(&r);
	for (unsigned i = 0; i < 2; i++) {
		struct slice data = arena_printf(&r.arena, "{\"choices\":[{\"index\":%u,\"delta\":{\"tool_calls\":["
			"{\"index\":5,\"function\":{\"name\":\"f\"}}]}}]}", i);
		assert_int_equal(rig_feed(&r, data.p), ERR_OK);
	}
	assert_int_equal(count(&r, EVENT_TOOL_START), 2);
	for (size_t i = 0; i < r.n; i++)
		if (r.events[i].kind == EVENT_TOOL_START)
			assert_int_equal(r.events[i].part, 5);
	rig_done(&r);
}

/* The legacy call and the calls of another choice do not mix. */
static void test_kept_apart(void **state)
{
	static struct rig r;

	rig_init(&r);
	assert_int_equal(rig_feed(&r, "{\"choices\":["
		"{\"index\":0,\"delta\":{\"function_call\":{\"name\":\"old\"}}},"
		"{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"new\"}}]}}"
		"]}"), ERR_OK);
	assert_int_equal(rig_feed(&r, "{\"choices\":["
		"{\"index\":1,\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"1\"}}]}},"
		"{\"index\":0,\"delta\":{\"function_call\":{\"arguments\":\"0\"}}}"
		"]}"), ERR_OK);
	assert_int_equal(count(&r, EVENT_TOOL_START), 2);
	assert_int_equal(count(&r, EVENT_TOOL_ARGS), 2);
	for (size_t i = 0; i < r.n; i++)
		if (r.events[i].kind == EVENT_TOOL_ARGS)
			assert_slice(r.events[i].text, r.events[i].choice ? "1" : "0");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_calls),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_odd_indexes),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
