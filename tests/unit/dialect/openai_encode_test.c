/* Events that no decoder of this dialect makes, and room; usual streams are golden pages (client-sse
 * blocks). */
#include "unit.h"

#include "dialect/openai_encode.h"

struct writer {
	struct arena arena;
	struct request request;
	struct dialect_encode e;
	struct buf out;
};

static void writer_init(struct writer *w, size_t max)
{
	*w = (struct writer){ .request = { .model = SLICE("asked") } };
	arena_init(&w->arena, 0);
	w->e = (struct dialect_encode){ .request = &w->request, .id = SLICE("own"), .created_s = 7,
		.arena = &w->arena };
	buf_init(&w->out, max);
}

static void writer_done(struct writer *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

static void put(struct writer *w, struct event ev)
{
	openai_encode_event(&w->e, &ev, &w->out);
}

#define HEAD "data: {\"id\":\"own\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"asked\"," \
	"\"choices\":["

/* Without a start the gateway's own id and the asked name stand in; one that comes late changes nothing. */
static void test_names(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	put(&w, (struct event){ .kind = EVENT_TEXT, .text = SLICE("a") });
	put(&w, (struct event){ .kind = EVENT_START, .text = SLICE("late"), .extra = SLICE("late") });
	put(&w, (struct event){ .kind = EVENT_TEXT, .text = SLICE("b") });
	assert_slice(buf_slice(&w.out),
		HEAD "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
		HEAD "{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":null}]}\n\n");
	writer_done(&w);
}

static void test_names_of_the_provider(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	put(&w, (struct event){ .kind = EVENT_START, .text = SLICE("id\n\"x"), .extra = SLICE("true\\m") });
	put(&w, (struct event){ .kind = EVENT_TEXT, .text = SLICE("a") });
	assert_true(slice_starts(buf_slice(&w.out), SLICE("data: {\"id\":\"id\\n\\\"x\",")));
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "\"model\":\"true\\\\m\"", 17));
	writer_done(&w);
}

/* Arguments of a call that never started, and a start that comes twice. */
static void test_odd_calls(void **state)
{
	const struct event start = { .kind = EVENT_TOOL_START, .part = 2, .text = SLICE("x"), .extra = SLICE("f") };
	struct writer w;

	writer_init(&w, 65536);
	put(&w, (struct event){ .kind = EVENT_TOOL_ARGS, .part = 9, .text = SLICE("{}") });
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "\"index\":0,\"id\":\"call_", 20));
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "\"name\":\"\",\"arguments\":\"{}\"", 26));
	buf_clear(&w.out);
	put(&w, start);
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "{\"index\":1,\"id\":\"x\"", 19));
	buf_clear(&w.out);
	put(&w, start);
	assert_int_equal(buf_len(&w.out), 0);
	writer_done(&w);
}

/* A call without a name is a function, also where the request has tools. */
static void test_nameless_call(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	struct slice body = SLICE("{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}");
	assert_int_equal(json_parse(&w.arena, body, &w.request.doc, NULL), ERR_OK);
	put(&w, (struct event){ .kind = EVENT_TOOL_ARGS, .text = SLICE("{}") });
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "\"type\":\"function\"", 17));
	writer_done(&w);
}

static void test_silent_events(void **state)
{
	static const enum event_kind silent[] = { EVENT_START, EVENT_OTHER, EVENT_ERROR, EVENT_END };
	struct writer w;

	writer_init(&w, 65536);
	for (size_t i = 0; i < COUNT_OF(silent); i++)
		put(&w, (struct event){ .kind = (uint8_t)silent[i], .text = SLICE("x") });
	assert_int_equal(buf_len(&w.out), 0);
	writer_done(&w);
}

/* Counts only for who asked, the last ones, once, before the end mark. */
static void test_usage(void **state)
{
	struct usage first = { 1, 1, -1, -1, -1 }, last = { 5, 6, -1, -1, -1 };
	struct writer w;

	for (int wants = 0; wants < 2; wants++) {
		writer_init(&w, 65536);
		w.request.wants_usage = wants;
		put(&w, (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&first) });
		put(&w, (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&last) });
		openai_encode_end(&w.e, &w.out);
		assert_slice(buf_slice(&w.out), wants
			? HEAD "],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}}\n\n"
				"data: [DONE]\n\n"
			: "data: [DONE]\n\n");
		writer_done(&w);
	}
}

/* No room: an error, and not one byte of half a chunk. */
static void test_no_room(void **state)
{
	static char text[1000];
	struct writer w;
	bool fitted = false;

	memset(text, '\x01', sizeof(text));
	for (size_t max = 0; max < 10000; max += 97) {
		writer_init(&w, max);
		put(&w, (struct event){ .kind = EVENT_TEXT, .text = slice_of(text, sizeof(text)) });
		assert_true(w.e.err == ERR_OK || w.e.err == ERR_TOO_BIG);
		assert_true(w.e.err == ERR_OK ? buf_len(&w.out) > 6000 : buf_len(&w.out) == 0);
		fitted |= w.e.err == ERR_OK;
		openai_encode_end(&w.e, &w.out);
		if (w.e.err != ERR_OK)
			assert_true(buf_len(&w.out) == 0 || buf_len(&w.out) > 6000);
		writer_done(&w);
	}
	assert_true(fitted);
}

/* The arena's limit holds for what a provider can make long. */
static void test_arena_limit(void **state)
{
	static char text[60000];
	struct writer w;

	memset(text, 'x', sizeof(text));
	writer_init(&w, 1 << 20);
	w.arena.limit = 30000;
	put(&w, (struct event){ .kind = EVENT_TOOL_START, .text = slice_of(text, sizeof(text)) });
	assert_int_equal(w.e.err, ERR_TOO_BIG);
	assert_int_equal(buf_len(&w.out), 0);
	writer_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_the_provider),
		cmocka_unit_test(test_odd_calls),
		cmocka_unit_test(test_nameless_call),
		cmocka_unit_test(test_silent_events),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_arena_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
