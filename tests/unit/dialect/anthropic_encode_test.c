/* Events of other dialects' decoders, and room; streams of its own are golden pages (client-sse blocks). */
#include "unit.h"

#include "dialect/anthropic_encode.h"
#include "dialect/anthropic_seal.h"

struct writer {
	struct arena arena;
	struct request request;
	struct dialect source;
	struct dialect_encode e;
	struct buf out;
};

static struct writer w;

static void open_writer(size_t max)
{
	w = (struct writer){ .request = { .model = SLICE("asked"), .prompt_tok = 9 },
		.source = { .tag = 'g', .family = DIALECT_GEMINI } };
	arena_init(&w.arena, 0);
	w.e = (struct dialect_encode){ .request = &w.request, .id = SLICE("own"), .created_s = 7, .arena = &w.arena,
		.source = &w.source };
	buf_init(&w.out, max);
}

static void close_writer(void)
{
	buf_done(&w.out);
	arena_done(&w.arena);
}

static void put(enum event_kind kind, uint16_t part, const char *text, const char *extra)
{
	anthropic_encode_event(&w.e, &(struct event){ .kind = (uint8_t)kind, .part = part, .text = slice_str(text),
		.extra = slice_str(extra) }, &w.out);
}

static void put_text(const char *text)
{
	put(EVENT_TEXT, 0, text, "");
}

static void finish(enum event_finish finish, const char *word)
{
	anthropic_encode_event(&w.e, &(struct event){ .kind = EVENT_FINISH, .finish = (uint8_t)finish,
		.text = slice_str(word) }, &w.out);
	anthropic_encode_end(&w.e, &w.out);
}

/* The stream in short: "start", "0+text", "0:Hi", "0-", "tool_use 7/12". */
static char *gist(void)
{
	static char text[65536];
	struct slice rest = buf_slice(&w.out), line;
	struct arena a;
	size_t n = 0;

	arena_init(&a, 0);
	text[0] = '\0';
	while (rest.n) {
		line = slice_of(rest.p, slice_find(rest, '\n'));
		rest = slice_skip(rest, line.n + 1);
		if (!slice_starts(line, SLICE("data: ")))
			continue;
		yyjson_doc *doc;
		assert_int_equal(json_parse(&a, slice_skip(line, 6), &doc, NULL), ERR_OK);
		yyjson_val *root = yyjson_doc_get_root(doc), *block = json_obj(root, "content_block"),
			*delta = json_obj(root, "delta"), *usage = json_obj(root, "usage");
		struct slice type = json_str(root, "type");
		int index = (int)json_int(root, "index", -1);
		char *at = text + n;
		size_t room = sizeof(text) - n;
		if (slice_eq(type, SLICE("message_start")))
			snprintf(at, room, "start ");
		else if (slice_eq(type, SLICE("content_block_start")))
			snprintf(at, room, "%d+%.*s%.*s%.*s ", index, SLICE_ARG(json_str(block, "type")),
				SLICE_ARG(json_str(block, "name")), SLICE_ARG(json_str(block, "data")));
		else if (slice_eq(type, SLICE("content_block_delta")))
			snprintf(at, room, "%d:%.*s%.*s%.*s%.*s%s ", index, SLICE_ARG(json_str(delta, "text")),
				SLICE_ARG(json_str(delta, "thinking")), SLICE_ARG(json_str(delta, "partial_json")),
				SLICE_ARG(json_str(delta, "signature")), json_obj(delta, "citation") ? "citation" : "");
		else if (slice_eq(type, SLICE("content_block_stop")))
			snprintf(at, room, "%d- ", index);
		else if (slice_eq(type, SLICE("message_delta")))
			snprintf(at, room, "%.*s %d/%d ", SLICE_ARG(json_str(delta, "stop_reason")),
				(int)json_int(usage, "input_tokens", -1), (int)json_int(usage, "output_tokens", -1));
		else
			snprintf(at, room, "stop");
		n += strlen(at);
	}
	arena_done(&a);
	return text;
}

static bool wrote(const char *piece)
{
	return memmem(w.out.p, w.out.n, piece, strlen(piece)) != NULL;
}

/* --- order ---------------------------------------------------------------------------------------------- */

