/* Every stream is fed whole, byte by byte and at every two-way split: same events, and the raw slices joined are
 * the input. */
#include "unit.h"

#include "codec/sse.h"

struct player {
	struct sse s;
	struct buf log, raw;
	size_t n_events;
	size_t fail_at;	/* 1: the first event answers with an error */
};

static enum err player_event(void *arg, const struct sse_event *ev)
{
	struct player *p = arg;
	assert_non_null(ev->data.p);
	if (ev->type.n)
		buf_addf(&p->log, "%.*s=", SLICE_ARG(ev->type));
	buf_addf(&p->log, "(%.*s)", SLICE_ARG(ev->data));
	buf_add(&p->raw, ev->raw);
	return ++p->n_events == p->fail_at ? ERR_UP_ERROR_EVENT : ERR_OK;
}

static void player_comment(void *arg, struct slice text)
{
	struct player *p = arg;
	buf_addf(&p->log, "#%.*s;", SLICE_ARG(text));
}

static const struct sse_events player_events = { player_event, player_comment };

static void player_start(struct player *p, size_t max)
{
	*p = (struct player){ .fail_at = 0 };
	buf_init(&p->log, 1 << 20);
	buf_init(&p->raw, 1 << 20);
	sse_init(&p->s, max, &player_events, p);
}

static void player_stop(struct player *p)
{
	sse_done(&p->s);
	buf_done(&p->log);
	buf_done(&p->raw);
}

/* From memory of its own, so that a slice kept too long is seen by ASan. */
static enum err player_feed(struct player *p, struct slice bytes)
{
	char *piece = malloc(bytes.n + 1);
	memcpy(piece, bytes.p, bytes.n);
	enum err e = sse_feed(&p->s, slice_of(piece, bytes.n));
	free(piece);
	return e;
}

struct scene {
	const char *input;
	const char *want;	/* type=(data) an event, #text; a comment, ! at the end when something was dropped */
	size_t n;
};
#define S(text, log) { text, log, sizeof(text) - 1 }

static void play(const struct scene *sc, size_t cut, bool bytewise)
{
	struct player p;
	enum err e = ERR_OK;

	player_start(&p, 1 << 20);
	for (size_t at = 0; at < sc->n && e == ERR_OK; ) {
		size_t n = bytewise ? 1 : at < cut ? cut - at : sc->n - at;
		e = player_feed(&p, slice_of(sc->input + at, n));
		at += n;
	}
	assert_int_equal(e, ERR_OK);
	if (sse_eof(&p.s, &e))
		buf_addf(&p.log, "!");
	assert_int_equal(e, ERR_OK);
	if (!slice_eq(buf_slice(&p.log), slice_str(sc->want)))
		fail_msg("%s\n cut at %zu%s\n got  %.*s\n want %s", sc->input, cut, bytewise ? " (bytewise)" : "",
			SLICE_ARG(buf_slice(&p.log)), sc->want);
	assert_true(slice_starts(slice_of(sc->input, sc->n), buf_slice(&p.raw)));
	player_stop(&p);
}

static void play_all_ways(const struct scene *scenes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		play(&scenes[i], 0, true);
		for (size_t cut = 0; cut <= scenes[i].n; cut++)
			play(&scenes[i], cut, false);
	}
}

static void test_rules(void **state)
{
	static const struct scene scenes[] = {
		S("data: one\n\ndata: two\n\n", "(one)(two)"),
		S("data:one\n\n", "(one)"),
		S("data:  one \n\n", "( one )"),
		S("data: a\ndata: b\ndata:\ndata: c\n\n", "(a\nb\n\nc)"),
		S("data\n\n", "()"),
		S("data\ndata\n\n", "(\n)"),
		S("data:\n\n", "()"),
		S("data: \n\n", "()"),
		S("data: : keepalive\n\n", "(: keepalive)"),
		S("event: ping\ndata: {}\n\n", "ping=({})"),
		S("event: a\nevent: b\ndata: {}\n\n", "b=({})"),
		S("event: a\nevent\ndata: {}\n\n", "({})"),
		S("data: x\nevent:late\n\ndata: y\n\n", "late=(x)(y)"),
		S("id: 7\nretry: 100\nunknown: z\nnocolon\ndata: x\n\n", "(x)"),
		S("Data: x\nDATA: y\ndata : z\n data: w\n\n", "#;"),
		S("datas: x\n\n", "#;"),
		S("event: ping\n\ndata: x\n\n", "#;(x)"),
		S("\n\n\ndata: x\n\n\n\n", "(x)"),
		S("data: \xe2\x80\xa8 \xc2\x85\x0c\x0b\n\n", "(\xe2\x80\xa8 \xc2\x85\x0c\x0b)"),
		S("data: a:b: c\n\n", "(a:b: c)"),
		S("data: {\"t\":\"\xf0\x9f\x8c\x8a\"}\n\n", "({\"t\":\"\xf0\x9f\x8c\x8a\"})"),
	};
	play_all_ways(scenes, COUNT_OF(scenes));
}

