/* Twin chunks, limits, errors of the caller; forms of answers are golden pages. */
#include "unit.h"

#include "dialect/completions_decode.h"

struct bed {
	struct arena arena;
	struct json_scratch scratch;
	struct dialect_decode decode;
	struct buf log;
	size_t n, fail_at;	/* events; the one that the caller refuses */
};

static enum err on_event(void *arg, const struct event *ev)
{
	struct bed *b = arg;

	buf_addf(&b->log, "%s %u %.*s %d|", event_kind_name(ev->kind), ev->choice, SLICE_ARG(ev->text),
		ev->first_of_raw);
	return b->n++ == b->fail_at ? ERR_CLIENT_GONE : ERR_OK;
}

static void open(struct bed *b)
{
	*b = (struct bed){ .fail_at = SIZE_MAX };
	arena_init(&b->arena, 0);
	json_scratch_init(&b->scratch, 1 << 24);
	buf_init(&b->log, 1 << 20);
	b->decode = (struct dialect_decode){ .scratch = &b->scratch, .arena = &b->arena, .on_event = on_event,
		.arg = b };
}

static void close(struct bed *b)
{
	buf_done(&b->log);
	json_scratch_done(&b->scratch);
	arena_done(&b->arena);
}

static enum err feed(struct bed *b, const char *text, bool is_twin)
{
	struct slice data = arena_printf(&b->arena,
		"{\"id\":\"c\",%s\"choices\":[{\"text\":\"%s\",\"index\":0,\"finish_reason\":null}]}",
		is_twin ? "" : " ", text);
	return completions_decode_event(&b->decode, SLICE_EMPTY, data, data);
}

/* The same texts, once in chunks that are alike and once in chunks that are not. */
static void test_twins(void **state)
{
	static const char *const texts[] = { "one", "two", " three", "\xc3\xa9", "a\\nb", "", "c", "\\u00e9", "end" };
	struct bed alike, unlike;

	open(&alike);
	open(&unlike);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(feed(&alike, texts[i], true), ERR_OK);
		assert_int_equal(feed(&unlike, texts[i], i % 2), ERR_OK);
	}
	struct slice want = buf_slice(&unlike.log);
	assert_true(slice_eq(buf_slice(&alike.log), want));
	assert_non_null(memmem(want.p, want.n, "text 0 a\nb 1|", 13));
	close(&alike);
	close(&unlike);
}

/* Choices past OpenAI's limit pass in their bytes and are not counted. */
static void test_many_choices(void **state)
{
	struct bed b;
	struct buf body;

	open(&b);
	buf_init(&body, 1 << 20);
	buf_add(&body, SLICE("{\"choices\":["));
	for (unsigned i = 0; i < 200; i++)
		buf_addf(&body, "%s{\"text\":\"t\",\"index\":%u,\"finish_reason\":\"stop\"}", i ? "," : "", i);
	buf_add(&body, SLICE("]}"));
	assert_int_equal(completions_decode_whole(&b.decode, buf_slice(&body)), ERR_OK);
	assert_int_equal(b.decode.tally.choices, 128);
	assert_true(b.decode.tally.finished);
	assert_int_equal(b.n, 1 + 2 * 128);
	buf_done(&body);
	close(&b);
}

/* Nothing is given out after it. */
static void test_stops(void **state)
{
	struct slice body = SLICE("{\"id\":\"c\",\"choices\":[{\"text\":\"a\"},{\"text\":\"b\",\"finish_reason\":\""
		"stop\"}]}");

	for (size_t at = 0; at < 5; at++) {
		struct bed b;
		open(&b);
		b.fail_at = at;
		assert_int_equal(completions_decode_whole(&b.decode, body), ERR_CLIENT_GONE);
		assert_int_equal(b.n, at + 1);
		close(&b);
	}
}

static void test_too_big(void **state)
{
	struct bed b;

	open(&b);
	b.scratch.memory.max = 64;
	assert_int_equal(feed(&b, "text", true), ERR_UP_TOO_BIG);
	assert_int_equal(completions_decode_whole(&b.decode, SLICE("{\"choices\":[{\"text\":\"a\"}]}")),
		ERR_UP_TOO_BIG);
	assert_int_equal(b.n, 0);
	close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_many_choices),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_too_big),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