static void test_text(void **state)
{
	open_writer(65536);
	put(EVENT_START, 0, "id", "model");
	assert_int_equal(buf_len(&w.out), 0);
	put_text("Hel");
	put_text("lo");
	assert_string_equal(gist(), "start 0+text 0:Hel 0:lo ");
	finish(EVENT_FINISH_STOP, "stop");
	assert_string_equal(gist(), "start 0+text 0:Hel 0:lo 0- end_turn 9/0 stop");
	close_writer();
}

static void test_reasoning_then_text(void **state)
{
	open_writer(65536);
	put(EVENT_REASONING, 0, "hm", "");
	put_text("a");
	put(EVENT_REFUSAL, 0, "no", "");
	put(EVENT_REASONING, 0, "hm", "");
	finish(EVENT_FINISH_FILTER, "content_filter");
	assert_string_equal(gist(), "start 0+thinking 0:hm 0- 1+text 1:a 1:no 1- 2+thinking 2:hm 2- refusal 9/0 stop");
	close_writer();
}

/* The usual stream of OpenAI: one call after the other, each written as it comes. */
static void test_calls(void **state)
{
	open_writer(65536);
	put(EVENT_TOOL_START, 0, "c1", "f");
	put(EVENT_TOOL_ARGS, 0, "{\"a\":\"}", "");
	put(EVENT_TOOL_ARGS, 0, "\\\"\"}", "");
	put(EVENT_TOOL_START, 1, "c2", "g");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\":\"} 0:\\\"\"} 0- ");
	put(EVENT_TOOL_ARGS, 1, "{}", "");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\":\"} 0:\\\"\"} 0- 1+tool_useg 1:{} ");
	finish(EVENT_FINISH_TOOL_CALLS, "tool_calls");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\":\"} 0:\\\"\"} 0- 1+tool_useg 1:{} 1- tool_use "
		"9/0 stop");
	close_writer();
}

/* Fragments of the later call wait until the first one's are complete. */
static void test_interleaved(void **state)
{
	open_writer(65536);
	put(EVENT_TOOL_START, 0, "c1", "f");
	put(EVENT_TOOL_START, 1, "c2", "g");
	put(EVENT_TOOL_ARGS, 1, "{\"b\":", "");
	put(EVENT_TOOL_ARGS, 0, "{\"a\"", "");
	put(EVENT_TOOL_ARGS, 1, "2}", "");
	put_text("and");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\" ");
	put(EVENT_TOOL_ARGS, 0, ":1}", "");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\" 0::1} 0- 1+tool_useg 1:{\"b\":2} 1- 2+text 2:and ");
	finish(EVENT_FINISH_TOOL_CALLS, "tool_calls");
	assert_non_null(strstr(gist(), "2- tool_use 9/0 stop"));
	close_writer();
}

/* Arguments that never become whole JSON do not hold up the end; late ones of a closed call are left out. */
static void test_incomplete(void **state)
{
	open_writer(65536);
	put(EVENT_TOOL_START, 0, "c1", "f");
	put(EVENT_TOOL_ARGS, 0, "{\"a\":", "");
	put(EVENT_TOOL_START, 1, "c2", "g");
	put(EVENT_TOOL_ARGS, 1, "{}", "");
	finish(EVENT_FINISH_LENGTH, "length");
	assert_string_equal(gist(), "start 0+tool_usef 0:{\"a\": 0- 1+tool_useg 1:{} 1- max_tokens 9/0 stop");
	close_writer();

	open_writer(65536);
	put(EVENT_TOOL_START, 0, "c1", "f");
	put(EVENT_TOOL_ARGS, 0, "{}", "");
	put_text("a");
	put(EVENT_TOOL_ARGS, 0, "{\"late\":1}", "");
	put(EVENT_TOOL_START, 0, "c1", "f");
	finish(EVENT_FINISH_STOP, "stop");
	assert_string_equal(gist(), "start 0+tool_usef 0:{} 0- 1+text 1:a 1- tool_use 9/0 stop");
	close_writer();
}

static void test_part_end(void **state)
{
	open_writer(65536);
	put_text("a");
	put(EVENT_PART_END, EVENT_NO_PART, "", "");
	put(EVENT_PART_END, EVENT_NO_PART, "", "");
	assert_string_equal(gist(), "start 0+text 0:a 0- ");
	put_text("b");
	put(EVENT_TOOL_START, 0, "c", "f");
	put(EVENT_PART_END, 0, "", "");
	assert_string_equal(gist(), "start 0+text 0:a 0- 1+text 1:b 1- 2+tool_usef 2- ");
	put(EVENT_PART_END, 7, "", "");
	close_writer();
}

