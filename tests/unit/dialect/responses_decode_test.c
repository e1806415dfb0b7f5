/* Limits and refusals; usual and odd streams are golden pages (stream-*.md). */
#include "unit.h"

#include "dialect/responses_decode.h"
#include "rig.h"

static enum err feed(struct rig *r, const char *data)
{
	return responses_decode_event(&r->decode, SLICE_EMPTY, slice_str(data), slice_str(data));
}

static const char delta[] = "{\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,"
	"\"delta\":\"a\","
	"\"logprobs\":[{\"token\":\"a\",\"logprob\":-1}]}";

/* An error of on_event stops the frame and comes back; nothing is given out behind it. */
static void test_refused_event(void **state)
{
	for (size_t at = 1; at <= 5; at++) {
		struct rig r;
		rig_init(&r);
		r.fail_at = at;
		enum err e = feed(&r, "{\"type\":\"response.completed\",\"response\":{\"id\":\"x\","
			"\"status\":\"completed\","
			"\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
			"\"text\":\"a\"}]}]}}");
		assert_int_equal(e, ERR_TOO_BIG);
		assert_int_equal(r.n, at);
		rig_done(&r);
	}
}

static void test_raw_comes_once(void **state)
{
	struct rig r;

	rig_init(&r);
	assert_int_equal(feed(&r, delta), ERR_OK);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.events[0].kind, EVENT_START);
	assert_true(r.events[0].first_of_raw);
	assert_int_equal(r.events[1].kind, EVENT_TEXT);
	assert_false(r.events[1].first_of_raw);
	assert_null(r.events[1].raw.p);
	assert_int_equal(r.events[2].kind, EVENT_LOGPROBS);
	rig_done(&r);
}

/* A provider that makes items without end is stopped. */
static void test_too_many_items(void **state)
{
	enum err e = ERR_OK;
	struct rig r;
	size_t n = 0;

	rig_init(&r);
	for (; e == ERR_OK && n < 100000; n++) {
		char data[128];
		snprintf(data, sizeof(data), "{\"type\":\"response.output_item.added\",\"output_index\":%zu,\"item\":"
			"{\"type\":\"message\",\"id\":\"m%zu\"}}", n, n);
		r.n = 0;
		e = feed(&r, data);
	}
	assert_int_equal(e, ERR_UP_TOO_BIG);
	assert_true(n > 1000 && n < 10000);
	rig_done(&r);
}

static void test_no_room(void **state)
{
	struct rig r;

	rig_init(&r);
	r.decode.arena->limit = 1;
	assert_int_equal(feed(&r, delta), ERR_UP_TOO_BIG);
	rig_done(&r);
}

/* The state of a call that is never made is not kept for long, and one that does not fit is an error. */
static void test_call_state_without_room(void **state)
{
	struct rig r;
	struct buf b;

	rig_init(&r);
	r.decode.arena->limit = 8192;
	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"reasoning\","
		"\"encrypted_content\":\"call.d2VpcjE6"));
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, 'A');
	buf_add(&b, SLICE("\"}}"));
	buf_add_char(&b, '\0');
	assert_int_equal(feed(&r, b.p), ERR_UP_TOO_BIG);
	buf_done(&b);
	rig_done(&r);
}

static void test_deep(void **state)
{
	struct rig r;
	char data[1024];

	memset(data, '[', sizeof(data));
	data[sizeof(data) - 1] = '\0';
	rig_init(&r);
	assert_int_equal(feed(&r, data), ERR_UP_BAD_JSON);
	assert_int_equal(responses_decode_whole(&r.decode, slice_str(data)), ERR_UP_BAD_JSON);
	assert_int_equal(r.n, 0);
	rig_done(&r);
}

/* Counts that a failure brings are kept, and the first fault stays. */
static void test_first_fault_stays(void **state)
{
	struct rig r;

	rig_init(&r);
	assert_int_equal(feed(&r, "{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\","
		"\"error\":{\"code\":"
		"\"rate_limit_exceeded\"},\"usage\":{\"input_tokens\":7}}}"), ERR_OK);
	assert_int_equal(feed(&r, "{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\"}"), ERR_OK);
	assert_int_equal(r.decode.tally.fault.err, ERR_UP_THROTTLED);
	assert_int_equal(r.decode.tally.usage.prompt_tok, 7);
	assert_false(r.decode.tally.finished);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_event),
		cmocka_unit_test(test_raw_comes_once),
		cmocka_unit_test(test_too_many_items),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_call_state_without_room),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_first_fault_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
