/* Bounds of what a decoder remembers, and errors of the one who takes its events. */
#include "unit.h"

#include "dialect/anthropic_frame.h"
#include "rig.h"

static struct rig rig;

static void test_blocks(void **state)
{
	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	for (int64_t i = 0; i < 256; i++)
		assert_non_null(anthropic_frame_open(&f, i, ANTHROPIC_FRAME_TEXT));
	assert_null(anthropic_frame_open(&f, 256, ANTHROPIC_FRAME_TEXT));
	assert_non_null(anthropic_frame_open(&f, 7, ANTHROPIC_FRAME_TOOL));
	assert_int_equal(anthropic_frame_find(&f, 7)->kind, ANTHROPIC_FRAME_TOOL);
	anthropic_frame_close(&f, anthropic_frame_find(&f, 100));
	assert_null(anthropic_frame_find(&f, 100));
	assert_non_null(anthropic_frame_find(&f, 0));
	assert_non_null(anthropic_frame_open(&f, 256, ANTHROPIC_FRAME_TEXT));
	rig_done(&rig);
}

/* Blocks that follow each other use the same memory. */
static void test_memory(void **state)
{
	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	anthropic_frame_close(&f, anthropic_frame_open(&f, 0, ANTHROPIC_FRAME_TEXT));
	const char *at = rig.arena.at;
	for (int64_t i = 1; i < 10000; i++)
		anthropic_frame_close(&f, anthropic_frame_open(&f, i, ANTHROPIC_FRAME_TEXT));
	assert_ptr_equal(rig.arena.at, at);
	rig_done(&rig);
}

static void test_calls(void **state)
{
	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	for (int i = 0; i < 1024; i++)
		assert_int_equal(anthropic_frame_next_call(&f), i);
	assert_int_equal(anthropic_frame_next_call(&f), EVENT_NO_PART);
	assert_int_equal(anthropic_frame_next_call(&f), EVENT_NO_PART);
	rig_done(&rig);
}

static void test_raw_once(void **state)
{
	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	anthropic_frame_text(&f, EVENT_TEXT, SLICE_EMPTY);
	anthropic_frame_text(&f, EVENT_TEXT, SLICE("a"));
	anthropic_frame_text(&f, EVENT_TEXT, SLICE("b"));
	anthropic_frame_end(&f);
	assert_int_equal(rig.n, 2);
	assert_true(rig.events[0].first_of_raw && !rig.events[1].first_of_raw);
	f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	anthropic_frame_end(&f);
	assert_int_equal(rig.events[2].kind, EVENT_OTHER);
	assert_true(rig.events[2].first_of_raw && rig.events[2].choice == EVENT_NO_CHOICE);
	rig_done(&rig);
}

static void test_finish_once(void **state)
{
	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	assert_false(rig.decode.tally.finished);
	anthropic_frame_finish(&f, EVENT_FINISH_STOP, SLICE("end_turn"), SLICE_EMPTY);
	anthropic_frame_finish(&f, EVENT_FINISH_LENGTH, SLICE("max_tokens"), SLICE_EMPTY);
	assert_int_equal(rig.n, 1);
	assert_int_equal(rig.decode.tally.finish, EVENT_FINISH_STOP);
	assert_true(rig.decode.tally.finished && rig.decode.tally.choices == 1);
	rig_done(&rig);
}

static void test_error_stops(void **state)
{
	rig_init(&rig);
	rig.fail_at = 1;
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	anthropic_frame_text(&f, EVENT_TEXT, SLICE("a"));
	anthropic_frame_text(&f, EVENT_TEXT, SLICE("b"));
	assert_int_equal(f.err, ERR_TOO_BIG);
	assert_int_equal(rig.n, 1);
	rig_done(&rig);
}

static void test_first_fault_stays(void **state)
{
	struct fault one = { .err = ERR_UP_OVERLOADED }, two = { .err = ERR_UP_FAILED };

	rig_init(&rig);
	struct anthropic_frame f = anthropic_frame_of(&rig.decode, SLICE("raw"));
	anthropic_frame_fail(&f, &one);
	anthropic_frame_fail(&f, &two);
	assert_int_equal(rig.decode.tally.fault.err, ERR_UP_OVERLOADED);
	assert_int_equal(rig.n, 2);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_raw_once),
		cmocka_unit_test(test_finish_once),
		cmocka_unit_test(test_error_stops),
		cmocka_unit_test(test_first_fault_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