/* Arguments without a start, and calls without an id: clients need one to send back. */
static void test_odd_calls(void **state)
{
	open_writer(65536);
	put(EVENT_TOOL_ARGS, 9, "{}", "");
	put(EVENT_TOOL_START, 3, "", "g");
	finish(EVENT_FINISH_TOOL_CALLS, "tool_calls");
	assert_string_equal(gist(), "start 0+tool_use 0:{} 0- 1+tool_useg 1- tool_use 9/0 stop");
	assert_true(wrote("\"id\":\"toolu_"));
	close_writer();
}

static void test_other_choices(void **state)
{
	open_writer(65536);
	put_text("a");
	anthropic_encode_event(&w.e, &(struct event){ .kind = EVENT_TEXT, .choice = 1, .text = SLICE("b") }, &w.out);
	anthropic_encode_event(&w.e, &(struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_LENGTH,
		.choice = 1 },
		&w.out);
	finish(EVENT_FINISH_STOP, "stop");
	assert_string_equal(gist(), "start 0+text 0:a 0- end_turn 9/0 stop");
	close_writer();
}

static void test_silent(void **state)
{
	static const enum event_kind kinds[] = { EVENT_LOGPROBS, EVENT_MEDIA, EVENT_VECTOR, EVENT_OTHER,
		EVENT_ERROR, EVENT_END,
		EVENT_USAGE, EVENT_START };

	open_writer(65536);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		put(kinds[i], EVENT_NO_PART, "x", "y");
	assert_int_equal(buf_len(&w.out), 0);
	close_writer();
}

/* --- state ---------------------------------------------------------------------------------------------- */

static struct anthropic_seal seal_in_stream(const char *before)
{
	char *p = memmem(w.out.p, w.out.n, before, strlen(before));

	assert_non_null(p);
	p += strlen(before);
	return anthropic_seal_read(&w.arena, slice_of(p, slice_find(slice_of(p, 4096), '"')));
}

#define SIGNATURE "\"type\":\"signature_delta\",\"signature\":\""

/* Before the call, in a block of its own. */
static void test_call_signature(void **state)
{
	open_writer(65536);
	put_text("a");
	put(EVENT_TOOL_START, 0, "c", "f");
	assert_string_equal(gist(), "start 0+text 0:a 0- ");
	put(EVENT_SIGNATURE, 0, "SIG", "");
	put(EVENT_TOOL_ARGS, 0, "{}", "");
	struct anthropic_seal s = seal_in_stream(SIGNATURE);
	assert_true(s.is_call && s.seal.origin == 'g');
	assert_slice(s.seal.bytes, "SIG");
	finish(EVENT_FINISH_TOOL_CALLS, "STOP");
	assert_non_null(strstr(gist(), "1- 2+tool_usef 2:{} 2- tool_use"));
	close_writer();
}

/* Too late: the call is out. */
static void test_late_signature(void **state)
{
	open_writer(65536);
	put(EVENT_TOOL_START, 0, "c", "f");
	put(EVENT_TOOL_ARGS, 0, "{}", "");
	put(EVENT_SIGNATURE, 0, "SIG", "");
	put(EVENT_SIGNATURE, 5, "SIG", "");
	finish(EVENT_FINISH_TOOL_CALLS, "STOP");
	assert_string_equal(gist(), "start 0+tool_usef 0:{} 0- tool_use 9/0 stop");
	close_writer();
}

static void test_reasoning_signature(void **state)
{
	open_writer(65536);
	put(EVENT_REASONING, 0, "hm", "");
	put(EVENT_SIGNATURE, EVENT_NO_PART, "SIG", "rs_1");
	put(EVENT_REASONING, 0, "more", "");
	struct anthropic_seal s = seal_in_stream(SIGNATURE);
	assert_true(!s.is_call && s.seal.origin == 'g');
	assert_slice(s.seal.bytes, "SIG");
	assert_slice(s.id, "rs_1");
	assert_non_null(strstr(gist(), " 0- 1+thinking 1:more "));
	close_writer();
}

