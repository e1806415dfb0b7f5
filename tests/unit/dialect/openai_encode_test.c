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
		HEAD "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"},"
		"\"finish_reason\":null}]}\n\n"
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
	const struct event start = { .kind = EVENT_TOOL_START, .part = 2, .text = SLICE("x"),
		.extra = SLICE("f") };
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
	w.request.body = SLICE("{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
		"{\"type\":\"custom\",\"custom\":{\"name\":\"\"}}]}");
	put(&w, (struct event){ .kind = EVENT_TOOL_ARGS, .text = SLICE("{}") });
	assert_non_null(memmem(w.out.p, buf_len(&w.out), "\"type\":\"function\"", 17));
	writer_done(&w);
}

static bool holds(const struct writer *w, const char *text)
{
	return memmem(w->out.p, buf_len(&w->out), text, strlen(text)) != NULL;
}

/* The parsed body is gone when the answer comes (request_keep): its text says which tools are custom. */
static void test_request_without_tree(void **state)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "{\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}]}",
			"\"type\":\"custom\",\"custom\":{\"name\":\"f\"" },
		{ " {\"messages\":[{\"content\":\"say \\\"custom\\\"\"}], \"to\\u006fls\" : [ {\"custom\":{"
		"\"name\":\"f\"}} ] } ",
			"\"custom\":{\"name\":\"f\"" },
		{ "{\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"g\"}}]}",
		"\"function\":{\"name\":\"f\"" },
		{ "{\"tools\":[],\"functions\":[{\"name\":\"f\"}]}",
		"\"delta\":{\"role\":\"assistant\",\"content\":null,\"function_call\"" },
		{ "{\"functions\":[{\"name\":\"f\"}],\"tools\":[{}]}", "\"tool_calls\":" },
		{ "{\"functions\":[]}", "\"tool_calls\":" },
		{ "{\"a\":\"custom\",\"tools\":{\"custom\":{\"name\":\"f\"}}}",
		"\"function\":{\"name\":\"f\"" },
	};
	struct writer w;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		writer_init(&w, 65536);
		w.request.body = slice_str(cases[i].body);
		w.request.has_tools = true;	/* of some kind */
		put(&w, (struct event){ .kind = EVENT_TOOL_START, .text = SLICE("a"), .extra = SLICE("f") });
		if (!holds(&w, cases[i].want))
			fail_msg("%s: %.*s", cases[i].body, SLICE_ARG(buf_slice(&w.out)));
		writer_done(&w);
	}
}

/* --- state of other dialects -------------------------------------------------------------------------- */

static const struct dialect like_anthropic = { .name = "a", .tag = 'a', .family = DIALECT_ANTHROPIC };
static const struct dialect like_gemini = { .name = "g", .tag = 'g', .family = DIALECT_GEMINI };
static const struct dialect like_responses = { .name = "r", .tag = 'r', .family = DIALECT_OPENAI };
static const struct dialect like_none = { .name = "z", .tag = 'z', .family = DIALECT_OPENAI };

#define BLOCK(thinking) "{\"type\":\"thinking\",\"thinking\":\"" thinking "\",\"signature\":\"d2VpcjE6YVNJRw==\"}"
#define DELTA(delta) HEAD "{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}]}\n\n"
#define ROLE "\"role\":\"assistant\",\"content\":null,"

static void expect(struct writer *w, const char *want)
{
	assert_slice(buf_slice(&w->out), want);
	buf_clear(&w->out);
}

/* The text goes out at once, and with its signature again; the next text is another. */
static void test_signed_reasoning(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_anthropic;
	put(&w, (struct event){ .kind = EVENT_REASONING, .text = SLICE("Hm") });
	expect(&w, DELTA(ROLE "\"reasoning_content\":\"Hm\""));
	put(&w, (struct event){ .kind = EVENT_REASONING, .text = SLICE(", \"so\"") });
	expect(&w, DELTA("\"reasoning_content\":\", \\\"so\\\"\""));
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = SLICE("SIG") });
	expect(&w, DELTA("\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"Hm, \\\"so\\\"\","
		"\"signature\":\"d2VpcjE6YVNJRw==\",\"format\":\"anthropic-claude-v1\",\"index\":0}],"
		"\"thinking_blocks\":[" BLOCK("Hm, \\\"so\\\"") "]"));
	put(&w, (struct event){ .kind = EVENT_PART_END, .part = EVENT_NO_PART });
	expect(&w, "");
	put(&w, (struct event){ .kind = EVENT_REDACTED, .part = EVENT_NO_PART, .text = SLICE("SIG") });
	expect(&w, DELTA("\"reasoning_details\":[{\"type\":\"reasoning.encrypted\","
		"\"data\":\"d2VpcjE6YVNJRw==\","
		"\"format\":\"anthropic-claude-v1\",\"index\":1}],"
		"\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\"d2VpcjE6YVNJRw==\"}]"));
	put(&w, (struct event){ .kind = EVENT_REASONING, .text = SLICE("b") });
	buf_clear(&w.out);
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = SLICE("SIG"),
		.extra = SLICE("rs") });
	expect(&w, DELTA("\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"b\","
		"\"signature\":\"d2VpcjE6YVNJRw==\","
		"\"id\":\"rs\",\"format\":\"anthropic-claude-v1\",\"index\":2}],\"thinking_blocks\":[" BLOCK("b") "]"));
	writer_done(&w);
}

