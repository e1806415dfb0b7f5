/* Events that no decoder of this dialect makes, the array form, and room; what Gemini's own answers become is golden
 * pages (client-sse blocks). */
#include "unit.h"

#include "dialect/gemini_collect.h"
#include "dialect/gemini_encode.h"

struct writer {
	struct arena arena;
	struct request request;
	struct dialect_encode e;
	struct buf out;
	bool whole;
};

static void writer_init(struct writer *w, const struct dialect *source, enum request_framing framing)
{
	*w = (struct writer){ .request = { .model = SLICE("m"), .door = { .framing = framing } } };
	arena_init(&w->arena, 0);
	w->e = (struct dialect_encode){ .request = &w->request, .id = SLICE("r"), .source = source,
		.arena = &w->arena };
	buf_init(&w->out, 1 << 20);
}

static void writer_done(struct writer *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

static void put(struct writer *w, struct event ev)
{
	if (w->whole)
		gemini_collect(&w->e, &ev);
	else
		gemini_encode_event(&w->e, &ev, &w->out);
}

static void text(struct writer *w, enum event_kind kind, const char *s)
{
	put(w, (struct event){ .kind = (uint8_t)kind, .part = EVENT_NO_PART, .text = slice_str(s) });
}

static void call(struct writer *w, enum event_kind kind, uint16_t part, const char *s, const char *extra)
{
	put(w, (struct event){ .kind = (uint8_t)kind, .part = part, .text = slice_str(s), .extra = slice_str(extra) });
}

static void finish(struct writer *w, enum event_finish how, const char *word)
{
	put(w, (struct event){ .kind = EVENT_FINISH, .finish = (uint8_t)how, .text = slice_str(word) });
}

/* What is out, chunk by chunk, without the frame that all chunks have. */
static void expect(struct writer *w, const char *want)
{
	static const char tail[] = ",\"modelVersion\":\"m\",\"responseId\":\"r\"}";
	struct buf short_form;
	struct slice s = buf_slice(&w->out);

	buf_init(&short_form, 1 << 20);
	while (s.n) {
		char *at = memmem(s.p, s.n, tail, sizeof(tail) - 1);
		size_t n = at ? (size_t)(at - s.p) : s.n;
		buf_add(&short_form, slice_of(s.p, n));
		s = slice_skip(s, at ? n + sizeof(tail) - 1 : n);
	}
	if (!slice_eq(buf_slice(&short_form), slice_str(want)))
		fprintf(stderr, "%.*s\nnot\n%s\n", SLICE_ARG(buf_slice(&short_form)), want);
	assert_true(slice_eq(buf_slice(&short_form), slice_str(want)));
	buf_done(&short_form);
	buf_clear(&w->out);
}

#define PARTS(parts) "data: {\"candidates\":[{\"content\":{\"parts\":[" parts "],\"role\":\"model\"},\"index\":0}]\n\n"
#define LAST(end) "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"}" end "}]\n\n"

/* OpenAI's streams say no end of a call: it is out when the next begins, or the candidate ends. */
static void test_call_without_end(void **state)
{
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_SSE);
	call(&w, EVENT_TOOL_START, 0, "c1", "f");
	call(&w, EVENT_TOOL_ARGS, 0, "{\"a\":", "");
	call(&w, EVENT_TOOL_ARGS, 0, "1}", "");
	expect(&w, "");
	call(&w, EVENT_TOOL_START, 1, "c2", "g");
	expect(&w, PARTS("{\"functionCall\":{\"id\":\"c1\",\"name\":\"f\",\"args\":{\"a\":1}}}"));
	call(&w, EVENT_TOOL_ARGS, 1, "{ \"b\" : [ ] }", "");
	text(&w, EVENT_TEXT, "x");
	expect(&w, PARTS("{\"functionCall\":{\"id\":\"c2\",\"name\":\"g\",\"args\":{\"b\":[]}}}") PARTS("{\"text\""
		":\"x\"}"));
	call(&w, EVENT_TOOL_START, 2, "", "h");
	finish(&w, EVENT_FINISH_TOOL_CALLS, "tool_calls");
	expect(&w, PARTS("{\"functionCall\":{\"name\":\"h\",\"args\":{}}}"));
	gemini_encode_end(&w.e, &w.out);
	expect(&w, LAST(",\"finishReason\":\"STOP\",\"index\":0"));
	writer_done(&w);
}

