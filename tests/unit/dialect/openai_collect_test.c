/* Growth and room; usual answers are golden pages (client-json blocks). */
#include "unit.h"

#include "dialect/openai_collect.h"

static void collect_many(struct dialect_encode *e, size_t n)
{
	char piece[32];

	for (size_t i = 0; i < n; i++) {
		int len = snprintf(piece, sizeof(piece), "%zu,", i);
		struct event text = { .kind = EVENT_TEXT, .text = slice_of(piece, (size_t)len) }, args = text;
		args.kind = EVENT_TOOL_ARGS;
		args.part = (uint16_t)(i % 3);
		openai_collect(e, &text);
		openai_collect(e, &args);
	}
}

static void test_grows(void **state)
{
	struct arena a;
	struct buf out;
	yyjson_doc *doc;

	arena_init(&a, 0);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a };
	collect_many(&e, 20000);
	openai_collect_write(&e, &out);
	assert_int_equal(e.err, ERR_OK);
	assert_int_equal(json_parse(&a, buf_slice(&out), &doc, NULL), ERR_OK);
	yyjson_val *choice = yyjson_arr_get_first(json_arr(yyjson_doc_get_root(doc), "choices"));
	struct slice text = json_str(json_obj(choice, "message"), "content"), piece;
	uint64_t n = 0, v;
	while (slice_next(&text, ',', &piece)) {
		assert_true(slice_u64(piece, &v) && v == n);
		n++;
	}
	assert_int_equal(n, 20000);
	assert_int_equal(yyjson_arr_size(json_arr(json_obj(choice, "message"), "tool_calls")), 3);
	buf_done(&out);
	arena_done(&a);
}

/* Past the arena's limit: an error, and nothing is written as if it were the answer. */
static void test_arena_limit(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 65536);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .id = SLICE("own"), .arena = &a };
	collect_many(&e, 50000);
	assert_int_equal(e.err, ERR_TOO_BIG);
	assert_true(a.used <= 65536);
	openai_collect_write(&e, &out);
	assert_int_equal(buf_len(&out), 0);
	buf_done(&out);
	arena_done(&a);
}

/* An output buffer that is too small is an error and no crash, wherever it ends. */
static void test_no_room(void **state)
{
	struct arena a;
	struct buf out;

	for (size_t max = 0; max < 4000; max += 61) {
		arena_init(&a, 0);
		buf_init(&out, max);
		struct dialect_encode e = { .id = SLICE("own"), .arena = &a };
		collect_many(&e, 100);
		openai_collect_write(&e, &out);
		assert_true(e.err == ERR_OK || e.err == ERR_TOO_BIG);
		bool is_whole = buf_len(&out) > 900 && out.p[out.n - 1] == '}';
		assert_int_equal(e.err == ERR_OK, is_whole);
		buf_done(&out);
		arena_done(&a);
	}
}

static const struct dialect like_anthropic = { .name = "a", .tag = 'a', .family = DIALECT_ANTHROPIC };
static const struct dialect like_gemini = { .name = "g", .tag = 'g', .family = DIALECT_GEMINI };
static const struct dialect like_responses = { .name = "r", .tag = 'r', .family = DIALECT_OPENAI };

#define BLOCK(thinking) "{\"type\":\"thinking\",\"thinking\":\"" thinking "\",\"signature\":\"d2VpcjE6YVNJRw==\"}"
#define HEAD "{\"id\":\"own\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"\",\"choices\":[{\"index\":0," \
	"\"message\":{\"role\":\"assistant\","

static void check(const struct dialect *source, const struct event *events, size_t n, const char *want)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 65536);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a, .source = source };
	for (size_t i = 0; i < n; i++)
		openai_collect(&e, &events[i]);
	openai_collect_write(&e, &out);
	assert_int_equal(e.err, ERR_OK);
	assert_slice(buf_slice(&out), want);
	buf_done(&out);
	arena_done(&a);
}

