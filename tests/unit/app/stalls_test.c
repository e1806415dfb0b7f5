/* One line in ten seconds, all of them at level debug. */
#include "unit.h"

#include "app/stalls.h"
#include "base/log.h"
#include "base/span.h"
#include "loop/loop_priv.h"

static char last[2048];
static int lines;

static void on_line(void *arg, struct slice line)
{
	lines++;
	slice_copy(line, last, sizeof(last));
}

static struct loop *loop;

static void note_at(struct stalls *s, uint64_t ms, uint64_t ns)
{
	const struct loop_stall stall = { .what = LOOP_STEP_TASK, .at = 0xabc, .ns = ns };

	loop->now_stale = false;
	loop->now_ns = ms * SPAN_NS_PER_MS;
	stalls_note(s, &stall);
}

static void test_one_in_ten_seconds(void **state)
{
	const struct log_sink sink = { .line = on_line };
	struct stalls s;

	loop = loop_new();
	stalls_open(&s, loop);
	assert_ptr_equal(loop->busy.arg, &s);
	log_open(&sink, LOG_LEVEL_WARN, LOG_FORM_JSON);
	lines = 0;
	note_at(&s, 5000, 2500000);
	assert_int_equal(lines, 1);
	assert_non_null(strstr(last, "\"loop_stall\""));
	assert_non_null(strstr(last, "\"step\":\"task\",\"at\":\"0xabc\",\"ms\":2.500,\"unsaid\":0"));
	note_at(&s, 5001, 2500000);
	note_at(&s, 14999, 2500000);
	assert_int_equal(lines, 1);
	note_at(&s, 15000, 7000000);
	assert_int_equal(lines, 2);
	assert_non_null(strstr(last, "\"ms\":7.000,\"unsaid\":2"));
	log_set(LOG_LEVEL_DEBUG, LOG_FORM_JSON);
	note_at(&s, 15001, 1500000);
	assert_int_equal(lines, 3);
	assert_non_null(strstr(last, "\"debug\""));
	log_open(NULL, LOG_LEVEL_OFF, LOG_FORM_JSON);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_in_ten_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
