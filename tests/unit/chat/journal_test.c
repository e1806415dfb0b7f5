#include "unit.h"

#include "base/dice.h"
#include "chat/journal.h"

static struct loop *loop;
static int drained;

static void on_news(struct task *t)
{
}

static void on_drain(struct task *t)
{
	drained++;
}

static struct task news = { .go = on_news }, drain = { .go = on_drain };

static struct event text_event(struct slice text)
{
	return (struct event){ .kind = EVENT_TEXT, .text = text, .raw = text };
}

static void add(struct journal *j, struct slice text)
{
	struct event ev = text_event(text);
	assert_int_equal(journal_add(j, &ev), ERR_OK);
}

static void test_a_prompt_reader_keeps_memory_flat(void **state)
{
	struct journal j;
	struct cursor c;
	char text[200];

	memset(text, 'x', sizeof(text));
	journal_init(&j, loop, 1 << 20, false);
	cursor_open(&c, &j, &news);
	for (int i = 0; i < 10000; i++) {
		add(&j, slice_of(text, sizeof(text)));
		const struct event *ev = cursor_peek(&c);
		assert_non_null(ev);
		assert_int_equal(ev->text.n, sizeof(text));
		cursor_pass(&c);
		assert_null(cursor_peek(&c));
		assert_true(j.held <= 4096);
	}
	cursor_close(&c);
	journal_done(&j);
}

/* An event without bytes must not be lost when the segment is written again. */
static void test_events_without_bytes_are_events(void **state)
{
	struct journal j;
	struct cursor c;
	struct event finish = { .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP };

	journal_init(&j, loop, 1 << 20, false);
	cursor_open(&c, &j, &news);
	add(&j, SLICE("a"));
	assert_non_null(cursor_peek(&c));
	cursor_pass(&c);
	assert_int_equal(journal_add(&j, &finish), ERR_OK);
	assert_int_equal(journal_add(&j, &finish), ERR_OK);
	add(&j, SLICE("b"));
	assert_int_equal(cursor_peek(&c)->kind, EVENT_FINISH);
	cursor_pass(&c);
	assert_int_equal(cursor_peek(&c)->kind, EVENT_FINISH);
	cursor_pass(&c);
	assert_slice(cursor_peek(&c)->text, "b");
	cursor_close(&c);
	journal_done(&j);
}

/* Random writers and readers of random speed: each sees every event once, in order, whatever is freed meanwhile. */
static void test_many_readers_each_at_its_pace(void **state)
{
	enum { READERS = 5, EVENTS = 3000 };
	struct journal j;
	struct cursor c[READERS];
	int seen[READERS] = { 0 }, written = 0;
	struct dice d;
	char text[600];

	dice_init(&d, 7);
	journal_init(&j, loop, 64 << 20, false);
	for (int i = 0; i < READERS; i++)
		cursor_open(&c[i], &j, &news);
	while (written < EVENTS || seen[0] < EVENTS || seen[1] < EVENTS || seen[2] < EVENTS ||
		seen[3] < EVENTS || seen[4] < EVENTS) {
		if (written < EVENTS && dice_below(&d, 2)) {
			int n = snprintf(text, sizeof(text), "%d:", written++);
			memset(text + n, 'y', sizeof(text) - (size_t)n);
			add(&j, slice_of(text, (size_t)n + dice_below(&d, sizeof(text) - (size_t)n)));
		}
		int i = (int)dice_below(&d, READERS);
		for (uint64_t steps = dice_below(&d, (uint64_t)i * 3 + 2); steps > 0; steps--) {
			const struct event *ev = cursor_peek(&c[i]);
			if (ev == NULL)
				break;
			assert_int_equal(strtol(ev->text.p, NULL, 10), seen[i]++);
			cursor_pass(&c[i]);
		}
	}
	assert_int_equal(journal_lag(&j), 0);
	for (int i = 0; i < READERS; i++)
		cursor_close(&c[i]);
	journal_done(&j);
}

static void read_all(struct cursor *c, int *seen)
{
	for (const struct event *ev; (ev = cursor_peek(c)); cursor_pass(c))
		assert_int_equal(strtol(ev->text.p, NULL, 10), (*seen)++);
}

static void add_number(struct journal *j, int n)
{
	char text[200];

	memset(text, 'z', sizeof(text));
	text[snprintf(text, sizeof(text), "%d:", n)] = 'z';
	add(j, slice_of(text, sizeof(text)));
}

/* Memory is used again as soon as the last reader has everything, and not before: whoever else leaves or comes. */
static void test_a_crowd_keeps_memory_flat(void **state)
{
	struct journal j;
	struct cursor fast, slow, brief;
	int fast_n = 0, slow_n = 0;

	journal_init(&j, loop, 1 << 20, false);
	cursor_open(&fast, &j, &news);
	cursor_open(&slow, &j, &news);
	for (int i = 0; i < 1000; i++) {
		cursor_open(&brief, &j, &news);
		cursor_skip(&brief);
		if (i % 3 == 0)
			cursor_close(&brief);
		add_number(&j, i);
		read_all(&fast, &fast_n);
		if (i % 3 == 1)
			cursor_skip(&brief);
		cursor_close(&brief);
		if (i % 2)
			read_all(&slow, &slow_n);
		assert_true(j.held <= 4096);
	}
	assert_int_equal(fast_n, 1000);
	assert_int_equal(slow_n, 1000);
	cursor_close(&slow);
	cursor_close(&fast);
	journal_done(&j);
}

static struct journal heard;

struct ear {
	struct task on_news;
	struct cursor cursor;
	int told;
};

