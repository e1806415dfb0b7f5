/* Events of other dialects' decoders, and room; what this dialect's own decoder makes is in golden pages (client-sse
 * blocks). */
#include "unit.h"

#include "chat/seal.h"
#include "codec/json_out.h"
#include "dialect/responses_encode.h"

static const struct dialect anthropic = { .tag = 'a' }, gemini = { .tag = 'g' };

struct writer {
	struct arena arena;
	struct request request;
	struct dialect_encode e;
	struct buf out;
	char log[16384];
};

static void writer_init(struct writer *w, const struct dialect *source, size_t max)
{
	*w = (struct writer){ .request = { .model = SLICE("asked") } };
	arena_init(&w->arena, 0);
	w->e = (struct dialect_encode){ .request = &w->request, .id = SLICE("own"), .created_s = 7, .arena = &w->arena,
		.source = source };
	buf_init(&w->out, max);
}

static void writer_done(struct writer *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

static void put(struct writer *w, struct event ev)
{
	responses_encode_event(&w->e, &ev, &w->out);
}

#define TEXT(s) ((struct event){ .kind = EVENT_TEXT, .text = SLICE(s) })
#define REASONING(s) ((struct event){ .kind = EVENT_REASONING, .text = SLICE(s) })
#define START_CALL(n, id, name) \
	((struct event){ .kind = EVENT_TOOL_START, .part = (n), .text = SLICE(id), .extra = SLICE(name) })
#define ARGS(n, s) ((struct event){ .kind = EVENT_TOOL_ARGS, .part = (n), .text = SLICE(s) })
#define SIGNATURE(n, s) ((struct event){ .kind = EVENT_SIGNATURE, .part = (n), .text = SLICE(s) })
#define PART_END(n) ((struct event){ .kind = EVENT_PART_END, .part = (n) })
#define FINISH(f) ((struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_##f })

/* The types of the events, without their common start; checks that they are whole and numbered. */
static const char *types(struct writer *w)
{
	struct slice rest = buf_slice(&w->out), line;
	uint64_t number = 0;
	size_t n = 0;

	w->log[0] = '\0';
	while (slice_next(&rest, '\n', &line)) {
		yyjson_doc *doc;
		if (!slice_starts(line, SLICE("data: ")))
			continue;
		assert_int_equal(json_parse(&w->arena, slice_skip(line, 6), &doc, NULL), ERR_OK);
		yyjson_val *root = yyjson_doc_get_root(doc);
		assert_int_equal(json_int(root, "sequence_number", -1), number++);
		struct slice type = slice_skip(json_str(root, "type"), strlen("response."));
		int64_t index = json_int(root, "output_index", -1);
		n += (size_t)snprintf(w->log + n, sizeof(w->log) - n, "%.*s", SLICE_ARG(type));
		if (index >= 0)
			n += (size_t)snprintf(w->log + n, sizeof(w->log) - n, " %d", (int)index);
		n += (size_t)snprintf(w->log + n, sizeof(w->log) - n, "\n");
	}
	return w->log;
}

static yyjson_val *last(struct writer *w)
{
	struct slice rest = buf_slice(&w->out), line;
	yyjson_doc *doc = NULL;

	while (slice_next(&rest, '\n', &line))
		if (slice_starts(line, SLICE("data: ")))
			assert_int_equal(json_parse(&w->arena, slice_skip(line, 6), &doc, NULL), ERR_OK);
	return json_obj(yyjson_doc_get_root(doc), "response");
}

static yyjson_val *item(struct writer *w, size_t i)
{
	return yyjson_arr_get(json_arr(last(w), "output"), i);
}

static void end(struct writer *w)
{
	responses_encode_end(&w->e, &w->out);
	assert_int_equal(w->e.err, ERR_OK);
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* Without a start the gateway's own id and the asked name stand in; one that comes late changes nothing. */
static void test_no_start(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 65536);
	put(&w, TEXT("a"));
	put(&w, (struct event){ .kind = EVENT_START, .text = SLICE("resp_late"), .extra = SLICE("late") });
	put(&w, FINISH(STOP));
	end(&w);
	assert_slice(json_str(last(&w), "model"), "asked");
	assert_true(slice_starts(json_str(last(&w), "id"), SLICE("resp_")));
	assert_null(memmem(w.out.p, buf_len(&w.out), "late", 4));
	writer_done(&w);
}

/* An id of another dialect would mislead clients. */
static void test_ids(void **state)
{
	struct writer w, again;

	writer_init(&w, NULL, 65536);
	put(&w, (struct event){ .kind = EVENT_START, .text = SLICE("chatcmpl-1"), .extra = SLICE("true") });
	put(&w, REASONING("r"));
	put(&w, TEXT("a"));
	put(&w, FINISH(STOP));
	end(&w);
	assert_slice(json_str(last(&w), "model"), "true");
	assert_true(slice_starts(json_str(last(&w), "id"), SLICE("resp_")));
	assert_true(slice_starts(json_str(item(&w, 0), "id"), SLICE("rs_")));
	assert_true(slice_starts(json_str(item(&w, 1), "id"), SLICE("msg_")));
	/* the same answer, the same ids */
	writer_init(&again, NULL, 65536);
	put(&again, REASONING("r"));
	put(&again, FINISH(STOP));
	end(&again);
	assert_true(slice_eq(json_str(last(&w), "id"), json_str(last(&again), "id")));
	assert_true(slice_eq(json_str(item(&w, 0), "id"), json_str(item(&again, 0), "id")));
	writer_done(&again);
	writer_done(&w);
}

/* Items keep the id that this dialect gave them, but no two have the same. */
static void test_item_ids(void **state)
{
	struct event r = REASONING("one");
	struct writer w;

	writer_init(&w, &openai_responses, 1 << 20);
	r.extra = SLICE("rs_1");
	put(&w, r);
	put(&w, TEXT("a"));
	put(&w, r);
	put(&w, TEXT("b"));
	r.extra = SLICE("thinking_1");
	put(&w, r);
	put(&w, FINISH(STOP));
	end(&w);
	assert_slice(json_str(item(&w, 0), "id"), "rs_1");
	assert_false(slice_eq(json_str(item(&w, 2), "id"), SLICE("rs_1")));
	assert_true(slice_starts(json_str(item(&w, 2), "id"), SLICE("rs_")));
	assert_true(slice_starts(json_str(item(&w, 4), "id"), SLICE("rs_")));
	writer_done(&w);
}

/* --- order ---------------------------------------------------------------------------------------------- */

static void test_order(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 1 << 20);
	put(&w, (struct event){ .kind = EVENT_START });
	put(&w, REASONING("r"));
	put(&w, TEXT("a"));
	put(&w, TEXT("b"));
	put(&w, START_CALL(0, "c0", "f"));
	put(&w, START_CALL(1, "c1", "g"));
	put(&w, ARGS(1, "{}"));
	put(&w, ARGS(0, "{}"));
	put(&w, TEXT("c"));
	put(&w, FINISH(TOOL_CALLS));
	end(&w);
	assert_string_equal(types(&w), "created\nin_progress\noutput_item.added 0\nreasoning_summary_part.added 0\n"
		"reasoning_summary_text.delta 0\nreasoning_summary_text.done 0\nreasoning_summary_part.done 0\n"
		"output_item.done 0\noutput_item.added 1\ncontent_part.added 1\noutput_text.delta 1\n"
		"output_text.delta 1\n"
		"output_text.done 1\ncontent_part.done 1\noutput_item.done 1\noutput_item.added 2\n"
		"output_item.added 3\n"
		"function_call_arguments.delta 3\nfunction_call_arguments.delta 2\noutput_item.added 4\n"
		"content_part.added 4\noutput_text.delta 4\noutput_text.done 4\ncontent_part.done 4\n"
		"output_item.done 4\n"
		"function_call_arguments.done 2\noutput_item.done 2\nfunction_call_arguments.done 3\n"
		"output_item.done 3\n"
		"completed\n");
	writer_done(&w);
}