/* Servers that write calls side by side: nothing is lost, the order stays. */
static void test_interleaved_calls(void **state)
{
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_SSE);
	call(&w, EVENT_TOOL_START, 0, "c1", "f");
	call(&w, EVENT_TOOL_START, 1, "c2", "g");
	call(&w, EVENT_TOOL_ARGS, 1, "{}", "");
	call(&w, EVENT_TOOL_ARGS, 0, "{\"a\":", "");
	call(&w, EVENT_PART_END, 1, "", "");
	text(&w, EVENT_TEXT, "x");
	expect(&w, PARTS("{\"text\":\"x\"}"));
	call(&w, EVENT_TOOL_ARGS, 0, "1}", "");
	call(&w, EVENT_PART_END, 0, "", "");
	expect(&w, PARTS("{\"functionCall\":{\"id\":\"c1\",\"name\":\"f\",\"args\":{\"a\":1}}}")
		PARTS("{\"functionCall\":{\"id\":\"c2\",\"name\":\"g\",\"args\":{}}}"));
	call(&w, EVENT_TOOL_ARGS, 0, "late", "");
	call(&w, EVENT_PART_END, 7, "", "");
	call(&w, EVENT_SIGNATURE, 7, "sig", "");
	finish(&w, EVENT_FINISH_STOP, "stop");
	expect(&w, "");
	writer_done(&w);
}

static void test_odd_arguments(void **state)
{
	static const char *const rows[][2] = { { "{\"a\":", "{\"_raw\":\"{\\\"a\\\":\"}" }, { "[1]",
		"{\"_raw\":\"[1]\"}" },
		{ "{\n\"a\" :\t1}", "{\"a\":1}" }, { " ", "{}" }, { "{\"a\":1}}", "{\"_raw\":\"{\\\"a\\\":1}}\"}" } };
	char want[256];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, &openai_chat, REQUEST_SSE);
		call(&w, EVENT_TOOL_ARGS, 4, rows[i][0], "");	/* without a start */
		finish(&w, EVENT_FINISH_LENGTH, "length");
		snprintf(want, sizeof(want), PARTS("{\"functionCall\":{\"name\":\"\",\"args\":%s}}"), rows[i][1]);
		expect(&w, want);
		gemini_encode_end(&w.e, &w.out);
		expect(&w, LAST(",\"finishReason\":\"MAX_TOKENS\",\"index\":0"));
		writer_done(&w);
	}
}

/* base64 of "weir1:a" and the state */
#define SIGNED "d2VpcjE6YXNpZw=="
/* the same, of thoughts before the part it stands on; and of thoughts that nobody may read */
#define LATE "d2VpcjE6YQF0AXNpZw=="
#define HIDDEN "d2VpcjE6YQFyAXNpZw=="
#define SIGNED_CALL(id, signature) "{\"functionCall\":{\"id\":\"" id "\",\"name\":\"f\",\"args\":{}}" \
	",\"thoughtSignature\":\"" signature "\"}"

