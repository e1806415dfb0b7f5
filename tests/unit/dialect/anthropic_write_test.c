/* Whole bodies: room, streams, cache marks, counts. */
#include "anthropic_desk.h"

static struct desk d;

static void test_stream(void **state)
{
	desk_open_hi(&d);
	desk_write(&d, "m");
	assert_slice(buf_slice(&d.out), "{\"model\":\"m\",\"max_tokens\":16,\"messages\":[{\"role\":\"user\","
		"\"content\":"
		"[{\"type\":\"text\",\"text\":\"Hi\"}]}]}");
	d.ask.stream = true;
	desk_write(&d, "m\"");
	assert_slice(buf_slice(&d.out), "{\"model\":\"m\\\"\",\"max_tokens\":16,\"stream\":true,\"messages\":"
		"[{\"role\":\"user\","
		"\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}]}");
	desk_close(&d);
}

static void test_room(void **state)
{
	desk_open_hi(&d);
	size_t all = desk_write(&d, "m").n, good = 0;
	for (size_t max = 0; max <= all * 6; max++) {
		struct buf out;
		buf_init(&out, max);
		enum err e = anthropic_write(&d.p, &d.ask, &out);
		assert_int_equal(e, good ? ERR_OK : e == ERR_OK ? ERR_OK : ERR_TOO_BIG);
		good += e == ERR_OK;
		assert_true(e == ERR_TOO_BIG || (max >= all && buf_len(&out) == all));
		buf_done(&out);
	}
	assert_true(good > 0);
	desk_close(&d);
}

/* What counts in a prompt, and a refusal all the same. */
static void test_count(void **state)
{
	desk_open_hi(&d);
	d.p.temperature = 3;
	d.p.seed = 1;
	d.p.n = 5;
	d.p.effort = PROMPT_EFFORT_LOW;
	buf_clear(&d.out);
	assert_int_equal(anthropic_write_count(&d.p, &d.ask, &d.out), ERR_OK);
	assert_slice(buf_slice(&d.out), "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
		"[{\"type\":\"text\","
		"\"text\":\"Hi\"}]}],\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}");
	desk_dropped(&d, "");
	desk_add(&d, PROMPT_PART_AUDIO);
	assert_int_equal(anthropic_write_count(&d.p, &d.ask, &d.out), ERR_UNSUPPORTED);
	desk_close(&d);
}

/* Marks of other dialects: on results and calls too; the longer-lived first. */
static void test_marks(void **state)
{
	desk_open(&d, DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"content\":"
		"[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":"
		"[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"1\"}]}],\"tools\":[{\"name\":\"f\"}]}");
	d.p.tools->cache = PROMPT_CACHE_1H;
	d.p.messages->next->parts->cache = PROMPT_CACHE_DEFAULT;
	d.p.messages->next->next->parts->cache = PROMPT_CACHE_1H;
	desk_write(&d, "m");
	desk_wrote(&d, "\"properties\":{}},\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]");
	desk_wrote(&d, "\"input\":{},\"cache_control\":{\"type\":\"ephemeral\"}}");
	desk_wrote(&d, "\"content\":\"1\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}");
	desk_dropped(&d, "");
	d.p.cache = PROMPT_CACHE_DEFAULT;
	d.p.messages->parts->cache = PROMPT_CACHE_DEFAULT;
	desk_write(&d, "m");
	desk_dropped(&d, "cache_control");
	desk_wrote(&d, "\"properties\":{}}}]");
	desk_wrote(&d, "\"text\":\"a\",\"cache_control\"");
	desk_close(&d);
}

static void test_first_refusal(void **state)
{
	desk_open_hi(&d);
	desk_add(&d, PROMPT_PART_AUDIO);
	d.p.n = 2;
	desk_refused(&d, "m", "sounds cannot be sent");
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream), cmocka_unit_test(test_room), cmocka_unit_test(test_count),
		cmocka_unit_test(test_marks), cmocka_unit_test(test_first_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