/* Text and refusal share a message; a part that has ended is followed by another. */
static void test_parts(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 1 << 20);
	put(&w, TEXT("a"));
	put(&w, (struct event){ .kind = EVENT_REFUSAL, .text = SLICE("no") });
	put(&w, PART_END(EVENT_NO_PART));
	put(&w, PART_END(EVENT_NO_PART));
	put(&w, (struct event){ .kind = EVENT_REFUSAL, .text = SLICE("never") });
	put(&w, FINISH(STOP));
	end(&w);
	assert_int_equal(yyjson_arr_size(json_arr(last(&w), "output")), 1);
	yyjson_val *content = json_arr(item(&w, 0), "content");
	assert_int_equal(yyjson_arr_size(content), 3);
	assert_slice(json_str(yyjson_arr_get(content, 0), "text"), "a");
	assert_slice(json_str(yyjson_arr_get(content, 1), "refusal"), "no");
	assert_slice(json_str(yyjson_arr_get(content, 2), "refusal"), "never");
	writer_done(&w);
}

/* --- opaque state --------------------------------------------------------------------------------------- */

static void expect_state(struct writer *w, size_t i, const char *prefix, char origin, const char *bytes)
{
	struct slice state = json_str(item(w, i), "encrypted_content"), word = slice_str(prefix);

	assert_true(slice_starts(state, word));
	struct prompt_seal seal = seal_unwrap(&w->arena, 'r', slice_skip(state, word.n));
	assert_int_equal(seal.origin, origin);
	assert_slice(seal.bytes, bytes);
}

