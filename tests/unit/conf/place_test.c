#include "unit.h"

#include "conf/place.h"

struct inner {
	int a, b;
};
struct outer {
	struct inner first;
	int c;
	struct inner items[3];
};

static struct arena arena;
static struct place_list list;
static struct outer o;

static void add(const void *at, size_t size, unsigned line)
{
	place_add(&list, &arena, (struct place){ at, size, line, 1, 0 });
}

static unsigned line_of(const void *at)
{
	const struct place *p = place_find(&list, at);
	return p ? p->line : 0;
}

static int set_up(void **state)
{
	arena_init(&arena, 0);
	list = (struct place_list){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

static void test_innermost_wins(void **state)
{
	add(&o.items[1].b, sizeof(int), 9);
	add(&o, sizeof(o), 1);
	add(&o.items[1], sizeof(struct inner), 8);
	add(&o.first, sizeof(struct inner), 2);
	add(&o.first.a, sizeof(int), 3);
	place_sort(&list);
	assert_int_equal(line_of(&o.first.a), 3);
	assert_int_equal(line_of(&o.first.b), 2);
	assert_int_equal(line_of(&o.c), 1);
	assert_int_equal(line_of(&o.items[0]), 1);
	assert_int_equal(line_of(&o.items[1]), 8);
	assert_int_equal(line_of(&o.items[1].a), 8);
	assert_int_equal(line_of(&o.items[1].b), 9);
	assert_int_equal(line_of(&o.items[2].b), 1);
	assert_int_equal(line_of(&o + 1), 0);
	assert_int_equal(line_of((const void *)((uintptr_t)&o - 1)), 0);
	assert_int_equal(line_of(NULL), 0);
}

static void test_exact(void **state)
{
	add(&o.first, sizeof(struct inner), 2);
	add(&o.items[0].a, sizeof(int), 3);
	place_sort(&list);
	assert_true(place_has(&list, &o.first, sizeof(o.first)));
	assert_false(place_has(&list, &o.first.a, sizeof(o.first.a)));
	assert_false(place_has(&list, &o.first.b, sizeof(o.first.b)));
	assert_true(place_has(&list, &o.items[0].a, sizeof(int)));
	assert_false(place_has(&list, &o.items[0], sizeof(struct inner)));
}

static void test_empty(void **state)
{
	assert_int_equal(line_of(&o), 0);
	place_sort(&list);
	assert_int_equal(line_of(&o), 0);
	assert_false(place_has(&list, &o, sizeof(o)));
}

static void test_many(void **state)
{
	static char bytes[5000];

	for (size_t i = sizeof(bytes); i-- > 0;)
		add(&bytes[i], 1, (unsigned)i + 1);
	place_sort(&list);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(line_of(&bytes[i]), i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_innermost_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
