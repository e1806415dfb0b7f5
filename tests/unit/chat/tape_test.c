/* The short form of an answer: what is joined, what is kept, and where readers stop. */
#include "unit.h"

#include "chat/tape.h"

static struct event fragment(enum event_kind kind, uint16_t choice, uint16_t part, const char *text)
{
	return (struct event){ .kind = (uint8_t)kind, .choice = choice, .part = part, .text = slice_str(text),
		.raw = SLICE("data: {}\n\n"), .first_of_raw = true };
}

static void add(struct tape *t, enum event_kind kind, uint16_t choice, uint16_t part, const char *text)
{
	struct event ev = fragment(kind, choice, part, text);
	tape_add(t, &ev);
}

/* "text 0 |Hello| ..." */
static void tell(const struct tape *t, size_t end, struct buf *out)
{
	struct event ev;
	size_t at = 0;

	buf_clear(out);
	while (tape_next(buf_slice(&t->bytes), end, &at, &ev)) {
		assert_false(ev.first_of_raw);
		assert_null(ev.raw.p);
		buf_addf(out, "%s %u", event_kind_name(ev.kind), ev.choice);
		if (ev.part)
			buf_addf(out, ".%u", ev.part);
		buf_addf(out, " |%.*s|", SLICE_ARG(ev.text));
		if (ev.extra.n)
			buf_addf(out, " %.*s", SLICE_ARG(ev.extra));
		buf_add(out, SLICE("\n"));
	}
}

static void expect(const struct tape *t, const char *want)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	tell(t, SIZE_MAX, &b);
	assert_slice(buf_slice(&b), want);
	buf_done(&b);
}

static void test_fragments_join(void **state)
{
	struct tape t;

	tape_init(&t, 1 << 16);
	add(&t, EVENT_REASONING, 0, 0, "hm");
	add(&t, EVENT_TEXT, 0, 0, "Hel");
	add(&t, EVENT_TEXT, 0, 0, "lo");
	add(&t, EVENT_TEXT, 1, 0, "other");
	add(&t, EVENT_TEXT, 0, 0, "!");
	struct event start = fragment(EVENT_TOOL_START, 0, 1, "call_1");
	start.extra = SLICE("get");
	tape_add(&t, &start);
	add(&t, EVENT_TOOL_ARGS, 0, 1, "{\"a\":");
	add(&t, EVENT_TOOL_ARGS, 0, 1, "1}");
	add(&t, EVENT_TOOL_ARGS, 0, 2, "{}");
	add(&t, EVENT_END, 0, 0, "");
	expect(&t, "reasoning 0 |hm|\ntext 0 |Hello|\ntext 1 |other|\ntext 0 |!|\ntool_start 0.1 |call_1| get\n"
		"tool_args 0.1 |{\"a\":1}|\ntool_args 0.2 |{}|\n");
	assert_false(t.lossy);
	tape_clear(&t);
	expect(&t, "");
	add(&t, EVENT_TEXT, 0, 0, "anew");
	expect(&t, "text 0 |anew|\n");
	tape_done(&t);
}

/* Who joined at some size reads up to there, though the last text has grown since. */
static void test_a_reader_stops_where_it_joined(void **state)
{
	struct tape t;
	struct buf b;

	tape_init(&t, 1 << 16);
	buf_init(&b, 1 << 16);
	add(&t, EVENT_REASONING, 0, 0, "hm");
	add(&t, EVENT_TEXT, 0, 0, "Hel");
	size_t joined = tape_size(&t);
	add(&t, EVENT_TEXT, 0, 0, "lo");
	add(&t, EVENT_TEXT, 1, 0, "x");
	tell(&t, joined, &b);
	assert_slice(buf_slice(&b), "reasoning 0 |hm|\ntext 0 |Hel|\n");
	tell(&t, 0, &b);
	assert_slice(buf_slice(&b), "");
	buf_done(&b);
	tape_done(&t);
}

static void test_usage_and_numbers_survive(void **state)
{
	struct usage u = { 1, 2, 3, -1, 5 };
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&u) }, got;
	struct tape t;
	size_t at = 0;

	tape_init(&t, 1 << 16);
	tape_add(&t, &ev);
	ev = (struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_LENGTH, .choice = 7,
		.text = SLICE("length") };
	tape_add(&t, &ev);
	assert_true(tape_next(buf_slice(&t.bytes), SIZE_MAX, &at, &got));
	struct usage back = event_usage(&got);
	assert_memory_equal(&back, &u, sizeof(u));
	assert_true(tape_next(buf_slice(&t.bytes), SIZE_MAX, &at, &got));
	assert_int_equal(got.finish, EVENT_FINISH_LENGTH);
	assert_int_equal(got.choice, 7);
	assert_false(tape_next(buf_slice(&t.bytes), SIZE_MAX, &at, &got));
	tape_done(&t);
}

/* What has no typed form, and what finds no room: such a tape is not the whole answer. */
static void test_lossy(void **state)
{
	struct event other = { .kind = EVENT_OTHER, .choice = 0 }, frame = { .kind = EVENT_OTHER,
		.choice = EVENT_NO_CHOICE };
	struct tape t;

	tape_init(&t, 64);
	tape_add(&t, &frame);
	assert_false(t.lossy);
	tape_add(&t, &other);
	assert_true(t.lossy);
	tape_clear(&t);
	add(&t, EVENT_TEXT, 0, 0, "0123456789012345678901234567890123456789");
	assert_false(t.lossy);
	add(&t, EVENT_TEXT, 0, 0, "01234567890123456789");
	assert_true(t.lossy);
	tape_clear(&t);
	add(&t, EVENT_TEXT, 0, 0, "0123456789");
	add(&t, EVENT_TEXT, 1, 0, "01234567890123456789012345678901234567890");
	assert_true(t.lossy);
	tape_done(&t);
}

/* A stored tape may be cut or spoilt: it ends there. */
static void test_bad_bytes(void **state)
{
	struct event ev;
	struct tape t;
	char copy[64];

	tape_init(&t, 1 << 16);
	ev = fragment(EVENT_TOOL_START, 0, 0, "call");
	ev.extra = SLICE("name");
	tape_add(&t, &ev);
	for (size_t n = 0; n < tape_size(&t); n++) {
		size_t at = 0;
		assert_false(tape_next(slice_of(t.bytes.p, n), SIZE_MAX, &at, &ev) && ev.extra.n);
	}
	memcpy(copy, t.bytes.p, tape_size(&t));
	copy[0] = 100;
	size_t at = 0;
	assert_false(tape_next(slice_of(copy, tape_size(&t)), SIZE_MAX, &at, &ev));
	memcpy(copy, t.bytes.p, tape_size(&t));
	memset(copy + 10, 0xff, 4);
	at = 0;
	assert_false(tape_next(slice_of(copy, tape_size(&t)), SIZE_MAX, &at, &ev));
	tape_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments_join),
		cmocka_unit_test(test_a_reader_stops_where_it_joined),
		cmocka_unit_test(test_usage_and_numbers_survive),
		cmocka_unit_test(test_lossy),
		cmocka_unit_test(test_bad_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