static void on_last_words(struct task *t)
{
	struct ear *e = CONTAINER(t, struct ear, on_news);

	e->told++;
	assert_int_equal(heard.state, JOURNAL_COMPLETE);
	cursor_close(&e->cursor);
}

static void go_end(struct task *t)
{
	journal_complete(&heard);
}

/* Each of several readers hears of the last words and of the end together, though the writer ends a task later; one
 * that has left hears nothing. */
static void test_a_crowd_hears_once(void **state)
{
	struct task end = { .go = go_end };
	struct ear ears[3];

	journal_init(&heard, loop, 1 << 20, false);
	for (int i = 0; i < 3; i++) {
		ears[i] = (struct ear){ .on_news.go = on_last_words };
		cursor_open(&ears[i].cursor, &heard, &ears[i].on_news);
	}
	add(&heard, SLICE("last"));
	add(&heard, SLICE("words"));
	loop_post(loop, &end);
	cursor_close(&ears[0].cursor);
	assert_int_equal(ears[1].told, 0);
	loop_run(loop);
	assert_int_equal(ears[0].told, 0);
	assert_int_equal(ears[1].told, 1);
	assert_int_equal(ears[2].told, 1);
	journal_done(&heard);
}

/* It is gone before its news is told. */
static void test_no_news_of_the_dead(void **state)
{
	struct cursor c[2];

	journal_init(&heard, loop, 1 << 20, false);
	cursor_open(&c[0], &heard, &news);
	cursor_open(&c[1], &heard, &news);
	add(&heard, SLICE("words"));
	cursor_close(&c[0]);
	cursor_close(&c[1]);
	journal_done(&heard);
	assert_false(heard.news.posted);
}

static void test_kept_for_late_readers(void **state)
{
	struct journal j;
	struct cursor early, late;

	journal_init(&j, loop, 1 << 20, true);
	cursor_open(&early, &j, &news);
	for (int i = 0; i < 100; i++) {
		add(&j, SLICE("some words of an answer"));
		assert_non_null(cursor_peek(&early));
		cursor_pass(&early);
	}
	cursor_open(&late, &j, &news);
	int n = 0;
	while (cursor_peek(&late)) {
		cursor_pass(&late);
		n++;
	}
	assert_int_equal(n, 100);
	cursor_close(&early);
	cursor_close(&late);
	journal_done(&j);
}

static void test_limit_and_large_events(void **state)
{
	static char large[100000];
	struct journal j;
	struct cursor c;
	struct event ev = { .kind = EVENT_TEXT, .raw = { large, sizeof(large) } };

	memset(large, 'z', sizeof(large));
	journal_init(&j, loop, 150000, false);
	cursor_open(&c, &j, &news);
	assert_int_equal(journal_add(&j, &ev), ERR_OK);
	assert_int_equal(journal_add(&j, &ev), ERR_TOO_BIG);
	assert_non_null(cursor_peek(&c));
	cursor_pass(&c);
	assert_int_equal(journal_add(&j, &ev), ERR_OK);	/* room again: the read one was given back */
	assert_int_equal(cursor_peek(&c)->raw.n, sizeof(large));
	cursor_pass(&c);
	add(&j, SLICE("small"));
	assert_true(j.held <= 4096);
	cursor_close(&c);
	journal_done(&j);
}

static void test_restart_forgets(void **state)
{
	struct journal j;
	struct cursor c, leaves;

	journal_init(&j, loop, 1 << 20, false);
	cursor_open(&c, &j, &news);
	cursor_open(&leaves, &j, &news);
	add(&j, SLICE("from the first target"));
	journal_restart(&j);
	cursor_close(&leaves);
	assert_null(cursor_peek(&c));
	add(&j, SLICE("from the second"));
	assert_slice(cursor_peek(&c)->text, "from the second");
	cursor_pass(&c);
	journal_fail(&j, ERR_UP_RESET);
	assert_int_equal(j.state, JOURNAL_FAILED);
	cursor_close(&c);
	journal_done(&j);
}

static void test_writer_is_woken_when_the_lag_is_small(void **state)
{
	struct journal j;
	struct cursor c;

	journal_init(&j, loop, 1 << 20, false);
	j.on_drain = &drain;
	cursor_open(&c, &j, &news);
	for (int i = 0; i < 10; i++)
		add(&j, SLICE("0123456789"));
	assert_int_equal(journal_lag(&j), 200);
	journal_wait_drain(&j, 50);
	for (int i = 0; i < 7; i++) {
		assert_false(drain.posted);
		assert_non_null(cursor_peek(&c));
		cursor_pass(&c);
	}
	assert_non_null(cursor_peek(&c));
	cursor_pass(&c);
	assert_true(drain.posted);
	loop_unpost(loop, &drain);
	cursor_close(&c);
	journal_done(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_prompt_reader_keeps_memory_flat),
		cmocka_unit_test(test_events_without_bytes_are_events),
		cmocka_unit_test(test_many_readers_each_at_its_pace),
		cmocka_unit_test(test_a_crowd_keeps_memory_flat),
		cmocka_unit_test(test_a_crowd_hears_once),
		cmocka_unit_test(test_no_news_of_the_dead),
		cmocka_unit_test(test_kept_for_late_readers),
		cmocka_unit_test(test_limit_and_large_events),
		cmocka_unit_test(test_restart_forgets),
		cmocka_unit_test(test_writer_is_woken_when_the_lag_is_small),
	};
	loop = loop_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_unpost(loop, &news);
	loop_free(&loop);
	return failed;
}
