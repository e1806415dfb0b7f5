#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/sig.h"
#include "loop/sys.h"

static void test_seed(void **state)
{
	uint64_t a = sys_seed(), b = sys_seed();
	assert_true(a != b);
}

static void test_files(void **state)
{
	struct rlimit was;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, was.rlim_max }), 0);
	assert_int_equal(sys_raise_files(), was.rlim_max);
	uint64_t n = sys_open_files();
	int fd = dup(0);
	assert_int_equal(sys_open_files(), n + 1);
	close(fd);
	assert_int_equal(sys_open_files(), n);
}

static void test_memory(void **state)
{
	uint64_t before = sys_rss();
	size_t n = 16u << 20;
	char *p = malloc(n);
	assert_non_null(p);
	memset(p, 1, n);
	assert_true(before > 0);
	assert_true(sys_rss() > before + n / 2);
	free(p);
}

/* A pipe that nobody reads takes what it has room for, whole lines or not, and never blocks. */
static void fill(int in, int out)
{
	char line[10000], got[4096];
	long n, total = 0;

	memset(line, 'x', sizeof(line));
	while ((n = sys_log_write(in, slice_of(line, sizeof(line)))) > 0)
		total += n;
	assert_int_equal(n, 0);
	assert_true(total >= 4096);
	assert_true(read(out, got, sizeof(got)) > 0);
	close(out);
	assert_int_equal(sys_log_write(in, SLICE("nobody reads this")), -1);
	close(in);
}

static void test_log_pipe(void **state)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	fill(fds[1], fds[0]);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	fill(fds[1], fds[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fill(fds[1], fds[0]);
}

static void test_log_file(void **state)
{
	char path[] = "/tmp/weir-sys-XXXXXX", line[100000], back[8];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	memset(line, 'y', sizeof(line));
	assert_int_equal(sys_log_write(fd, slice_of(line, sizeof(line))), sizeof(line));
	assert_int_equal(sys_log_write(fd, SLICE("end")), 3);
	assert_int_equal(pread(fd, back, 8, sizeof(line)), 3);
	close(fd);
	assert_int_equal(sys_log_write(fd, SLICE("closed")), -1);
	unlink(path);
	fd = open("/dev/full", O_WRONLY);
	assert_int_equal(sys_log_write(fd, SLICE("disk full")), -1);
	close(fd);
}

static int heard;

static void on_signal(void *arg, int signum)
{
	heard = signum;
	loop_stop(arg);
}

struct raiser {
	struct task task;
};

static void go_raise(struct task *t)
{
	raise(SIGUSR1);
}

struct spinner {
	struct task task;
	struct loop *loop;
	int turns;
};

/* Keeps the loop polling. */
static void go_spin(struct task *t)
{
	struct spinner *s = CONTAINER(t, struct spinner, task);
	if (++s->turns < 100000)
		loop_post(s->loop, t);
}

static void test_signal(void **state)
{
	struct loop *l = loop_new();
	struct sig *s = sig_watch(l, SIGUSR1, on_signal, l);
	struct raiser r = { .task.go = go_raise };
	struct spinner spin = { .task.go = go_spin, .loop = l };

	signal(SIGPIPE, SIG_DFL);
	struct sig *other = sig_watch(l, SIGUSR2, on_signal, l);
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	heard = 0;
	loop_run(l);		/* a watched signal alone is no reason to wait */
	assert_int_equal(heard, 0);
	loop_post(l, &r.task);
	loop_post(l, &spin.task);
	loop_run(l);
	loop_unpost(l, &spin.task);
	assert_int_equal(heard, SIGUSR1);
	sig_close(&s);
	sig_close(&other);
	sig_close(&s);
	assert_null(s);
	raise(SIGUSR1);		/* ends nothing any more */
	assert_int_equal(heard, SIGUSR1);
	loop_free(&l);
}

static void test_harden(void **state)
{
	struct rlimit core;
	sys_harden();
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_cur, 0);
	assert_true(sys_open_files() > 0);	/* /proc/self stays readable to ourselves */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_log_pipe),
		cmocka_unit_test(test_log_file),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_harden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