/* Responses has its state encrypted; a dialect without a name among the formats has none that could come
 * back. */
static void test_other_state(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_responses;
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = SLICE("SIG"),
		.extra = SLICE("rs_1") });
	expect(&w, DELTA(ROLE "\"reasoning_details\":[{\"type\":\"reasoning.encrypted\","
		"\"data\":\"d2VpcjE6clNJRw==\","
		"\"id\":\"rs_1\",\"format\":\"openai-responses-v1\",\"index\":0}]"));
	w.e.source = &like_none;
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = SLICE("SIG") });
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART });
	expect(&w, "");
	writer_done(&w);
}

#define GEMINI_STATE "\"extra_content\":{\"google\":{\"thought_signature\":\"d2VpcjE6Z1NJRw==\"}}"

/* The signature hides behind the id: the first chunk waits for the next event, whatever it is. */
static void test_signed_call(void **state)
{
	const struct event start = { .kind = EVENT_TOOL_START, .text = SLICE("call_1"), .extra = SLICE("f") };
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_gemini;
	put(&w, start);
	expect(&w, "");
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .text = SLICE("SIG") });
	expect(&w, DELTA(ROLE "\"tool_calls\":[{\"index\":0,\"id\":\"call_1__thought__d2VpcjE6Z1NJRw==\","
		"\"type\":\"function\","
		GEMINI_STATE ",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]"));
	put(&w, (struct event){ .kind = EVENT_TOOL_ARGS, .text = SLICE("{}") });
	expect(&w, DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]"));
	/* one that comes late */
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .text = SLICE("SIG") });
	expect(&w, DELTA("\"tool_calls\":[{\"index\":0," GEMINI_STATE "}]"));
	/* one for a call that never began */
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .part = 7, .text = SLICE("SIG") });
	assert_true(holds(&w, "\"index\":1,\"id\":\"call_"));
	writer_done(&w);
}

#define PLAIN_START "\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":" \
	"{\"name\":\"f\",\"arguments\":\"\"}}]"

/* Any other event ends the waiting, also the end itself. */
static void test_waiting_ends(void **state)
{
	static const struct event next[] = {
		{ .kind = EVENT_PART_END }, { .kind = EVENT_OTHER }, { .kind = EVENT_USAGE },
			{ .kind = EVENT_END },
		{ .kind = EVENT_ERROR }, { .kind = EVENT_PART_END, .part = EVENT_NO_PART },
	};
	const struct event start = { .kind = EVENT_TOOL_START, .text = SLICE("call_1"), .extra = SLICE("f") };
	struct writer w;

	for (size_t i = 0; i < COUNT_OF(next); i++) {
		writer_init(&w, 65536);
		w.e.source = &like_gemini;
		put(&w, start);
		put(&w, next[i]);
		expect(&w, DELTA(ROLE PLAIN_START));
		put(&w, next[i]);
		expect(&w, "");
		writer_done(&w);
	}
	writer_init(&w, 65536);
	w.e.source = &like_gemini;
	put(&w, start);
	openai_encode_end(&w.e, &w.out);
	expect(&w, DELTA(ROLE PLAIN_START) "data: [DONE]\n\n");
	writer_done(&w);
}

/* Two calls at once: each gets its own chunk, the signature goes to its call. */
static void test_two_calls(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_gemini;
	put(&w, (struct event){ .kind = EVENT_TOOL_START, .text = SLICE("call_1"), .extra = SLICE("f") });
	put(&w, (struct event){ .kind = EVENT_TOOL_START, .part = 1, .text = SLICE("call_2"),
		.extra = SLICE("f") });
	expect(&w, DELTA(ROLE PLAIN_START));
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .text = SLICE("SIG") });
	assert_true(holds(&w, "\"id\":\"call_2\","));
	assert_true(holds(&w, "{\"index\":0," GEMINI_STATE "}"));
	writer_done(&w);
}

