/* Events of a journal to a client's bytes, in all four modes. */
#include "unit.h"

#include "exchange/relay.h"

#define ID "req_1"
#define NOW_S 1700000000u

struct scene {
	struct arena arena;
	struct request request;
	struct relay relay;
	struct buf scratch, out;	/* out: all the client has got */
};

static struct dialect other;	/* not the same as openai_chat, though it does the same */

static void scene_open(struct scene *s, bool wants_stream, bool wants_usage, const struct dialect *back,
	bool streamed)
{
	*s = (struct scene){ .request = { .stream = wants_stream, .wants_usage = wants_usage, .choices = 1,
		.body = SLICE("{}"), .dialect = &openai_chat } };
	arena_init(&s->arena, 0);
	buf_init(&s->scratch, 1 << 20);
	buf_init(&s->out, 1 << 20);
	other = openai_chat;
	const struct relay_opts o = { .request = &s->request, .front = &openai_chat, .back = back, .streamed = streamed,
		.now_s = NOW_S, .arena = &s->arena, .id = SLICE(ID) };
	relay_init(&s->relay, &o);
}

static void scene_close(struct scene *s)
{
	arena_done(&s->arena);
	buf_done(&s->scratch);
	buf_done(&s->out);
}

static struct slice give(struct scene *s, struct event ev)
{
	buf_clear(&s->scratch);
	struct slice bytes = relay_event(&s->relay, &ev, &s->scratch);
	buf_add(&s->out, bytes);
	return bytes;
}

static void end(struct scene *s)
{
	relay_end(&s->relay, &s->out);
}

static struct event event_of(enum event_kind kind, const char *text, const char *raw)
{
	return (struct event){ .kind = (uint8_t)kind, .finish = EVENT_FINISH_STOP, .text = slice_str(text),
		.extra = SLICE_EMPTY, .raw = slice_str(raw), .first_of_raw = raw != NULL };
}

static void test_modes(void **state)
{
	static const struct {
		bool wants_stream, streamed, same;
		enum relay_mode want;
	} rows[] = {
		{ true, true, true, RELAY_PASS }, { true, true, false, RELAY_TRANSLATE },
		{ true, false, true, RELAY_TRANSLATE }, { true, false, false, RELAY_TRANSLATE },
		{ false, false, true, RELAY_PASS_WHOLE }, { false, false, false, RELAY_COLLECT },
		{ false, true, true, RELAY_COLLECT }, { false, true, false, RELAY_COLLECT },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		scene_open(&s, rows[i].wants_stream, false, rows[i].same ? &openai_chat : &other,
			rows[i].streamed);
		assert_int_equal(s.relay.mode, rows[i].want);
		scene_close(&s);
	}
}

/* Bytes pass only in the dialect and the framing that the client asked for, and when none of the start was missed. */
static void test_what_forbids_passing(void **state)
{
	static const struct {
		enum request_op op;
		enum request_framing framing;
		bool wants_stream, streamed, late, nobody;
		enum relay_mode want;
	} rows[] = {
		{ REQUEST_CHAT, REQUEST_JSON_ARRAY, true, true, false, false, RELAY_TRANSLATE },
		{ REQUEST_CHAT, REQUEST_SSE, true, true, true, false, RELAY_TRANSLATE },
		{ REQUEST_CHAT, REQUEST_SSE, false, false, true, false, RELAY_COLLECT },
		{ REQUEST_CHAT, REQUEST_SSE, true, true, false, true, RELAY_TRANSLATE },
		{ REQUEST_COUNT, REQUEST_SSE, false, false, false, true, RELAY_COLLECT },
		{ REQUEST_EMBED, REQUEST_SSE, false, false, false, false, RELAY_PASS_WHOLE },
		{ REQUEST_RAW, REQUEST_SSE, false, false, false, false, RELAY_RAW },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct request r = { .op = rows[i].op, .dialect = &openai_chat, .stream = rows[i].wants_stream,
			.door = { .framing = rows[i].framing } };
		const struct relay_opts o = { .request = &r, .front = &openai_chat, .back = rows[i].nobody ? NULL
			: &openai_chat,
			.streamed = rows[i].streamed, .events_only = rows[i].late };
		struct relay relay;
		relay_init(&relay, &o);
		if (relay.mode != rows[i].want)
			fail_msg("row %zu: mode %d", i, relay.mode);
		assert_ptr_equal(relay.encode.source, o.back);
	}
}

