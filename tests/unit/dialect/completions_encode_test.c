/* Growth and room; usual answers are golden pages. */
#include "unit.h"

#include "dialect/completions_encode.h"

#define LOGPROBS SLICE("[{\"token\":\"ab\",\"logprob\":-0.5,\"bytes\":null," \
	"\"top_logprobs\":[{\"token\":\"ab\",\"logprob\":-0.5}]}]")

static const struct request asks = { .choices = 1, .model = SLICE_EMPTY, .body = { "{}", 2 }, .wants_usage = true };

/* One after the other: start, text, log probabilities, finish, usage. */
static size_t event_of(size_t i, struct usage *u, struct event *out)
{
	const struct event events[] = {
		{ .kind = EVENT_START, .text = SLICE("id"), .extra = SLICE("model") },
		{ .kind = EVENT_TEXT, .text = SLICE("a \"text\" \x01 with \xc3\xa9") },
		{ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART, .text = LOGPROBS },
		{ .kind = EVENT_TEXT, .choice = 1, .text = SLICE("b") },
		{ .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP, .text = SLICE("stop") },
		{ .kind = EVENT_FINISH, .finish = EVENT_FINISH_LENGTH, .choice = 1 },
		{ .kind = EVENT_USAGE, .text = event_usage_text(u) },
	};

	if (i < COUNT_OF(events))
		*out = events[i];
	return COUNT_OF(events);
}

static void play_stream(struct dialect_encode *e, struct buf *out)
{
	struct usage u = { 5, 2, -1, -1, -1 };
	struct event ev;

	for (size_t i = 0; i < event_of(i, &u, &ev); i++)
		completions_encode_event(e, &ev, out);
	completions_encode_end(e, out);
}

static void play_whole(struct dialect_encode *e, struct buf *out)
{
	struct usage u = { 5, 2, -1, -1, -1 };
	struct event ev;

	for (size_t i = 0; i < event_of(i, &u, &ev); i++)
		completions_encode_collect(e, &ev);
	completions_encode_collected(e, out);
}

/* A buffer that is too small is an error and no crash, wherever it ends, and holds whole chunks. */
static void no_room(void (*play)(struct dialect_encode *, struct buf *), const char *end)
{
	struct slice mark = slice_str(end);
	bool was_whole = false;

	for (size_t max = 0; max < 4000; max += 13) {
		struct arena a;
		struct buf out;
		arena_init(&a, 0);
		buf_init(&out, max);
		struct dialect_encode e = { .request = &asks, .id = SLICE("own"), .arena = &a };
		play(&e, &out);
		assert_true(e.err == ERR_OK || e.err == ERR_TOO_BIG);
		assert_true(e.err == ERR_OK || !was_whole);
		was_whole = e.err == ERR_OK;
		bool ends = buf_len(&out) >= mark.n && memcmp(out.p + out.n - mark.n, mark.p, mark.n) == 0;
		assert_true(!was_whole || ends);
		if (play == play_stream && buf_len(&out))
			assert_memory_equal(out.p + out.n - 2, "\n\n", 2);
		buf_done(&out);
		arena_done(&a);
	}
	assert_true(was_whole);
}

static void test_no_room(void **state)
{
	no_room(play_stream, "data: [DONE]\n\n");
	no_room(play_whole, "}");
}

static void test_arena_limit(void **state)
{
	struct event text = { .kind = EVENT_TEXT, .text = SLICE("0123456789012345678901234567890123456789") };
	struct arena a;
	struct buf out;

	arena_init(&a, 65536);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .arena = &a };
	for (int i = 0; i < 10000; i++)
		completions_encode_collect(&e, &text);
	assert_int_equal(e.err, ERR_TOO_BIG);
	assert_true(a.used <= 65536);
	completions_encode_collected(&e, &out);
	assert_int_equal(buf_len(&out), 0);
	buf_done(&out);
	arena_done(&a);
}

static void test_empty(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	struct dialect_encode e = { .id = SLICE("own"), .created_s = 7, .arena = &a };
	completions_encode_collected(&e, &out);
	assert_slice(buf_slice(&out),
		"{\"id\":\"own\",\"object\":\"text_completion\",\"created\":7,\"model\":\"\",\"choices\":[]}");
	buf_done(&out);
	arena_done(&a);
}

/* Counts come only to who asked, and only when there are any. */
static void test_usage(void **state)
{
	struct usage u = { 5, 2, -1, -1, -1 };
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&u) };
	const struct request quiet = { .choices = 1, .body = { "{}", 2 } };
	const struct request *const requests[] = { NULL, &quiet, &asks };

	for (size_t i = 0; i < 6; i++) {
		struct arena a;
		struct buf out;
		arena_init(&a, 0);
		buf_init(&out, 4096);
		struct dialect_encode e = { .request = requests[i / 2], .arena = &a };
		if (i % 2)
			completions_encode_event(&e, &ev, &out);
		assert_int_equal(buf_len(&out), 0);
		completions_encode_end(&e, &out);
		bool told = memmem(out.p, out.n, "\"total_tokens\":7", 16) != NULL;
		assert_int_equal(told, i == 5);
		buf_done(&out);
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_usage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
