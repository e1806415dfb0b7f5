#include "unit.h"

#include "conf/diff.h"
#include "unit/conf/sample.h"

static void check(const char *before, const char *after, size_t n, const char *want)
{
	struct conf *a = sample_parse(before), *b = sample_parse(after);
	struct buf out;

	buf_init(&out, 1 << 16);
	assert_true(conf_ok(a) && conf_ok(b));
	assert_int_equal(diff_confs(a, b, &out), n);
	assert_slice(buf_slice(&out), want);
	buf_done(&out);
	conf_free(&a);
	conf_free(&b);
}

static void test_values(void **state)
{
	check("", "", 0, "");
	check("", "listen: \"0.0.0.0:8080\"", 0, "");
	check("", "listen: a:1", 1, "listen");
	check("", "workers: 3\nlisten: a:1\nbody: 64KiB\nhold: false\nname: x", 2, "listen, workers");
	check("clocks: {idle: 1s}", "clocks: {idle: 2s, connect: 9s}", 1, "clocks.idle");
	check("master: a", "master: b", 1, "master");
	check("master: ${KEY}", "master: file:/run/key", 0, "");
	check("tags: [a, b]", "tags: [a]", 1, "tags");
	check("tags: [a, b]", "tags: [a, c]", 1, "tags");
	check("tags: [a, b]", "tags: [a, b]", 0, "");
}

static void test_maps(void **state)
{
	/* providers may come and go, and change places; what is inside one is compared by name */
	check("providers: {a: , b: }", "providers: {b: , c: }", 0, "");
	check("providers: {a: {url: 'http://1'}, b: {url: 'http://2'}}",
		"providers: {b: {url: 'http://2'}, a: {url: 'http://1'}}", 0, "");
	check("providers: {a: {url: 'http://1'}, b: {url: 'http://2', weight: 2}}",
		"providers: {b: {url: 'http://3'}, a: {url: 'http://1'}}", 1, "providers.b.url");
	/* models may not */
	check("", "models: {m: {tiers: [{targets: [x/y]}]}}", 1, "models");
	check("models: {m: {tiers: [{targets: [x/y]}]}}", "models: {n: {tiers: [{targets: [x/y]}]}}", 1, "models");
	check("models: {m: {tiers: [{targets: [x/y]}]}}",
		"models: {m: {tiers: [{targets: [x/z, u/v]}, {targets: [r/s]}], clocks: {idle: 1s}}}", 1,
		"models.m.clocks.idle");
}

struct lane {
	int64_t speed;
};
struct road {
	struct row_items lanes;
};
static const struct row lane_rows[] = { ROW_INT(struct lane, speed, 0, 99, "1", ROW_RESTART, "help") };
static const struct section lane = ROW_TABLE_SCALAR("lane", struct lane, lane_rows, "speed");
static const struct row road_rows[] = {
	ROW_LIST(struct road, lanes, 0, 99, &lane, ROW_OPTIONAL, ROW_RESTART, "help"),
};
static const struct section road = ROW_TABLE("road", struct road, road_rows);

static void check_road(const char *before, const char *after, const char *want)
{
	struct conf *a = conf_parse(slice_str(before), "a", &road, &sample_source);
	struct conf *b = conf_parse(slice_str(after), "b", &road, &sample_source);
	struct buf out;

	buf_init(&out, 1 << 16);
	assert_true(conf_ok(a) && conf_ok(b));
	diff_confs(a, b, &out);
	assert_slice(buf_slice(&out), want);
	buf_done(&out);
	conf_free(&a);
	conf_free(&b);
}

static void test_lists(void **state)
{
	check_road("lanes: [1, 2, 3]", "lanes: [1, 5, 3]", "lanes[1].speed");
	check_road("lanes: [1, 2, 3]", "lanes: [1, 2]", "lanes");
	check_road("lanes: [1]", "lanes: [2, 2]", "lanes[0].speed, lanes");
	check_road("lanes: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]",
		"lanes: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
		"lanes[0].speed, lanes[1].speed, lanes[2].speed, lanes[3].speed, lanes[4].speed, lanes[5].speed, "
		"lanes[6].speed, lanes[7].speed, lanes[8].speed, lanes[9].speed, lanes[10].speed, lanes[11].speed, "
		"lanes[12].speed, lanes[13].speed, lanes[14].speed, lanes[15].speed, lanes[16].speed, lanes[17].speed, "
		"lanes[18].speed, lanes[19].speed and 2 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