/* Of any kind: no frame is completed, no end mark is added, nothing is copied. */
static void test_raw_bytes(void **state)
{
	static const char *const pieces[] = { "\xef\xbb\xbf", "data: x", "\n", "\x01\xff{" };
	struct scene s;

	scene_open(&s, false, false, &openai_raw, false);
	s.request.op = REQUEST_RAW;
	s.request.dialect = &openai_raw;
	const struct relay_opts o = { .request = &s.request, .front = &openai_raw, .back = &openai_raw,
		.arena = &s.arena };
	relay_init(&s.relay, &o);
	for (size_t i = 0; i < COUNT_OF(pieces); i++)
		assert_ptr_equal(give(&s, event_of(EVENT_OTHER, "", pieces[i])).p, pieces[i]);
	assert_int_equal(give(&s, event_of(EVENT_USAGE, "", NULL)).n, 0);
	end(&s);
	assert_slice(buf_slice(&s.out), "\xef\xbb\xbf" "data: x\n\x01\xff{");
	scene_close(&s);
}

/* Not one byte of a whole frame is touched, nor copied; a last one without its blank line gets it, or the
 * client's parser would drop it. */
static void test_frames_pass_untouched(void **state)
{
	static const char *const whole[] = { "data: {}\n\n", "data: {}\r\n\r\n", "data: {}\r\r",
		"data: {}\n\r\n", "data: {}\r\n\n", ": comment\n\ndata: {}\n\n", "\ndata: {}\n\n",
		"data: {}\r\n\r" /* its LF is in the next one */, "\n\n", "data: {}\n\r",
		"event: x\ndata: {}\ndata: {}\n\n" };
	static const struct {
		const char *raw, *want;
	} cut[] = {
		{ "data: [DONE]", "data: [DONE]\n\n" }, { "data: [DONE]\n", "data: [DONE]\n\n\n" },
		{ "data: [DONE]\r\n", "data: [DONE]\r\n\n\n" }, { "data: [DONE]\r", "data: [DONE]\r\n\n" },
		{ "\r\n", "\r\n\n\n" }, { "x", "x\n\n" },
	};
	struct scene s;

	scene_open(&s, true, false, &openai_chat, true);
	for (size_t i = 0; i < COUNT_OF(whole); i++) {
		struct slice got = give(&s, event_of(EVENT_TEXT, "other words", whole[i]));
		assert_slice(got, whole[i]);
		assert_ptr_equal(got.p, whole[i]);
	}
	for (size_t i = 0; i < COUNT_OF(cut); i++)
		assert_slice(give(&s, event_of(EVENT_TEXT, "", cut[i].raw)), cut[i].want);
	/* the second event of a frame has no bytes of its own */
	assert_int_equal(give(&s, event_of(EVENT_TEXT, "more", NULL)).n, 0);
	scene_close(&s);
}

/* A byte order mark is one at the start only: behind a keep-alive comment of ours it would spoil the first
 * field's name. */
static void test_a_byte_order_mark_does_not_pass(void **state)
{
	struct scene s;

	scene_open(&s, true, false, &openai_chat, true);
	assert_int_equal(give(&s, event_of(EVENT_TEXT, "", NULL)).n, 0);
	assert_slice(give(&s, event_of(EVENT_TEXT, "", "\xef\xbb\xbf" "data: 1\n\n")), "data: 1\n\n");
	assert_slice(give(&s, event_of(EVENT_TEXT, "", "\xef\xbb\xbf" "data: 2\n\n")),
		"\xef\xbb\xbf" "data: 2\n\n");
	scene_close(&s);
}

static void test_the_end_mark_is_there_once(void **state)
{
	struct scene s;

	scene_open(&s, true, false, &openai_chat, true);
	give(&s, event_of(EVENT_FINISH, "stop", "data: 1\n\n"));
	give(&s, event_of(EVENT_END, "", "data: [DONE]\n\n"));
	end(&s);
	assert_slice(buf_slice(&s.out), "data: 1\n\ndata: [DONE]\n\n");
	scene_close(&s);
	scene_open(&s, true, false, &openai_chat, true);	/* a provider that sends none */
	give(&s, event_of(EVENT_FINISH, "stop", "data: 1\n\n"));
	end(&s);
	assert_slice(buf_slice(&s.out), "data: 1\n\ndata: [DONE]\n\n");
	scene_close(&s);
}

/* The usage chunk that weir asked for is shown only to a client that asked too. */
static void test_hidden_usage(void **state)
{
	for (int wants = 0; wants < 2; wants++) {
		struct usage u = { 3, 2, -1, -1, -1 };
		struct event ev = { .kind = EVENT_USAGE, .hidden = true, .first_of_raw = true,
			.text = event_usage_text(&u), .raw = SLICE("data: {\"usage\":1}\n\n") };
		struct scene s;
		scene_open(&s, true, wants, &openai_chat, true);
		assert_slice(give(&s, ev), wants ? "data: {\"usage\":1}\n\n" : "");
		ev.hidden = false;	/* usage beside choices belongs to the answer */
		assert_slice(give(&s, ev), "data: {\"usage\":1}\n\n");
		scene_close(&s);
		scene_open(&s, true, wants, &other, true);
		give(&s, event_of(EVENT_TEXT, "Hi", "x"));
		ev.hidden = true;
		give(&s, ev);
		end(&s);
		buf_add_char(&s.out, '\0');
		assert_int_equal(strstr(s.out.p, "\"prompt_tokens\":3") != NULL, wants);
		scene_close(&s);
	}
}