static void test_anthropic_state(void **state)
{
	struct writer w;

	writer_init(&w, &anthropic, 1 << 20);
	put(&w, REASONING("one"));
	put(&w, SIGNATURE(EVENT_NO_PART, "sig1"));
	put(&w, REASONING("two"));		/* a block of its own although nothing ended the first */
	put(&w, SIGNATURE(EVENT_NO_PART, "sig2"));
	put(&w, (struct event){ .kind = EVENT_REDACTED, .text = SLICE("secret") });
	put(&w, SIGNATURE(EVENT_NO_PART, "sig3"));	/* with nothing to read before it */
	put(&w, TEXT("a"));
	put(&w, FINISH(STOP));
	end(&w);
	assert_int_equal(yyjson_arr_size(json_arr(last(&w), "output")), 5);
	expect_state(&w, 0, "", 'a', "sig1");
	expect_state(&w, 1, "", 'a', "sig2");
	expect_state(&w, 2, "redacted.", 'a', "secret");
	expect_state(&w, 3, "", 'a', "sig3");
	assert_slice(json_str(item(&w, 4), "type"), "message");
	assert_int_equal(yyjson_arr_size(json_arr(item(&w, 2), "summary")), 0);
	writer_done(&w);
}

/* The signature of a call stands in an item before it, that of a text in an item behind it. */
static void test_gemini_state(void **state)
{
	struct writer w;

	writer_init(&w, &gemini, 1 << 20);
	put(&w, TEXT("a"));
	put(&w, SIGNATURE(EVENT_NO_PART, "text"));
	put(&w, START_CALL(0, "", "f"));
	put(&w, SIGNATURE(0, "call"));
	put(&w, ARGS(0, "{}"));
	put(&w, START_CALL(1, "", "g"));
	put(&w, FINISH(TOOL_CALLS));
	end(&w);
	assert_string_equal(types(&w), "created\nin_progress\noutput_item.added 0\ncontent_part.added 0\n"
		"output_text.delta 0\noutput_text.done 0\ncontent_part.done 0\noutput_item.done 0\n"
		"output_item.added 1\noutput_item.done 1\noutput_item.added 2\noutput_item.done 2\n"
		"output_item.added 3\n"
		"function_call_arguments.delta 3\noutput_item.added 4\nfunction_call_arguments.done 3\n"
		"output_item.done 3\nfunction_call_arguments.done 4\noutput_item.done 4\ncompleted\n");
	expect_state(&w, 1, "", 'g', "text");
	expect_state(&w, 2, "call.", 'g', "call");
	assert_slice(json_str(item(&w, 0), "type"), "message");
	/* calls without an id get one each */
	assert_true(json_str(item(&w, 3), "call_id").n > 0);
	assert_false(slice_eq(json_str(item(&w, 3), "call_id"), json_str(item(&w, 4), "call_id")));
	writer_done(&w);
}