/* Of text: a block without text carries it. */
static void test_text_signature(void **state)
{
	open_writer(65536);
	put_text("a");
	put(EVENT_SIGNATURE, EVENT_NO_PART, "SIG", "");
	put_text("b");
	assert_non_null(strstr(gist(), "start 0+text 0:a 0- 1+thinking 1:"));
	assert_non_null(strstr(gist(), " 1- 2+text 2:b "));
	put(EVENT_SIGNATURE, EVENT_NO_PART, "", "");
	assert_null(strstr(gist(), "3+"));
	close_writer();
}

static void test_redacted(void **state)
{
	open_writer(65536);
	put(EVENT_REDACTED, EVENT_NO_PART, "OPAQUE", "");
	struct anthropic_seal s = seal_in_stream("\"redacted_thinking\",\"data\":\"");
	assert_int_equal(s.seal.origin, 'g');
	assert_slice(s.seal.bytes, "OPAQUE");
	assert_non_null(strstr(gist(), " 0- "));
	close_writer();

	open_writer(65536);
	w.e.source = &anthropic_messages;
	put(EVENT_REDACTED, EVENT_NO_PART, "OPAQUE", "");
	put(EVENT_REASONING, 0, "hm", "");
	put(EVENT_SIGNATURE, EVENT_NO_PART, "SIG", "");
	assert_string_equal(gist(), "start 0+redacted_thinkingOPAQUE 0- 1+thinking 1:hm 1:SIG ");
	close_writer();
}

static void test_citations(void **state)
{
	open_writer(65536);
	put_text("a");
	put(EVENT_CITATION, EVENT_NO_PART, "{\"url\":\"https://h\",\"title\":\"T\",\"text\":\"c\"}", "{\"web\":1}");
	put(EVENT_CITATION, EVENT_NO_PART, "{\"title\":\"T\"}", "");
	put(EVENT_CITATION, EVENT_NO_PART, "no json", "");
	assert_string_equal(gist(), "start 0+text 0:a 0:citation ");
	assert_true(wrote("{\"type\":\"web_search_result_location\",\"url\":\"https://h\","
		"\"title\":\"T\",\"cited_text\":\"c\",\"encrypted_index\":\"\"}"));
	close_writer();
}

/* --- names, counts, ends -------------------------------------------------------------------------------- */

static void test_usage(void **state)
{
	struct usage first = { 20, 1, 5, -1, -1 }, second = { 30, 8, 5, -1, 3 };
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&first) };

	open_writer(65536);
	put(EVENT_START, 0, "msg_1", "m");
	anthropic_encode_event(&w.e, &ev, &w.out);
	put_text("a");
	assert_true(wrote("\"id\":\"msg_1\""));
	assert_true(wrote("{\"input_tokens\":15,\"cache_read_input_tokens\":5,\"output_tokens\":1}"));
	ev.text = event_usage_text(&second);
	anthropic_encode_event(&w.e, &ev, &w.out);
	finish(EVENT_FINISH_STOP, "stop");
	assert_non_null(strstr(gist(), "end_turn 25/8 stop"));
	close_writer();
}

static void reason(enum event_finish f, const char *word, const struct dialect *source, const char *want)
{
	char text[64];

	open_writer(65536);
	w.e.source = source ? source : &w.source;
	put_text("a");
	finish(f, word);
	snprintf(text, sizeof(text), "0- %s 9/0 stop", want);
	if (strstr(gist(), text) == NULL)
		fail_msg("no %s in %s", text, gist());
	close_writer();
}

static void test_reasons(void **state)
{
	reason(EVENT_FINISH_STOP, "stop", NULL, "end_turn");
	reason(EVENT_FINISH_LENGTH, "MAX_TOKENS", NULL, "max_tokens");
	reason(EVENT_FINISH_FUNCTION, "function_call", NULL, "tool_use");
	reason(EVENT_FINISH_FILTER, "SAFETY", NULL, "refusal");
	reason(EVENT_FINISH_UNKNOWN, "tired", NULL, "tired");
	reason(EVENT_FINISH_UNKNOWN, "", NULL, "");
	reason(EVENT_FINISH_STOP, "pause_turn", &anthropic_messages, "pause_turn");
	reason(EVENT_FINISH_STOP, "stop", &anthropic_messages, "end_turn");
	reason(EVENT_FINISH_UNKNOWN, "tired", &anthropic_messages, "tired");
}