#define HEAD "data: {\"id\":\"a1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000," \
	"\"model\":\"m\",\"choices\":["

/* Event by event in the client's dialect: the provider's bytes do not appear. */
static void test_translating(void **state)
{
	struct event start = event_of(EVENT_START, "a1", "RAW");
	struct scene s;

	for (int streamed = 0; streamed < 2; streamed++) {
		scene_open(&s, true, false, streamed ? &other : &openai_chat, streamed);
		start.extra = SLICE("m");
		assert_int_equal(give(&s, start).n, 0);
		assert_slice(give(&s, event_of(EVENT_TEXT, "Hi", "RAW")),
			HEAD "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
			"\"finish_reason\":null}]}\n\n");
		assert_slice(give(&s, event_of(EVENT_FINISH, "stop", NULL)),
			HEAD "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
		assert_int_equal(give(&s, event_of(EVENT_END, "", "data: [DONE]\n\n")).n, 0);
		size_t before = buf_len(&s.out);
		end(&s);
		assert_slice(slice_skip(buf_slice(&s.out), before), "data: [DONE]\n\n");
		scene_close(&s);
	}
}

static void test_a_whole_body_passes_untouched(void **state)
{
	static const char body[] = "{\"choices\" : [ ] , \"odd\":1e400}\n";
	struct scene s;

	scene_open(&s, false, false, &openai_chat, false);
	struct slice got = give(&s, event_of(EVENT_START, "a1", body));
	assert_ptr_equal(got.p, body);
	assert_int_equal(got.n, strlen(body));
	assert_int_equal(give(&s, event_of(EVENT_TEXT, "Hi", NULL)).n, 0);
	assert_int_equal(give(&s, event_of(EVENT_FINISH, "stop", NULL)).n, 0);
	end(&s);
	assert_slice(buf_slice(&s.out), body);
	scene_close(&s);
}

/* A stream for a client that wants one JSON body: nothing is said before all of it is there. */
static void test_collecting(void **state)
{
	struct event start = event_of(EVENT_START, "a1", "RAW");
	struct usage u = { 3, 2, -1, -1, -1 };
	struct event usage = { .kind = EVENT_USAGE, .hidden = true, .text = event_usage_text(&u),
		.raw = SLICE("RAW") };
	struct scene s;

	scene_open(&s, false, false, &openai_chat, true);
	start.extra = SLICE("m");
	give(&s, start);
	give(&s, event_of(EVENT_TEXT, "Hi ", "RAW"));
	give(&s, event_of(EVENT_TEXT, "there", "RAW"));
	give(&s, event_of(EVENT_FINISH, "stop", "RAW"));
	give(&s, usage);
	give(&s, event_of(EVENT_END, "", "RAW"));
	assert_int_equal(buf_len(&s.out), 0);
	end(&s);
	assert_slice(buf_slice(&s.out), "{\"id\":\"a1\",\"object\":\"chat.completion\","
		"\"created\":1700000000,\"model\":\"m\",\"choices\":[{\"index\":0,"
		"\"message\":{\"role\":\"assistant\",\"content\":\"Hi there\",\"refusal\":null},"
		"\"logprobs\":null,\"finish_reason\":\"stop\"}],"
		"\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,"
		"\"total_tokens\":5}}");
	scene_close(&s);
}

/* A provider that names no answer: the request's id stands for it. */
static void test_an_answer_without_an_id(void **state)
{
	struct scene s;

	scene_open(&s, true, false, &other, true);
	give(&s, event_of(EVENT_TEXT, "Hi", "RAW"));
	buf_add_char(&s.out, '\0');
	assert_non_null(strstr(s.out.p, ID));
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_what_forbids_passing),
		cmocka_unit_test(test_raw_bytes),
		cmocka_unit_test(test_frames_pass_untouched),
		cmocka_unit_test(test_a_byte_order_mark_does_not_pass),
		cmocka_unit_test(test_the_end_mark_is_there_once),
		cmocka_unit_test(test_hidden_usage),
		cmocka_unit_test(test_translating),
		cmocka_unit_test(test_a_whole_body_passes_untouched),
		cmocka_unit_test(test_collecting),
		cmocka_unit_test(test_an_answer_without_an_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
