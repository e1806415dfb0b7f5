#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "unit/conf/sample.h"

struct thing {
	int64_t n;
	uint64_t t;
	enum { ONE, TWO } e;
	struct row_strs strs;
	struct sample_clocks clocks;
};

static void test_look_ups(void **state)
{
	struct sample_tier tier;

	assert_ptr_equal(row_find(&sample, SLICE("workers")), &sample_rows[2]);
	assert_null(row_find(&sample, SLICE("worker")));
	assert_null(row_find(&sample, SLICE("")));
	assert_ptr_equal(row_scalar(&sample_target), &sample_target_rows[0]);
	assert_null(row_scalar(&sample_tier));
	assert_int_equal(row_name_index(&sample_tier_rows[0], SLICE("weighted")), SAMPLE_WEIGHTED);
	assert_int_equal(row_name_index(&sample_tier_rows[0], SLICE("weight")), -1);
	assert_slice(row_name(&sample_tier_rows[0], SAMPLE_FIRST), "first");
	assert_slice(row_name(&sample_tier_rows[0], 2), "");
	assert_ptr_equal(row_field(&sample_tier_rows[1], &tier), &tier.targets);
}

static void test_sites(void **state)
{
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n = row_sites(&sample, sites);
	struct buf b;

	buf_init(&b, 10000);
	for (size_t i = 0; i < n; i++) {
		row_site_print(sites, i, &b);
		buf_add_char(&b, '\n');
	}
	assert_slice(buf_slice(&b), "\ntls\nclocks\nproviders.<name>\nmodels.<name>\nmodels.<name>.tiers[]\n"
		"models.<name>.tiers[].targets[]\n");
	buf_done(&b);
}

/* Does row_proof abort on a table of this one row? */
static bool is_refused(struct row row)
{
	struct row rows[1] = { row };
	struct section s = { "thing", sizeof(struct thing), rows, 1, NULL };
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		close(STDERR_FILENO);
		row_proof(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void test_proof(void **state)
{
	row_proof(&sample);
	assert_false(is_refused((struct row)ROW_INT(struct thing, n, -1, 9, "0", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_INT(struct thing, n, -1, 9, "10", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_INT(struct thing, n, 9, -1, "5", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_INT(struct thing, n, -1, 9, "", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_INT(struct thing, n, -1, 9, "0", ROW_RELOAD, "")));
	assert_false(is_refused((struct row)ROW_MS(struct thing, t, 10, 90, "0", ROW_RELOAD, "0 is off")));
	assert_true(is_refused((struct row)ROW_MS(struct thing, t, 10, 90, "1ms", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_MS(struct thing, t, 10, 90, "50", ROW_RELOAD, "no unit")));
	assert_false(is_refused((struct row)ROW_ENUM(struct thing, e, "one|two", "two", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_ENUM(struct thing, e, "one|two", "three", ROW_RELOAD, "help")));
	assert_true(is_refused((struct row)ROW_STR_LIST(struct thing, strs, 0, 1, "a, b", ROW_RELOAD, "too many")));
	assert_true(is_refused((struct row)ROW_SECTION(struct thing, clocks, &sample_clocks, "x", "default")));
	struct row past = { "n", ROW_INT, sizeof(struct thing) - 4, 0, 9, "1", NULL, true, "past", NULL };
	assert_true(is_refused(past));
}

static const struct row twin_rows[] = {
	ROW_INT(struct thing, n, 0, 9, "1", ROW_RELOAD, "help"),
	ROW_INT(struct thing, n, 0, 9, "1", ROW_RELOAD, "help"),
};

static void test_twins(void **state)
{
	struct section s = ROW_TABLE("thing", struct thing, twin_rows);
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		close(STDERR_FILENO);
		row_proof(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look_ups),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_twins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