/* Too late to stand before its call: it would be taken for another's. */
static void test_late_signature(void **state)
{
	struct writer w;

	writer_init(&w, &gemini, 1 << 20);
	put(&w, START_CALL(0, "c", "f"));
	put(&w, ARGS(0, "{}"));
	put(&w, SIGNATURE(0, "late"));
	put(&w, SIGNATURE(9, "of nothing"));
	put(&w, FINISH(TOOL_CALLS));
	end(&w);
	assert_int_equal(yyjson_arr_size(json_arr(last(&w), "output")), 1);
	writer_done(&w);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

static void test_odd_calls(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 1 << 20);
	put(&w, ARGS(9, "{}"));				/* never started */
	put(&w, START_CALL(2, "x", "f"));
	put(&w, START_CALL(2, "x", "f"));		/* twice */
	put(&w, PART_END(2));
	put(&w, PART_END(2));
	put(&w, PART_END(7));				/* of nothing */
	put(&w, ARGS(2, "late"));
	put(&w, START_CALL(3, "x", "g"));		/* another one's id */
	put(&w, FINISH(FUNCTION));
	end(&w);
	assert_int_equal(yyjson_arr_size(json_arr(last(&w), "output")), 3);
	assert_slice(json_str(item(&w, 0), "arguments"), "{}");
	assert_slice(json_str(item(&w, 0), "name"), "");
	assert_slice(json_str(item(&w, 1), "call_id"), "x");
	assert_slice(json_str(item(&w, 1), "arguments"), "");
	assert_false(slice_eq(json_str(item(&w, 2), "call_id"), SLICE("x")));
	assert_slice(json_str(last(&w), "status"), "completed");
	writer_done(&w);
}

/* Only requests of this dialect are looked into. */
static void test_custom(void **state)
{
	static const char body[] = "{\"tools\":[{\"type\":\"custom\",\"name\":\"sql\"}]}";

	for (int own = 0; own < 2; own++) {
		struct writer w;
		writer_init(&w, NULL, 1 << 20);
		w.request.body = slice_str(body);
		w.request.dialect = own ? &openai_responses : &openai_chat;
		put(&w, START_CALL(0, "c", "sql"));
		put(&w, ARGS(0, "select"));
		put(&w, FINISH(TOOL_CALLS));
		end(&w);
		assert_slice(json_str(item(&w, 0), "type"), own ? "custom_tool_call" : "function_call");
		assert_int_equal(yyjson_arr_size(json_arr(last(&w), "tools")), own);
		writer_done(&w);
	}
}

/* --- citations, log probabilities, media ---------------------------------------------------------------- */

static void test_citations(void **state)
{
	static const char url[] = "{\"url\":\"https://a.example\",\"title\":\"A\",\"start_index\":3,\"end_index\":5}";
	static const char bare[] = "{\"url\":\"https://b.example\",\"text\":\"cited\"}",
		file[] = "{\"title\":\"notes\"}";
	struct writer w;

	writer_init(&w, &gemini, 1 << 20);
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = slice_str(url) });	/* of no text */
	put(&w, TEXT("Żó."));
	put(&w, PART_END(EVENT_NO_PART));
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = slice_str(url) });	/* of no open text */
	put(&w, TEXT("de"));
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = slice_str(url), .extra = SLICE("{\"their\":1}") });
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = slice_str(bare) });
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = slice_str(file) });
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = SLICE("{broken") });
	put(&w, FINISH(STOP));
	end(&w);
	yyjson_val *part = yyjson_arr_get(json_arr(item(&w, 0), "content"), 1);
	assert_slice(json_out_text(&w.arena, json_arr(part, "annotations")),
		"[{\"type\":\"url_citation\",\"start_index\":0,\"end_index\":2,\"url\":\"https://a.example\","
		"\"title\":\"A\"},"
		"{\"type\":\"url_citation\",\"start_index\":0,\"end_index\":2,\"url\":\"https://b.example\","
		"\"title\":\"\"},"
		"{\"type\":\"file_citation\",\"file_id\":\"\",\"filename\":\"notes\",\"index\":2}]");
	assert_int_equal(yyjson_arr_size(json_arr(yyjson_arr_get_first(json_arr(item(&w, 0), "content")),
		"annotations")), 0);
	writer_done(&w);
}