/* Others pay nothing for it, and the legacy form has no place for ids. */
static void test_no_waiting(void **state)
{
	const struct event start = { .kind = EVENT_TOOL_START, .text = SLICE("call_1"), .extra = SLICE("f") };
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_anthropic;
	put(&w, start);
	expect(&w, DELTA(ROLE PLAIN_START));
	writer_done(&w);

	writer_init(&w, 65536);
	w.e.source = &like_gemini;
	w.request.body = SLICE("{\"functions\":[{\"name\":\"f\"}]}");
	w.request.has_tools = true;
	put(&w, start);
	expect(&w, DELTA(ROLE "\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}"));
	put(&w, (struct event){ .kind = EVENT_SIGNATURE, .text = SLICE("SIG") });
	expect(&w, "");
	writer_done(&w);
}

/* --- beside the text ---------------------------------------------------------------------------------- */

static void test_beside(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	w.e.source = &like_anthropic;
	put(&w, (struct event){ .kind = EVENT_CITATION, .part = EVENT_NO_PART,
		.text = SLICE("{\"url\":\"u\",\"start_index\":0}"),
		.extra = SLICE("{\"type\":\"theirs\"}") });
	expect(&w, DELTA(ROLE "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"u\","
		"\"start_index\":0}}]"));
	put(&w, (struct event){ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = SLICE("AA\"=="),
		.extra = SLICE("image/webp") });
	expect(&w, DELTA("\"images\":[{\"type\":\"image_url\",\"image_url\":{"
		"\"url\":\"data:image/webp;base64,AA\\\"==\"},"
		"\"index\":0}]"));
	put(&w, (struct event){ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = SLICE("AA\"=="),
		.extra = SLICE("audio/L16") });
	expect(&w, DELTA("\"audio\":{\"data\":\"AA\\\"==\"}"));
	writer_done(&w);
}

/* As the first event of a choice they must still be a chunk that SDKs read. */
static void test_logprobs_first(void **state)
{
	struct writer w;

	writer_init(&w, 65536);
	put(&w, (struct event){ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART,
		.text = SLICE("[{\"token\":\"a\"}]") });
	expect(&w, HEAD "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":"
		"{\"content\":[{\"token\":\"a\"}],\"refusal\":null},\"finish_reason\":null}]}\n\n");
	writer_done(&w);
}

static void test_silent_events(void **state)
{
	static const enum event_kind silent[] = { EVENT_START, EVENT_OTHER, EVENT_ERROR, EVENT_END,
		EVENT_PART_END };
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
			? HEAD "],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}"
			"}\n\n"
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

/* The same for what is told beside the text, and for what must be remembered for it. */
static void test_no_room_beside(void **state)
{
	static const enum event_kind kinds[] = { EVENT_SIGNATURE, EVENT_REDACTED, EVENT_CITATION,
		EVENT_LOGPROBS, EVENT_MEDIA };
	static char text[1000];
	struct writer w;

	memset(text, 'A', sizeof(text));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		for (size_t max = 0; max < 8000; max += 97) {
			writer_init(&w, max);
			w.e.source = &like_gemini;
			put(&w, (struct event){ .kind = (uint8_t)kinds[i], .part = max % 2 ? EVENT_NO_PART : 0,
				.text = slice_of(text, sizeof(text)) });
			assert_true(w.e.err == ERR_OK || w.e.err == ERR_TOO_BIG);
			assert_true(w.e.err == ERR_OK ? buf_len(&w.out) > 1000 : buf_len(&w.out) == 0);
			writer_done(&w);
			writer_init(&w, 65536);
			w.e.source = &like_gemini;
			w.arena.limit = max;
			for (int n = 0; n < 20; n++)
				put(&w, (struct event){ .kind = (uint8_t)kinds[i], .part = EVENT_NO_PART,
					.text = slice_of(text, sizeof(text)) });
			assert_true(w.e.err == ERR_OK || w.e.err == ERR_TOO_BIG);
			writer_done(&w);
		}
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
		cmocka_unit_test(test_request_without_tree),
		cmocka_unit_test(test_signed_reasoning),
		cmocka_unit_test(test_other_state),
		cmocka_unit_test(test_signed_call),
		cmocka_unit_test(test_waiting_ends),
		cmocka_unit_test(test_two_calls),
		cmocka_unit_test(test_no_waiting),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_logprobs_first),
		cmocka_unit_test(test_silent_events),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_no_room_beside),
		cmocka_unit_test(test_arena_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