static void test_foreign_state(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic_messages, REQUEST_SSE);
	text(&w, EVENT_REASONING, "hm");
	text(&w, EVENT_SIGNATURE, "sig");
	text(&w, EVENT_TEXT, "I see");
	expect(&w, PARTS("{\"text\":\"hm\",\"thought\":true}") PARTS("{\"text\":\"I see\"}"));
	call(&w, EVENT_TOOL_START, 0, "c1", "f");
	call(&w, EVENT_TOOL_START, 1, "c2", "f");
	call(&w, EVENT_SIGNATURE, 1, "sig", "");
	text(&w, EVENT_SIGNATURE, "");
	finish(&w, EVENT_FINISH_TOOL_CALLS, "tool_use");
	expect(&w, PARTS(SIGNED_CALL("c1", LATE)) PARTS(SIGNED_CALL("c2", SIGNED)));
	gemini_encode_end(&w.e, &w.out);
	expect(&w, LAST(",\"finishReason\":\"STOP\",\"index\":0"));
	writer_done(&w);
}

#define THOUGHT(signature) PARTS("{\"text\":\"\",\"thought\":true,\"thoughtSignature\":\"" signature "\"}")

/* Where no call follows: before more thoughts in an empty one, at the end beside the reason. */
static void test_foreign_state_without_call(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic_messages, REQUEST_SSE);
	text(&w, EVENT_SIGNATURE, "sig");
	expect(&w, "");
	text(&w, EVENT_REDACTED, "sig");
	expect(&w, THOUGHT(LATE));
	text(&w, EVENT_REASONING, "hm");
	expect(&w, THOUGHT(HIDDEN) PARTS("{\"text\":\"hm\",\"thought\":true}"));
	text(&w, EVENT_SIGNATURE, "sig");
	text(&w, EVENT_TEXT, "x");
	expect(&w, PARTS("{\"text\":\"x\"}"));
	finish(&w, EVENT_FINISH_STOP, "end_turn");
	gemini_encode_end(&w.e, &w.out);
	expect(&w, "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\",\"thoughtSignature\":\"" LATE
		"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}]\n\n");
	writer_done(&w);
}

/* A call with state of its own leaves what it carried to the next. */
static void test_foreign_state_of_both(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic_messages, REQUEST_SSE);
	text(&w, EVENT_REDACTED, "sig");
	call(&w, EVENT_TOOL_START, 0, "c1", "f");
	call(&w, EVENT_SIGNATURE, 0, "sig", "");
	call(&w, EVENT_TOOL_START, 1, "c2", "f");
	finish(&w, EVENT_FINISH_TOOL_CALLS, "tool_use");
	expect(&w, PARTS(SIGNED_CALL("c1", SIGNED)) PARTS(SIGNED_CALL("c2", HIDDEN)));
	writer_done(&w);
}

static void test_foreign_state_whole(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic_messages, REQUEST_SSE);
	w.whole = true;
	text(&w, EVENT_REASONING, "a");
	text(&w, EVENT_REASONING, "b");
	text(&w, EVENT_SIGNATURE, "sig");
	text(&w, EVENT_REASONING, "c");
	text(&w, EVENT_TEXT, "t");
	text(&w, EVENT_SIGNATURE, "sig");
	text(&w, EVENT_REFUSAL, "no");
	gemini_collect_write(&w.e, &w.out);
	expect(&w, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ab\",\"thought\":true,\"thoughtSignature"
		"\":\"" SIGNED "\"},"
		"{\"text\":\"c\",\"thought\":true},{\"text\":\"tno\",\"thoughtSignature\":\"" LATE "\"}]"
		",\"role\":\"model\"},\"index\":0}]");
	writer_done(&w);
}

static void test_foreign_state_whole_calls(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic_messages, REQUEST_SSE);
	w.whole = true;
	text(&w, EVENT_REDACTED, "sig");
	text(&w, EVENT_REASONING, "a");
	text(&w, EVENT_SIGNATURE, "sig");
	text(&w, EVENT_REDACTED, "sig");
	text(&w, EVENT_TEXT, "t");
	call(&w, EVENT_TOOL_START, 0, "c1", "f");
	text(&w, EVENT_SIGNATURE, "sig");
	gemini_collect_write(&w.e, &w.out);
	expect(&w, "{\"candidates\":[{\"content\":{\"parts\":["
		"{\"text\":\"\",\"thought\":true,\"thoughtSignature\":\"" HIDDEN "\"},"
		"{\"text\":\"a\",\"thought\":true,\"thoughtSignature\":\"" SIGNED "\"},{\"text\":\"t\"},"
		SIGNED_CALL("c1", HIDDEN) ",{\"text\":\"\",\"thoughtSignature\":\"" LATE "\"}],\"role\":\"model\"},"
		"\"index\":0}]");
	writer_done(&w);
}

