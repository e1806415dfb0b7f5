/* Log lines into a pipe whose reader is quick, slow or gone. */
#include "unit/loop/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "app/sink.h"
#include "base/counter.h"

struct scene {
	struct rig rig;
	struct alarm tick;
	struct sink sink;
	int fd[2];		/* the log's reader, its writer */
	struct buf got;
};

static void on_tick(struct alarm *a)
{
	loop_stop(a->loop);
}

static void ignore(void *arg, struct stream *s)
{
}

static void run_ms(struct scene *s, uint64_t ms)
{
	alarm_set(&s->tick, ms);
	rig_run(&s->rig);
}

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .fd = { -1, -1 } };
	counter_reset();
	signal(SIGPIPE, SIG_IGN);
	rig_init(&s->rig);
	rig_listen(&s->rig, "127.0.0.1:0", NULL, ignore, NULL);	/* keeps the loop going */
	alarm_init(&s->tick, s->rig.loop, on_tick);
	assert_int_equal(pipe2(s->fd, O_CLOEXEC), 0);
	assert_int_equal(fcntl(s->fd[0], F_SETFL, O_NONBLOCK), 0);
	buf_init(&s->got, 64u << 20);
	sink_open(&s->sink, s->rig.loop, s->fd[1], LOG_LEVEL_INFO, LOG_FORM_JSON);
}

static void scene_close(struct scene *s)
{
	close(s->fd[0]);
	close(s->fd[1]);
	buf_done(&s->got);
	rig_done(&s->rig);
}

/* Takes what is in the pipe; returns how much that was. */
static size_t drink(struct scene *s)
{
	size_t all = 0;

	for (;;) {
		char *to = buf_room(&s->got, 65536);
		assert_non_null(to);
		ssize_t n = read(s->fd[0], to, 65536);
		if (n <= 0)
			return all;
		buf_grew(&s->got, (size_t)n);
		all += (size_t)n;
	}
}

static void drink_all(struct scene *s)
{
	for (int quiet = 0; quiet < 5;) {
		run_ms(s, 10);
		quiet = drink(s) ? 0 : quiet + 1;
	}
}

static void test_lines_leave_together_soon(void **state)
{
	struct scene s;

	scene_open(&s);
	log_debug("hidden");
	log_info("one", LOG_I("n", 1));
	log_warn("two");
	assert_int_equal(drink(&s), 0);		/* gathered: not a write each */
	run_ms(&s, 60);
	assert_true(drink(&s) > 0);
	buf_add_char(&s.got, '\0');
	assert_non_null(strstr(s.got.p, "\"level\":\"info\",\"event\":\"one\",\"n\":1}\n{\"time\""));
	assert_non_null(strstr(s.got.p, "\"event\":\"two\"}\n"));
	assert_null(strstr(s.got.p, "hidden"));
	assert_int_equal(s.got.p[s.got.n - 2], '\n');
	/* the time is the wall clock's: this year's lines do not begin in 1970 */
	assert_false(slice_starts(buf_slice(&s.got), SLICE("{\"time\":\"1970")));
	sink_close(&s.sink);
	scene_close(&s);
}

static void test_many_lines_leave_at_once(void **state)
{
	struct scene s;
	char line[1000];

	scene_open(&s);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 65; i++)
		log_write(slice_of(line, sizeof(line)));
	assert_int_equal(drink(&s), 0);
	/* 64 KiB are passed: no waiting, as much as the pipe takes */
	log_write(slice_of(line, sizeof(line)));
	assert_true(drink(&s) >= 4096);
	drink_all(&s);
	assert_int_equal(buf_len(&s.got), 66 * sizeof(line));
	sink_close(&s.sink);
	scene_close(&s);
}

static void test_closing_writes_the_rest(void **state)
{
	struct scene s;

	scene_open(&s);
	log_error("last");
	sink_close(&s.sink);
	drink(&s);
	buf_add_char(&s.got, '\0');
	assert_non_null(strstr(s.got.p, "\"last\""));
	log_error("too late");		/* nobody listens, nothing breaks */
	assert_false(log_on(LOG_LEVEL_ERROR));
	run_ms(&s, 30);
	assert_int_equal(drink(&s), 0);
	scene_close(&s);
}

/* A reader that does not read costs lines, never time: the loop goes on, memory is bounded, what is lost is
 * counted, and what is kept comes out whole and in order. */
static void test_a_reader_that_stands_still(void **state)
{
	enum { LINES = 8000, BYTES = 1000 };
	struct scene s;
	char line[BYTES + 1];

	scene_open(&s);
	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%0*d\n", BYTES - 1, i);
		log_write(slice_of(line, BYTES));
		if (i % 1000 == 0)
			run_ms(&s, 1);
	}
	run_ms(&s, 50);
	uint64_t lost = counter_values[COUNTER_log_dropped];
	assert_true(lost > LINES / 4 && lost < LINES);
	assert_true(buf_len(&s.sink.lines) <= 4u << 20);
	drink_all(&s);
	assert_int_equal(buf_len(&s.got), (LINES - lost) * BYTES);
	long last = -1;
	for (size_t i = 0; i < LINES - lost; i++) {
		long n = strtol(s.got.p + i * BYTES, NULL, 10);
		assert_true(n > last);
		last = n;
	}
	log_info("again");			/* it recovers */
	buf_clear(&s.got);
	drink_all(&s);
	assert_true(buf_len(&s.got) > 0);
	assert_int_equal(counter_values[COUNTER_log_dropped], lost);
	sink_close(&s.sink);
	scene_close(&s);
}

static void test_a_reader_that_is_gone(void **state)
{
	struct scene s;

	scene_open(&s);
	close(s.fd[0]);
	s.fd[0] = -1;
	log_info("one");
	log_info("two");
	log_info("three");
	run_ms(&s, 60);
	assert_int_equal(counter_values[COUNTER_log_dropped], 3);
	assert_int_equal(buf_len(&s.sink.lines), 0);
	log_info("four");
	run_ms(&s, 60);
	assert_int_equal(counter_values[COUNTER_log_dropped], 4);
	sink_close(&s.sink);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_leave_together_soon),
		cmocka_unit_test(test_many_lines_leave_at_once),
		cmocka_unit_test(test_closing_writes_the_rest),
		cmocka_unit_test(test_a_reader_that_stands_still),
		cmocka_unit_test(test_a_reader_that_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