/* Line ends would end the event's data. */
static void test_line_ends(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 1 << 20);
	put(&w, (struct event){ .kind = EVENT_LOGPROBS, .text = SLICE("[1]") });	/* of no text yet */
	put(&w, TEXT("a\nb\r"));
	put(&w, (struct event){ .kind = EVENT_LOGPROBS, .text = SLICE(" [\n{\"token\":\"a\"}\r\n] ") });
	put(&w, (struct event){ .kind = EVENT_LOGPROBS, .text = SLICE("[]") });
	put(&w, (struct event){ .kind = EVENT_LOGPROBS, .text = SLICE("{}") });
	put(&w, (struct event){ .kind = EVENT_CITATION, .text = SLICE("{}"), .extra = SLICE("{\n\"type\":\"x\"\r}") });
	put(&w, FINISH(STOP));
	end(&w);
	types(&w);
	yyjson_val *part = yyjson_arr_get_first(json_arr(item(&w, 0), "content"));
	assert_slice(json_out_text(&w.arena, part), "{\"type\":\"output_text\",\"annotations\":[{\"type\":\"x\"}],"
		"\"logprobs\":[1,{\"token\":\"a\"}],\"text\":\"a\\nb\\r\"}");
	writer_done(&w);
}

static void test_media(void **state)
{
	struct writer w;

	writer_init(&w, &gemini, 1 << 20);
	put(&w, TEXT("a"));
	put(&w, (struct event){ .kind = EVENT_MEDIA, .text = SLICE("aGk="), .extra = SLICE("image/jpeg") });
	put(&w, (struct event){ .kind = EVENT_MEDIA, .text = SLICE("aGk="), .extra = SLICE("audio/wav") });
	put(&w, TEXT("b"));
	put(&w, FINISH(STOP));
	end(&w);
	assert_int_equal(yyjson_arr_size(json_arr(last(&w), "output")), 3);
	assert_slice(json_str(item(&w, 1), "result"), "aGk=");
	assert_slice(json_str(item(&w, 1), "output_format"), "jpeg");
	writer_done(&w);
}

/* --- ends ----------------------------------------------------------------------------------------------- */

static void test_finishes(void **state)
{
	static const struct {
		enum event_finish finish;
		const char *word, *status, *reason;
	} rows[] = {
		{ EVENT_FINISH_STOP, "end_turn", "completed", "" },
		{ EVENT_FINISH_TOOL_CALLS, "tool_use", "completed", "" },
		{ EVENT_FINISH_FUNCTION, "function_call", "completed", "" },
		{ EVENT_FINISH_LENGTH, "max_tokens", "incomplete", "max_output_tokens" },
		{ EVENT_FINISH_FILTER, "refusal", "incomplete", "content_filter" },
		{ EVENT_FINISH_UNKNOWN, "pause_turn", "incomplete", "pause_turn" },
		{ EVENT_FINISH_UNKNOWN, "", "incomplete", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, NULL, 1 << 20);
		put(&w, TEXT("a"));
		put(&w, (struct event){ .kind = EVENT_FINISH, .finish = (uint8_t)rows[i].finish,
			.text = slice_str(rows[i].word) });
		end(&w);
		assert_slice(json_str(last(&w), "status"), rows[i].status);
		assert_slice(json_str(json_obj(last(&w), "incomplete_details"), "reason"), rows[i].reason);
		assert_slice(json_str(item(&w, 0), "status"), rows[i].status);
		writer_done(&w);
	}
}

/* Chat's counts come behind the finish, and nothing else does. */
static void test_behind_the_finish(void **state)
{
	const struct usage u = { 3, 2, -1, -1, -1 };
	struct writer w;

	writer_init(&w, NULL, 1 << 20);
	put(&w, TEXT("a"));
	put(&w, FINISH(STOP));
	put(&w, (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&u) });
	put(&w, TEXT("late"));
	put(&w, FINISH(LENGTH));
	end(&w);
	assert_int_equal(json_int(json_obj(last(&w), "usage"), "total_tokens", -1), 5);
	assert_slice(json_str(last(&w), "status"), "completed");
	assert_null(memmem(w.out.p, buf_len(&w.out), "late", 4));
	writer_done(&w);
}

/* The bytes of a stream that passed untouched, or one without an end, get none from here. */
static void test_no_end(void **state)
{
	struct writer w;

	writer_init(&w, NULL, 65536);
	responses_encode_end(&w.e, &w.out);
	assert_int_equal(buf_len(&w.out), 0);
	put(&w, TEXT("a"));
	size_t n = buf_len(&w.out);
	responses_encode_end(&w.e, &w.out);
	assert_int_equal(buf_len(&w.out), n);
	writer_done(&w);
}