/* A word of another provider is no word for Gemini's SDKs.  The first end counts; one without a word is none. */
static void test_finish(void **state)
{
	static const struct {
		enum event_finish how;
		const char *word, *want;
	} rows[] = {
		{ EVENT_FINISH_STOP, "stop", ",\"finishReason\":\"STOP\"" }, { EVENT_FINISH_LENGTH, "length",
			",\"finishReason\":\"MAX_TOKENS\"" },
		{ EVENT_FINISH_FILTER, "RECITATION", ",\"finishReason\":\"SAFETY\"" },
		{ EVENT_FINISH_FUNCTION, "function_call", ",\"finishReason\":\"STOP\"" },
		{ EVENT_FINISH_UNKNOWN, "weird", ",\"finishReason\":\"OTHER\",\"finishMessage\":\"weird\"" },
		{ EVENT_FINISH_UNKNOWN, "", "" },
	};
	char want[256];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, &openai_chat, REQUEST_SSE);
		finish(&w, rows[i].how, rows[i].word);
		finish(&w, EVENT_FINISH_STOP, "again");
		gemini_encode_end(&w.e, &w.out);
		snprintf(want, sizeof(want), LAST("%s,\"index\":0"), rows[i].want[0] ? rows[i].want
			: ",\"finishReason\":\"STOP\"");
		expect(&w, want);
		writer_done(&w);
	}
}

static void test_silent_events(void **state)
{
	static const enum event_kind silent[] = { EVENT_OTHER, EVENT_ERROR, EVENT_END, EVENT_VECTOR,
		EVENT_PART_END, EVENT_START };
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_SSE);
	for (size_t i = 0; i < COUNT_OF(silent); i++)
		put(&w, (struct event){ .kind = (uint8_t)silent[i], .part = EVENT_NO_PART });
	expect(&w, "");
	gemini_encode_end(&w.e, &w.out);
	expect(&w, "");
	writer_done(&w);
}

/* Characters become bytes; what names no address has no place. */
static void test_citations(void **state)
{
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_SSE);
	text(&w, EVENT_TEXT, "ü und ü");
	buf_clear(&w.out);
	text(&w, EVENT_CITATION, "{\"url\":\"https://a.example\",\"title\":\"A\",\"start_index\":2,\"end_index\":5}");
	text(&w, EVENT_CITATION, "{\"url\":\"https://b.example\",\"start_index\":2,\"end_index\":500}");
	text(&w, EVENT_CITATION, "{\"title\":\"none\"}");
	text(&w, EVENT_CITATION, "nonsense");
	gemini_encode_end(&w.e, &w.out);
	expect(&w, LAST(",\"index\":0,\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"https://a.ex"
		"ample\",\"title\":\"A\"}},"
		"{\"web\":{\"uri\":\"https://b.example\"}}],\"groundingSupports\":[{\"segment\":{\"startIndex\":3,"
			"\"endIndex\":6},"
		"\"groundingChunkIndices\":[0]},{\"segment\":{},\"groundingChunkIndices\":[1]}]}"));
	writer_done(&w);
}

