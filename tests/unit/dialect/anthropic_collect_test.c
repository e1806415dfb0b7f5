/* Whole answers from events that no decoder of this dialect makes, and room. */
#include "unit.h"

#include "dialect/anthropic_collect.h"

struct taker {
	struct arena arena;
	struct request request;
	struct dialect source;
	struct dialect_encode e;
	struct buf out;
};

static struct taker t;

static void open_taker(size_t max)
{
	t = (struct taker){ .request = { .model = SLICE("asked"), .prompt_tok = 9 },
		.source = { .tag = 'c', .family = DIALECT_OPENAI } };
	arena_init(&t.arena, 0);
	t.e = (struct dialect_encode){ .request = &t.request, .id = SLICE("own"), .arena = &t.arena,
		.source = &t.source };
	buf_init(&t.out, max);
}

static void close_taker(void)
{
	buf_done(&t.out);
	arena_done(&t.arena);
}

static void take(enum event_kind kind, uint16_t part, const char *text, const char *extra)
{
	anthropic_collect(&t.e, &(struct event){ .kind = (uint8_t)kind, .part = part, .text = slice_str(text),
		.extra = slice_str(extra) });
}

#define TAIL(reason) "],\"stop_reason\":" reason ",\"stop_sequence\":null,\"usage\":{\"input_tokens\":9," \
	"\"output_tokens\":0}}"
#define HEAD "{\"id\":\"own\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"asked\",\"content\":["

static void test_calls(void **state)
{
	open_taker(65536);
	take(EVENT_TOOL_START, 0, "c1", "f");
	take(EVENT_TOOL_START, 1, "c2", "g");
	take(EVENT_TOOL_ARGS, 1, "{\"b\":", "");
	take(EVENT_TOOL_ARGS, 0, "not json", "");
	take(EVENT_TOOL_ARGS, 1, " 2}", "");
	take(EVENT_TOOL_START, 2, "c3", "h");
	anthropic_collect(&t.e, &(struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP,
		.text = SLICE("stop") });
	anthropic_collect_write(&t.e, &t.out);
	assert_slice(buf_slice(&t.out), HEAD
		"{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{\"_raw\":\"not json\"}},"
		"{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"g\",\"input\":{\"b\":2}},"
		"{\"type\":\"tool_use\",\"id\":\"c3\",\"name\":\"h\",\"input\":{}}" TAIL("\"tool_use\""));
	close_taker();
}

static void test_mixed(void **state)
{
	open_taker(65536);
	take(EVENT_REASONING, 0, "hm", "");
	take(EVENT_TEXT, 0, "a", "");
	take(EVENT_TOOL_START, 0, "c1", "f");
	take(EVENT_TEXT, 0, "b", "");
	take(EVENT_REFUSAL, 0, "no", "");
	anthropic_collect_write(&t.e, &t.out);
	assert_slice(buf_slice(&t.out), HEAD "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"\"},"
		"{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"f\",\"input\":{}},"
		"{\"type\":\"text\",\"text\":\"bno\"}" TAIL("null"));
	close_taker();
}

static void test_nothing(void **state)
{
	open_taker(65536);
	anthropic_collect_write(&t.e, &t.out);
	assert_slice(buf_slice(&t.out), HEAD TAIL("null"));
	close_taker();
}

static void test_count(void **state)
{
	struct usage u = { 77, -1, -1, -1, -1 };

	open_taker(65536);
	anthropic_collect(&t.e, &(struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&u) });
	anthropic_collect_write_count(&t.e, &t.out);
	assert_slice(buf_slice(&t.out), "{\"input_tokens\":77}");
	close_taker();
	open_taker(5);
	anthropic_collect_write_count(&t.e, &t.out);
	assert_int_equal(t.e.err, ERR_TOO_BIG);
	close_taker();
}

static void test_room(void **state)
{
	size_t good = 0;

	for (size_t max = 0; max < 1000; max += 9) {
		open_taker(max);
		take(EVENT_TEXT, 0, "some text that is not very long but takes its room, more than there is in "
			"the end", "");
		anthropic_collect_write(&t.e, &t.out);
		assert_true(t.e.err == ERR_OK || (t.e.err == ERR_TOO_BIG && good == 0));
		good += t.e.err == ERR_OK;
		close_taker();
	}
	assert_true(good > 0 && good < 100);
	open_taker(65536);
	t.e.err = ERR_TOO_BIG;
	anthropic_collect_write(&t.e, &t.out);
	assert_int_equal(buf_len(&t.out), 0);
	close_taker();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls), cmocka_unit_test(test_mixed), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_count), cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