/* The first choice to say something is the only one here; what has no place writes nothing. */
static void test_no_place(void **state)
{
	static const enum event_kind kinds[] = { EVENT_OTHER, EVENT_ERROR, EVENT_END, EVENT_VECTOR };
	struct writer w;

	writer_init(&w, NULL, 65536);
	put(&w, (struct event){ .kind = EVENT_TEXT, .choice = 1, .text = SLICE("b") });
	size_t n = buf_len(&w.out);
	assert_true(n > 0);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		put(&w, (struct event){ .kind = (uint8_t)kinds[i], .choice = 1, .text = SLICE("x") });
	put(&w, (struct event){ .kind = EVENT_TEXT, .text = SLICE("a") });
	assert_int_equal(buf_len(&w.out), n);
	assert_int_equal(w.e.err, ERR_OK);
	writer_done(&w);
}

/* --- room ----------------------------------------------------------------------------------------------- */

static void play(struct writer *w)
{
	put(w, (struct event){ .kind = EVENT_START, .text = SLICE("resp_1"), .extra = SLICE("m") });
	put(w, REASONING("thinking"));
	put(w, SIGNATURE(EVENT_NO_PART, "signature"));
	put(w, TEXT("text"));
	put(w, (struct event){ .kind = EVENT_CITATION, .text = SLICE("{\"url\":\"u\"}") });
	put(w, START_CALL(0, "c", "f"));
	put(w, SIGNATURE(0, "signature"));
	put(w, ARGS(0, "{}"));
	put(w, (struct event){ .kind = EVENT_MEDIA, .text = SLICE("aGk="), .extra = SLICE("image/png") });
	put(w, FINISH(STOP));
	responses_encode_end(&w->e, &w->out);
}

/* Whatever room there is: whole events and then none. */
static void test_room_of_the_stream(void **state)
{
	struct writer whole, w;

	writer_init(&whole, &gemini, 1 << 20);
	play(&whole);
	assert_int_equal(whole.e.err, ERR_OK);
	size_t n = buf_len(&whole.out);
	for (size_t max = 0; max < n; max += 31) {
		writer_init(&w, &gemini, max);
		play(&w);
		assert_int_equal(w.e.err, ERR_TOO_BIG);
		assert_true(slice_starts(buf_slice(&whole.out), buf_slice(&w.out)));
		types(&w);
		assert_true(buf_len(&w.out) == 0 || memcmp(w.out.p + w.out.n - 2, "\n\n", 2) == 0);
		writer_done(&w);
	}
	writer_done(&whole);
}

/* An answer without end does not grow without end. */
static void test_room_of_the_arena(void **state)
{
	static const struct event floods[] = {
		{ .kind = EVENT_TEXT, .text = { "0123456789", 10 } }, { .kind = EVENT_REASONING,
			.text = { "0123456789", 10 } },
		{ .kind = EVENT_TOOL_ARGS, .text = { "0123456789", 10 } }, { .kind = EVENT_TOOL_START },
		{ .kind = EVENT_REDACTED, .text = { "0123456789", 10 }, .part = EVENT_NO_PART },
		{ .kind = EVENT_SIGNATURE, .text = { "0123456789", 10 }, .part = EVENT_NO_PART },
		{ .kind = EVENT_MEDIA, .text = { "0123456789", 10 }, .extra = { "image/png", 9 } },
	};

	for (size_t i = 0; i < COUNT_OF(floods); i++) {
		struct writer w;
		writer_init(&w, &anthropic, SIZE_MAX);
		w.arena.limit = 1 << 16;
		for (uint32_t n = 0; w.e.err == ERR_OK; n++) {
			struct event ev = floods[i];
			ev.part = ev.kind == EVENT_TOOL_START ? (uint16_t)n : ev.part;
			assert_true(n < 100000);
			put(&w, ev);
			buf_clear(&w.out);
		}
		assert_int_equal(w.e.err, ERR_TOO_BIG);
		assert_true(w.arena.used < 1 << 18);
		put(&w, floods[i]);
		assert_int_equal(buf_len(&w.out), 0);
		writer_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_start),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_item_ids),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_anthropic_state),
		cmocka_unit_test(test_gemini_state),
		cmocka_unit_test(test_late_signature),
		cmocka_unit_test(test_odd_calls),
		cmocka_unit_test(test_custom),
		cmocka_unit_test(test_citations),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_finishes),
		cmocka_unit_test(test_behind_the_finish),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_room_of_the_stream),
		cmocka_unit_test(test_room_of_the_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