/* Usage from others: thoughts are part of the completion, and one number may be absurd. */
static void test_usage(void **state)
{
	static const struct {
		struct usage usage;
		const char *want;
	} rows[] = {
		{ { 10, 30, 4, 2, 20 },
			"{\"promptTokenCount\":10,\"cachedContentTokenCount\":4,\"candidatesTokenCount\":10,"
			"\"thoughtsTokenCount\":20,\"totalTokenCount\":40}" },
		{ { 10, 5, -1, -1, 20 },
			"{\"promptTokenCount\":10,\"candidatesTokenCount\":0,\"thoughtsTokenCount\":5,\"totalToken"
				"Count\":15}" },
		{ { -1, -1, -1, -1, -1 }, "{\"promptTokenCount\":0,\"candidatesTokenCount\":0,\"totalTokenCount\":0}" },
		{ { INT64_MAX, 1, 0, 0, 0 }, "{\"promptTokenCount\":9223372036854775807,\"candidatesTokenCount\":1,"
			"\"totalTokenCount\":9223372036854775807}" },
	};
	char want[512];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, &openai_chat, REQUEST_SSE);
		put(&w, (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&rows[i].usage) });
		gemini_encode_end(&w.e, &w.out);
		snprintf(want, sizeof(want), "data: {\"candidates\":[],\"usageMetadata\":%s\n\n", rows[i].want);
		expect(&w, want);
		writer_done(&w);
	}
}

/* --- the array ------------------------------------------------------------------------------------------ */

static void test_array(void **state)
{
	struct fault fault = { .err = ERR_UP_OVERLOADED };
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_JSON_ARRAY);
	text(&w, EVENT_TEXT, "a");
	expect(&w, "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}],\"role\":\"model\"},\"index\":0}]");
	text(&w, EVENT_TEXT, "b");
	expect(&w, ",\r\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}],\"role\":\"model\"},\"index\""
		":0}]");
	finish(&w, EVENT_FINISH_STOP, "stop");
	gemini_encode_end(&w.e, &w.out);
	expect(&w, ",\r\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishRe"
		"ason\":\"STOP\",\"index\":0}]]");
	gemini_encode_error(&w.e, &fault, &w.out);
	assert_true(slice_starts(buf_slice(&w.out), SLICE(",\r\n{\"error\":{\"code\":503,")));
	assert_slice(slice_skip(buf_slice(&w.out), buf_len(&w.out) - 3), "}}]");
	writer_done(&w);
}

static void test_array_of_nothing(void **state)
{
	struct fault fault = { .err = ERR_UP_OVERLOADED };
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_JSON_ARRAY);
	gemini_encode_error(&w.e, &fault, &w.out);
	assert_true(slice_starts(buf_slice(&w.out), SLICE("[{\"error\":{\"code\":503,")));
	buf_clear(&w.out);
	gemini_encode_end(&w.e, &w.out);
	expect(&w, "[]");
	writer_done(&w);
}

static void raw(struct writer *w, enum event_kind kind, const char *bytes)
{
	put(w, (struct event){ .kind = (uint8_t)kind, .text = SLICE("x"), .first_of_raw = bytes[0] != '\0',
		.raw = slice_str(bytes) });
}

/* A Gemini provider's own chunks, whatever frames them. */
static void test_array_passes(void **state)
{
	struct writer w;

	writer_init(&w, &gemini_generate, REQUEST_JSON_ARRAY);
	raw(&w, EVENT_START, ": comment\r\nevent: x\r\ndata:{\"a\":\r\ndata: 1}\r\n\r\n");
	raw(&w, EVENT_TEXT, "");
	raw(&w, EVENT_OTHER, "data: {\"b\":2}\r\r");
	raw(&w, EVENT_OTHER, ": nothing\n\n");
	raw(&w, EVENT_OTHER, " {\"c\":3}\n");
	raw(&w, EVENT_OTHER, "[{\"d\":4} , {\"e\":5}]");
	raw(&w, EVENT_ERROR, "data: {\"error\":{}}\n\n");
	gemini_encode_end(&w.e, &w.out);
	expect(&w, "[{\"a\":1},\r\n{\"b\":2},\r\n{\"c\":3},\r\n{\"d\":4} , {\"e\":5}]");
	writer_done(&w);
}

