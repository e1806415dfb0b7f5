/* Hostile and odd streams that would make long pages, errors of the one who takes the events, and another weir as the
 * provider. */
#include "unit.h"

#include "dialect/anthropic_decode.h"
#include "dialect/anthropic_seal.h"
#include "rig.h"

static struct rig rig;

static enum err feed(const char *data)
{
	return anthropic_decode_event(&rig.decode, SLICE_EMPTY, slice_str(data), slice_str(data));
}

static const struct event *last(void)
{
	return &rig.events[rig.n - 1];
}

static void test_too_many_calls(void **state)
{
	char text[160];

	rig_init(&rig);
	for (int i = 0; i < 1100; i++) {
		snprintf(text, sizeof(text), "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":"
			"{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}", i);
		assert_int_equal(feed(text), ERR_OK);
		snprintf(text, sizeof(text), "{\"type\":\"content_block_stop\",\"index\":%d}", i);
		assert_int_equal(feed(text), ERR_OK);
	}
	size_t starts = 0;
	for (size_t i = 0; i < rig.n; i++)
		starts += rig.events[i].kind == EVENT_TOOL_START;
	assert_int_equal(starts, 1024);
	assert_int_equal(last()->kind, EVENT_OTHER);
	rig_done(&rig);
}

static void test_too_many_open(void **state)
{
	char text[160];

	rig_init(&rig);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":"
			"{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}}", i);
		assert_int_equal(feed(text), ERR_OK);
	}
	assert_int_equal(last()->kind, EVENT_OTHER);
	assert_int_equal(feed("{\"type\":\"content_block_delta\",\"index\":999,\"delta\":"
		"{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}"), ERR_OK);
	assert_int_equal(last()->kind, EVENT_OTHER);
	rig_done(&rig);
}

/* Indexes that are no numbers, or huge ones, are only names. */
static void test_huge_index(void **state)
{
	rig_init(&rig);
	assert_int_equal(feed("{\"type\":\"content_block_start\",\"index\":9223372036854775807,\"content_block\":"
		"{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}"), ERR_OK);
	assert_int_equal(last()->part, 0);
	assert_int_equal(feed("{\"type\":\"content_block_stop\",\"index\":9223372036854775807}"), ERR_OK);
	assert_int_equal(last()->kind, EVENT_PART_END);
	rig_done(&rig);
}

static void test_refused_event(void **state)
{
	const char *whole = "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}],"
		"\"stop_reason\":\"end_turn\"}";

	for (size_t at = 1; at < 6; at++) {
		rig_init(&rig);
		rig.fail_at = at;
		assert_int_equal(anthropic_decode_whole(&rig.decode, slice_str(whole)), ERR_TOO_BIG);
		assert_int_equal(rig.n, at);
		rig_done(&rig);
	}
}