static void test_line_ends(void **state)
{
	static const struct scene scenes[] = {
		S("data: one\r\n\r\ndata: two\r\n\r\n", "(one)(two)"),
		S("data: one\r\rdata: two\r\r", "(one)(two)"),
		S("data: a\rdata: b\r\ndata: c\n\r\n", "(a\nb\nc)"),
		S("data: a\n\rdata: b\r\n\n", "(a)(b)"),
		S("data: a\r\n\rdata: b\r\r\n", "(a)(b)"),
		S("\r\n\r\ndata: a\r\n\r\n", "(a)"),
		S("\r\rdata: a\r\r", "(a)"),
		S("event: x\r\ndata: a\r\n\r\n\n\n", "x=(a)"),
	};
	play_all_ways(scenes, COUNT_OF(scenes));
}

static void test_bom(void **state)
{
	static const struct scene scenes[] = {
		S("\xef\xbb\xbf" "data: x\n\n", "(x)"),
		S("\xef\xbb\xbf\n\ndata: x\n\n", "(x)"),
		S("\xef\xbb\xbf\xef\xbb\xbf" "data: x\n\n", "#;"),
		S("data: x\n\n\xef\xbb\xbf" "data: y\n\n", "(x)#;"),
		S("\n\xef\xbb\xbf" "data: y\n\n", "#;"),
		S("\xef\xbb" "data: y\n\n", "#;"),
		S("\xef\xbb\xbf: hi\n\n", "#hi;"),
	};
	play_all_ways(scenes, COUNT_OF(scenes));
}

static void test_comments(void **state)
{
	static const struct scene scenes[] = {
		S(": ping\n\ndata: x\n\n", "#ping;(x)"),
		S(":\n", "#;"),
		S(": OPENROUTER PROCESSING\n\n: again\n\ndata: x\n\n", "#OPENROUTER PROCESSING;#again;(x)"),
		S("data: a\n: in between\ndata: b\n\n", "#in between;(a\nb)"),
		S(": ping\n", "#ping;"),
		S(": pi", "#pi;"),
	};
	play_all_ways(scenes, COUNT_OF(scenes));
}

static void test_end_of_input(void **state)
{
	static const struct scene scenes[] = {
		S("", ""),
		S("data: [DONE]", "([DONE])"),
		S("data: [DONE]\n", "([DONE])"),
		S("data:[DONE] \r", "([DONE] )"),
		S("data: {\"a\":1}", "({\"a\":1})"),
		S("event: e\ndata: {\"a\":1}\r\n", "e=({\"a\":1})"),
		S("data: {\ndata: }", "({\n})"),
		S("data: {\"a\":1", "!"),
		S("data: {", "!"),
		S("data: plain\n", "!"),
		S("data", "!"),
		S("event: e\n", "!"),
		S("data: x\n\ndata: {\"half", "(x)!"),
		S("data: x\n\n: bye\n\n", "(x)#bye;"),
	};
	play_all_ways(scenes, COUNT_OF(scenes));
}

/* What nothing of may be lost: the raw slices are the stream, comments and BOM included. */
static void test_raw(void **state)
{
	static const char in[] =
		"\xef\xbb\xbf: hello\r\n\r\nevent: a\rdata: 1\r\r\n\n: x\n\n"
		"id: 3\n\ndata: 2\ndata: 3\n\n\rdata: 4\r\n\r\n";
	for (size_t cut = 0; cut < sizeof(in); cut++) {
		struct player p;
		player_start(&p, 1 << 20);
		assert_int_equal(player_feed(&p, slice_of(in, cut)), ERR_OK);
		assert_int_equal(player_feed(&p, slice_of(in + cut, sizeof(in) - 1 - cut)), ERR_OK);
		assert_slice(buf_slice(&p.log), "#hello;a=(1)#x;#;(2\n3)(4)");
		/* A final LF after a CR may still be waiting for the next event. */
		size_t n = sizeof(in) - 1 - (cut == sizeof(in) - 2);
		assert_int_equal(buf_len(&p.raw), n);
		assert_memory_equal(p.raw.p, in, n);
		player_stop(&p);
	}
}