static void test_error_as_event(void **state)
{
	struct fault fault = { .err = ERR_UP_OVERLOADED };
	struct writer w;

	writer_init(&w, &openai_chat, REQUEST_SSE);
	gemini_encode_error(&w.e, &fault, &w.out);
	/* google-genai looks for just this */
	assert_true(slice_starts(buf_slice(&w.out), SLICE("data: {\"error\":{")));
	writer_done(&w);
}

/* --- room ----------------------------------------------------------------------------------------------- */

static void play(struct writer *w)
{
	text(w, EVENT_TEXT, "text \n \"quoted\"");
	text(w, EVENT_REASONING, "hm");
	text(w, EVENT_SIGNATURE, "sig");
	call(w, EVENT_TOOL_START, 0, "c1", "f");
	call(w, EVENT_TOOL_ARGS, 0, "{\"a\":1}", "");
	call(w, EVENT_PART_END, 0, "", "");
	text(w, EVENT_LOGPROBS, "[{\"token\":\"t\",\"logprob\":-1,\"top_logprobs\":[]}]");
	text(w, EVENT_CITATION, "{\"url\":\"https://a.example\"}");
	put(w, (struct event){ .kind = EVENT_MEDIA, .text = SLICE("AAAA"), .extra = SLICE("image/png") });
	finish(w, EVENT_FINISH_STOP, "stop");
	if (w->whole)
		gemini_collect_write(&w->e, &w->out);
	else
		gemini_encode_end(&w->e, &w->out);
}

/* Only whole frames are out, and the lack is told. */
static void test_no_room(void **state)
{
	struct writer full;

	for (int mode = 0; mode < 3; mode++) {
		writer_init(&full, &anthropic_messages, mode == 2 ? REQUEST_JSON_ARRAY : REQUEST_SSE);
		full.whole = mode == 1;
		play(&full);
		assert_int_equal(full.e.err, ERR_OK);
		for (size_t max = 0; max < buf_len(&full.out); max += 3) {
			struct writer w;
			writer_init(&w, &anthropic_messages, full.request.door.framing);
			buf_done(&w.out);
			buf_init(&w.out, max);
			w.whole = full.whole;
			play(&w);
			assert_int_equal(w.e.err, ERR_TOO_BIG);
			assert_true(slice_starts(buf_slice(&full.out), buf_slice(&w.out)));
			if (mode == 0 && buf_len(&w.out))
				assert_slice(slice_skip(buf_slice(&w.out), buf_len(&w.out) - 2), "\n\n");
			if (mode == 1)
				assert_int_equal(buf_len(&w.out), 0);
			writer_done(&w);
		}
		writer_done(&full);
	}
}

static void test_no_arena(void **state)
{
	struct writer w;

	for (size_t limit = 1; limit < 40000; limit += 500)
		for (int whole = 0; whole < 2; whole++) {
			writer_init(&w, &anthropic_messages, REQUEST_SSE);
			w.arena.limit = limit;
			w.whole = whole;
			play(&w);
			assert_true(w.e.err == ERR_OK || w.e.err == ERR_TOO_BIG);
			writer_done(&w);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_without_end), cmocka_unit_test(test_interleaved_calls),
		cmocka_unit_test(test_odd_arguments), cmocka_unit_test(test_foreign_state),
		cmocka_unit_test(test_foreign_state_without_call),
		cmocka_unit_test(test_foreign_state_of_both),
		cmocka_unit_test(test_foreign_state_whole_calls),
		cmocka_unit_test(test_foreign_state_whole), cmocka_unit_test(test_finish),
			cmocka_unit_test(test_silent_events),
		cmocka_unit_test(test_citations), cmocka_unit_test(test_usage), cmocka_unit_test(test_array),
		cmocka_unit_test(test_array_of_nothing), cmocka_unit_test(test_array_passes),
			cmocka_unit_test(test_error_as_event),
		cmocka_unit_test(test_no_room), cmocka_unit_test(test_no_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