static void test_sequence(void **state)
{
	open_writer(65536);
	put_text("a");
	anthropic_encode_event(&w.e, &(struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP,
		.text = SLICE("stop"), .extra = SLICE("END") }, &w.out);
	anthropic_encode_end(&w.e, &w.out);
	assert_true(wrote("{\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"END\"}"));
	close_writer();
}

/* The provider's own bytes have passed, all but the mark. */
static void test_end_only(void **state)
{
	open_writer(65536);
	anthropic_encode_end(&w.e, &w.out);
	assert_slice(buf_slice(&w.out), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
	close_writer();
}

static void test_no_blocks(void **state)
{
	open_writer(65536);
	put(EVENT_START, 0, "id", "m");
	finish(EVENT_FINISH_STOP, "stop");
	assert_string_equal(gist(), "start end_turn 9/0 stop");
	close_writer();
}

/* --- room ----------------------------------------------------------------------------------------------- */

static void play(void)
{
	put(EVENT_START, 0, "an id", "a model");
	put(EVENT_REASONING, 0, "thinking about it", "");
	put(EVENT_SIGNATURE, EVENT_NO_PART, "SIG", "rs_1");
	put_text("some text, some \"more\"");
	put(EVENT_CITATION, EVENT_NO_PART, "{\"url\":\"https://h\"}", "");
	put(EVENT_TOOL_START, 0, "c", "f");
	put(EVENT_SIGNATURE, 0, "SIG", "");
	put(EVENT_TOOL_ARGS, 0, "{\"a\":1}", "");
	put(EVENT_REDACTED, EVENT_NO_PART, "OPAQUE", "");
	finish(EVENT_FINISH_TOOL_CALLS, "tool_calls");
}

/* All or an error, and nothing after it. */
static void test_room(void **state)
{
	open_writer(65536);
	play();
	size_t all = buf_len(&w.out);
	close_writer();
	for (size_t max = 0; max < all; max += 7) {
		open_writer(max);
		play();
		size_t n = buf_len(&w.out);
		assert_int_equal(w.e.err, ERR_TOO_BIG);
		put_text("x");
		assert_int_equal(buf_len(&w.out), n);
		close_writer();
	}
}

static void test_arena(void **state)
{
	char *big = calloc(1, 200001);

	memset(big, 'a', 200000);
	open_writer(1 << 22);
	w.arena.limit = 100000;
	put_text(big);
	assert_int_equal(w.e.err, ERR_TOO_BIG);
	close_writer();
	open_writer(1 << 22);
	w.arena.limit = 100000;
	put(EVENT_START, 0, "id", big);
	put(EVENT_TOOL_START, 0, big, big);
	assert_int_equal(w.e.err, ERR_TOO_BIG);
	close_writer();
	free(big);
}

/* A long answer takes no more memory than its longest piece. */
static void test_memory(void **state)
{
	open_writer(1 << 26);
	put_text("piece");
	put(EVENT_REASONING, 0, "piece", "");
	put_text("piece");
	size_t used = w.arena.used;
	for (int i = 0; i < 20000; i++) {
		put_text("piece");
		put(EVENT_REASONING, 0, "piece", "");
	}
	assert_int_equal(w.arena.used, used);
	assert_int_equal(w.e.err, ERR_OK);
	close_writer();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_reasoning_then_text), cmocka_unit_test(test_calls),
		cmocka_unit_test(test_interleaved), cmocka_unit_test(test_incomplete), cmocka_unit_test(test_part_end),
		cmocka_unit_test(test_odd_calls), cmocka_unit_test(test_other_choices), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_call_signature), cmocka_unit_test(test_late_signature),
		cmocka_unit_test(test_reasoning_signature), cmocka_unit_test(test_text_signature),
		cmocka_unit_test(test_redacted), cmocka_unit_test(test_citations), cmocka_unit_test(test_usage),
		cmocka_unit_test(test_reasons), cmocka_unit_test(test_sequence), cmocka_unit_test(test_end_only),
		cmocka_unit_test(test_no_blocks), cmocka_unit_test(test_room), cmocka_unit_test(test_arena),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