/* Each signature with its own text; what nobody signed stands behind. */
static void test_signed_reasoning(void **state)
{
	static const struct event events[] = {
		{ .kind = EVENT_REASONING, .text = { "a", 1 } },
		{ .kind = EVENT_REASONING, .text = { "b", 1 } },
		{ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = { "SIG", 3 } },
		{ .kind = EVENT_REDACTED, .part = EVENT_NO_PART, .text = { "SIG", 3 }, .extra = { "i", 1 } },
		{ .kind = EVENT_REASONING, .text = { "c", 1 } },
		{ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART, .text = { "SIG", 3 } },
		{ .kind = EVENT_REASONING, .text = { "d", 1 } }, { .kind = EVENT_TEXT, .text = { "x", 1 } },
	};

	check(&like_anthropic, events, COUNT_OF(events),
		HEAD "\"content\":\"x\",\"refusal\":null,\"reasoning_content\":\"abcd\","
		"\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"ab\","
		"\"signature\":\"d2VpcjE6YVNJRw==\","
		"\"format\":\"anthropic-claude-v1\",\"index\":0},{\"type\":\"reasoning.encrypted\","
		"\"data\":\"d2VpcjE6YVNJRw==\","
		"\"id\":\"i\",\"format\":\"anthropic-claude-v1\",\"index\":1},{\"type\":\"reasoning.text\","
		"\"text\":\"c\","
		"\"signature\":\"d2VpcjE6YVNJRw==\",\"format\":\"anthropic-claude-v1\",\"index\":2},"
		"{\"type\":\"reasoning.text\",\"text\":\"d\",\"index\":3}],\"thinking_blocks\":["
		BLOCK("ab") ",{\"type\":\"redacted_thinking\",\"data\":\"d2VpcjE6YVNJRw==\"}," BLOCK("c")
		"]},\"logprobs\":null,"
		"\"finish_reason\":null}]}");
	check(&like_responses, events, 3,
		HEAD "\"content\":\"\",\"refusal\":null,\"reasoning_content\":\"ab\","
		"\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"d2VpcjE6clNJRw==\","
		"\"format\":\"openai-responses-v1\",\"index\":0}]},\"logprobs\":null,\"finish_reason\":null}"
		"]}");
}

static void test_signed_call(void **state)
{
	static const struct event events[] = {
		{ .kind = EVENT_TOOL_START, .text = { "call_1", 6 }, .extra = { "f", 1 } },
		{ .kind = EVENT_TOOL_ARGS, .text = { "{}", 2 } },
		{ .kind = EVENT_SIGNATURE, .text = { "SIG", 3 } },
	};

	check(&like_gemini, events, COUNT_OF(events),
		HEAD "\"content\":null,\"refusal\":null,\"tool_calls\":[{"
		"\"id\":\"call_1__thought__d2VpcjE6Z1NJRw==\",\"extra_content\":{\"google\":{"
		"\"thought_signature\":"
		"\"d2VpcjE6Z1NJRw==\"}},\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}"
		"\"}}]},"
		"\"logprobs\":null,\"finish_reason\":null}]}");
}

/* Sound comes in pieces that each end in padding; lists grow by elements. */
static void test_beside(void **state)
{
	static const struct event events[] = {
		{ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = { "QQ==", 4 },
			.extra = { "audio/L16;rate=24000", 20 } },
		{ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = { "QkM=", 4 },
			.extra = { "audio/L16;rate=24000", 20 } },
		{ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = { "no base64", 9 },
			.extra = { "audio/L16", 9 } },
		{ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART, .text = { "[{\"token\":\"a\"}]", 15 } },
		{ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART, .text = { " [ ] ", 5 } },
		{ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART, .text = { "[{\"token\":\"b\"}]", 15 } },
		{ .kind = EVENT_CITATION, .part = EVENT_NO_PART, .text = { "{\"url\":\"u\"}", 11 } },
		{ .kind = EVENT_CITATION, .part = EVENT_NO_PART, .text = { "{\"url\":\"v\"}", 11 } },
	};

	check(&like_gemini, events, COUNT_OF(events),
		HEAD "\"content\":\"\",\"refusal\":null,\"annotations\":["
		"{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"u\"}},{\"type\":\"url_citation\","
		"\"url_citation\":{\"url\":\"v\"}}],"
		"\"audio\":{\"id\":\"own\",\"data\":\"QUJD\",\"transcript\":\"\",\"expires_at\":7}},"
		"\"logprobs\":{\"content\":["
		"{\"token\":\"a\"},{\"token\":\"b\"}],\"refusal\":null},\"finish_reason\":null}]}");
}

static void test_empty(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a };
	openai_collect_write(&e, &out);
	assert_slice(buf_slice(&out), "{\"id\":\"own\",\"object\":\"chat.completion\",\"created\":7,"
		"\"model\":\"\","
		"\"choices\":[]}");
	buf_done(&out);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_signed_reasoning),
		cmocka_unit_test(test_signed_call),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