/* Pieces of text are given out one by one: nothing waits for a block's end. */
static void test_at_once(void **state)
{
	rig_init(&rig);
	feed("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
	size_t n = rig.n;
	feed("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}");
	assert_int_equal(rig.n, n + 1);
	assert_slice(last()->text, "a");
	feed("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\"}}");
	assert_int_equal(last()->kind, EVENT_OTHER);
	rig_done(&rig);
}

/* Nothing that is read can make it finished but a reason. */
static void test_not_finished(void **state)
{
	static const char *const frames[] = { "{}", "{\"type\":\"message_stop\"}", "{\"type\":\"message_delta\"}",
		"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null}}",
		"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"\"}}",
		"{\"type\":\"message_delta\",\"delta\":\"end_turn\"}",
		"{\"type\":\"message_start\",\"message\":{\"stop_reason\":\"end_turn\"}}" };

	rig_init(&rig);
	for (size_t i = 0; i < COUNT_OF(frames); i++)
		assert_int_equal(feed(frames[i]), ERR_OK);
	assert_false(rig.decode.tally.finished);
	assert_int_equal(feed("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}"), ERR_OK);
	assert_true(rig.decode.tally.finished);
	rig_done(&rig);
}

static void test_count(void **state)
{
	rig_init(&rig);
	assert_int_equal(anthropic_decode_count(&rig.decode, SLICE(" {\"input_tokens\":7}\n")), ERR_OK);
	assert_true(rig.decode.tally.whole && rig.decode.tally.finished && !rig.decode.tally.end_mark);
	assert_int_equal(rig.decode.tally.usage.prompt_tok, 7);
	rig_done(&rig);
	rig_init(&rig);
	assert_int_equal(anthropic_decode_count(&rig.decode, SLICE("{\"error\":{\"message\":\"x\"}}")), ERR_OK);
	assert_true(!rig.decode.tally.whole && !rig.decode.tally.finished);
	assert_int_equal(rig.decode.tally.fault.err, ERR_UP_ERROR_EVENT);
	rig_done(&rig);
}

/* --- another weir --------------------------------------------------------------------------------------- */

static void feed_signature(enum anthropic_seal_of of, const char *id)
{
	struct slice field = anthropic_seal_write(&rig.arena, of, 'g', slice_str(id), SLICE("sig"));

	feed("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\","
		"\"thinking\":\"\"}}");
	feed(arena_printf(&rig.arena, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
		"{\"type\":\"signature_delta\",\"signature\":\"%.*s\"}}", SLICE_ARG(field)).p);
}

/* The call's signature comes right behind its start. */
static void test_call_seal(void **state)
{
	rig_init(&rig);
	feed_signature(ANTHROPIC_SEAL_CALL, "");
	assert_int_equal(last()->kind, EVENT_OTHER);
	feed("{\"type\":\"content_block_stop\",\"index\":0}");
	feed("{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"t\",\"name\":\"f\"}}");
	assert_int_equal(rig.events[rig.n - 2].kind, EVENT_TOOL_START);
	assert_int_equal(last()->kind, EVENT_SIGNATURE);
	assert_int_equal(last()->part, 0);
	struct prompt_seal seal = seal_unwrap(&rig.arena, 'a', last()->text);
	assert_int_equal(seal.origin, 'g');
	assert_slice(seal.bytes, "sig");
	feed("{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"u\",\"name\":\"f\"}}");
	assert_int_equal(last()->kind, EVENT_TOOL_START);
	rig_done(&rig);
}

static void test_item_id(void **state)
{
	rig_init(&rig);
	feed_signature(ANTHROPIC_SEAL_REASONING, "rs_1");
	assert_int_equal(last()->kind, EVENT_SIGNATURE);
	assert_int_equal(last()->part, EVENT_NO_PART);
	assert_slice(last()->extra, "rs_1");
	assert_slice(seal_unwrap(&rig.arena, 'a', last()->text).bytes, "sig");
	rig_done(&rig);
}

/* Whatever room there is: all of the state, or an error, or the seal as it came. */
static void test_no_room_for_state(void **state)
{
	char bytes[3000];
	size_t full = 0;

	memset(bytes, 'x', sizeof(bytes));
	for (size_t limit = 64; limit < 16384; limit += 64) {
		struct arena small;
		rig_init(&rig);
		arena_init(&small, limit);
		struct slice field = anthropic_seal_write(&rig.arena, ANTHROPIC_SEAL_REASONING, 'g', SLICE("rs_1"),
			slice_of(bytes, sizeof(bytes)));
		struct slice body = arena_printf(&rig.arena, "{\"content\":[{\"type\":\"redacted_thinking\","
			"\"data\":\"%.*s\"}]}", SLICE_ARG(field));
		rig.decode.arena = &small;
		enum err e = anthropic_decode_whole(&rig.decode, body);
		assert_true(e == ERR_OK || e == ERR_UP_TOO_BIG);
		full += e == ERR_UP_TOO_BIG;
		for (size_t i = 0; i < rig.n; i++)
			assert_true(rig.events[i].kind != EVENT_REDACTED || rig.events[i].text.n > 0);
		arena_done(&small);
		rig_done(&rig);
	}
	assert_true(full > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_many_calls),
		cmocka_unit_test(test_too_many_open),
		cmocka_unit_test(test_huge_index),
		cmocka_unit_test(test_refused_event),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_not_finished),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_call_seal),
		cmocka_unit_test(test_item_id),
		cmocka_unit_test(test_no_room_for_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