/* Whole events are not copied: the slices are the caller's own bytes. */
static enum err is_inside(void *arg, const struct sse_event *ev)
{
	const struct slice *in = arg;
	assert_true(ev->raw.p >= in->p && ev->raw.p + ev->raw.n <= in->p + in->n);
	assert_true(ev->data.p >= in->p && ev->data.p + ev->data.n <= in->p + in->n);
	return ERR_OK;
}

static void test_no_copy(void **state)
{
	static const struct sse_events events = { is_inside, NULL };
	struct slice in = SLICE(": c\n\ndata: a\n\nevent: e\r\ndata: b\r\n\r\ndata: c\n\n");
	struct sse s;
	sse_init(&s, 1000, &events, &in);
	assert_int_equal(sse_feed(&s, in), ERR_OK);
	assert_null(s.frame.p);
	assert_null(s.data.p);
	sse_done(&s);
}

static void test_limit(void **state)
{
	static const size_t steps[] = { 1, 3, 64, 1000 };
	char in[101];

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		for (size_t size = 64; size <= 65; size++) {
			struct player p;
			enum err e = ERR_OK;
			memset(in, 'x', sizeof(in));
			memcpy(in, "data: ", 6);
			memcpy(in + size - 2, "\n\n", 2);
			player_start(&p, 64);
			for (size_t at = 0; at < size && e == ERR_OK; at += steps[i])
				e = player_feed(&p, slice_of(in + at, MIN_OF(steps[i], size - at)));
			assert_int_equal(e, size > 64 ? ERR_UP_TOO_BIG : ERR_OK);
			assert_int_equal(p.n_events, size == 64);
			/* The error stays. */
			if (e != ERR_OK)
				assert_int_equal(player_feed(&p, SLICE("data: x\n\n")), ERR_UP_TOO_BIG);
			player_stop(&p);
		}
		/* A line that never ends, and comments that never lead to an event. */
		struct player p;
		player_start(&p, 100);
		memset(in, ':', sizeof(in));
		enum err e = ERR_OK;
		for (size_t at = 0; at < sizeof(in) && e == ERR_OK; at += steps[i])
			e = player_feed(&p, slice_of(in + at, MIN_OF(steps[i], sizeof(in) - at)));
		assert_int_equal(e, ERR_UP_TOO_BIG);
		player_stop(&p);
		player_start(&p, 100);
		for (int n = 0; n < 50; n++)
			assert_int_equal(player_feed(&p, SLICE("\n\n")), ERR_OK);
		assert_int_equal(player_feed(&p, SLICE("\n")), ERR_UP_TOO_BIG);
		player_stop(&p);
	}
}

static void test_callback_stops(void **state)
{
	struct player p;
	enum err e;
	player_start(&p, 1000);
	p.fail_at = 2;
	assert_int_equal(player_feed(&p, SLICE("data: 1\n\ndata: 2\n\ndata: 3\n\n")), ERR_UP_ERROR_EVENT);
	assert_int_equal(player_feed(&p, SLICE("data: 4\n\n")), ERR_UP_ERROR_EVENT);
	sse_eof(&p.s, &e);
	assert_int_equal(e, ERR_UP_ERROR_EVENT);
	assert_slice(buf_slice(&p.log), "(1)(2)");
	player_stop(&p);

	player_start(&p, 1000);
	p.fail_at = 1;
	assert_int_equal(player_feed(&p, SLICE("data: [DONE]")), ERR_OK);
	assert_false(sse_eof(&p.s, &e));
	assert_int_equal(e, ERR_UP_ERROR_EVENT);
	player_stop(&p);
}

/* No line may cost a search to the end of the input: 4 MB of two-byte lines in each style. */
static void test_many_lines(void **state)
{
	static const struct sse_events none = { player_event, NULL };
	static const char *const ends[] = { "\n", "\r", "\r\n" };
	size_t n = 4 << 20;
	char *in = malloc(n);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		size_t at = 0, end_n = strlen(ends[i]);
		while (at + 1 + end_n <= n) {
			in[at++] = ':';
			memcpy(in + at, ends[i], end_n);
			at += end_n;
		}
		struct sse s;
		sse_init(&s, n, &none, NULL);
		assert_int_equal(sse_feed(&s, slice_of(in, at)), ERR_OK);
		sse_done(&s);
	}
	free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_bom),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_many_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
