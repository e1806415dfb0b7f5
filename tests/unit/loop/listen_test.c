/* Addresses, bursts, pauses, Unix sockets, and what happens without descriptors. */
#include "rig.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "raw.h"

/* Counts connections and closes them. */
struct door {
	struct rig r;
	int n, want;
};

static void on_accept(void *arg, struct stream *s)
{
	struct door *d = arg;
	stream_abort(&s, false);
	if (++d->n == d->want)
		loop_stop(d->r.loop);
}

static void door_init(struct door *d, int want)
{
	*d = (struct door){ .want = want };
	rig_init(&d->r);
	rig_listen(&d->r, "127.0.0.1:0", NULL, on_accept, d);
}

static struct alarm tick;

static void on_tick(struct alarm *a)
{
	loop_stop(a->loop);
}

static void run_for(struct rig *r, uint64_t ms)
{
	alarm_init(&tick, r->loop, on_tick);
	alarm_set(&tick, ms);
	rig_run(r);
	alarm_clear(&tick);
}

static void refused(const char *addr, const char *words)
{
	struct rig r;
	char why[200] = "";
	rig_init(&r);
	assert_null(listen_open(r.loop, slice_str(addr), NULL, on_accept, NULL, why, sizeof(why)));
	if (strstr(why, words) == NULL)
		fail_msg("%s: \"%s\"", addr, why);
	if (!slice_starts(slice_str(why), slice_str(addr)))
		fail_msg("\"%s\" does not name the address", why);
	rig_done(&r);
}

static void test_bad_addresses(void **state)
{
	refused("", "expected address:port");
	refused("8080", "expected address:port");
	refused("127.0.0.1", "expected address:port");
	refused("127.0.0.1:", "expected address:port");
	refused("127.0.0.1:http", "expected address:port");
	refused("127.0.0.1:65536", "expected address:port");
	refused("127.0.0.1:-1", "expected address:port");
	refused(":8080", "must be an IP address");
	refused("localhost:8080", "must be an IP address");
	refused("[::1:8080", "must be an IP address");
	refused("unix:", "1 to 107 bytes");
	refused("unix:/no/such/folder/socket", "No such file");
	refused("192.0.2.1:1", "Cannot assign");	/* RFC 5737: nobody has this address */
}

static void test_port_in_use(void **state)
{
	struct door d;
	char addr[64];
	door_init(&d, 1);
	snprintf(addr, sizeof(addr), "%s", listen_addr(d.r.listen));
	refused(addr, "Address already in use");
	rig_done(&d.r);
}

/* More than one turn takes. */
static void test_burst(void **state)
{
	struct door d;
	int fds[200];
	door_init(&d, COUNT_OF(fds));
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = raw_connect(d.r.port);
	rig_run(&d.r);
	assert_int_equal(d.n, COUNT_OF(fds));
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	rig_done(&d.r);
}

static void test_pause(void **state)
{
	struct door d;
	door_init(&d, 1);
	listen_pause(d.r.listen, true);
	int fd = raw_connect(d.r.port);		/* waits in the backlog */
	run_for(&d.r, 20);
	assert_int_equal(d.n, 0);
	listen_pause(d.r.listen, false);
	rig_run(&d.r);
	assert_int_equal(d.n, 1);
	close(fd);
	rig_done(&d.r);
}

/* No descriptors: accepting pauses without spinning, and goes on when there are some again. */
static void test_starved(void **state)
{
	struct door d;
	struct rlimit was, tight;
	int fds[5];
	door_init(&d, COUNT_OF(fds));
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = raw_connect(d.r.port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	int lowest_free = dup(0);
	close(lowest_free);
	tight = (struct rlimit){ (rlim_t)lowest_free, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	run_for(&d.r, 250);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(d.n, 0);
	assert_in_range(listen_starved(d.r.listen), 1, 4);	/* once each 100 ms */
	rig_run(&d.r);
	assert_int_equal(d.n, COUNT_OF(fds));
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	rig_done(&d.r);
}

static int unix_connect(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	slice_copy(slice_str(path), un.sun_path, sizeof(un.sun_path));
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static bool on_words(struct end *e)
{
	return buf_len(&e->in) == 5;
}

static bool on_close(struct end *e)
{
	return e->closes > 0;
}

/* Who opens a socket that is in use knocks at it first: the last one counts. */
static void on_unix_accept(void *arg, struct stream *s)
{
	struct end *e = arg;
	stream_abort(&e->s, false);
	rig_on_accept(arg, s);
}

static void test_unix(void **state)
{
	char dir[] = "/tmp/weir-listen-XXXXXX", addr[100], path[64], why[200];
	struct rig r;
	struct end e;
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(addr, sizeof(addr), "unix:%s", path);
	rig_init(&r);
	end_init(&e, &r, on_words);
	/* Left over from a killed process: replaced. */
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int old = socket(AF_UNIX, SOCK_STREAM, 0);
	slice_copy(slice_str(path), un.sun_path, sizeof(un.sun_path));
	assert_int_equal(bind(old, (struct sockaddr *)&un, sizeof(un)), 0);
	close(old);
	r.listen = listen_open(r.loop, slice_str(addr), NULL, on_unix_accept, &e, why, sizeof(why));
	assert_non_null(r.listen);
	assert_string_equal(listen_addr(r.listen), addr);
	/* In use: refused, and the socket stays. */
	assert_null(listen_open(r.loop, slice_str(addr), NULL, on_unix_accept, &e, why, sizeof(why)));
	assert_non_null(strstr(why, "in use"));
	int fd = unix_connect(path);
	raw_send(fd, "hello");
	rig_run(&r);
	assert_slice(buf_slice(&e.in), "hello");
	assert_string_equal(e.peer, "unix");
	stream_write(e.s, SLICE("there"));
	e.until = NULL;
	run_for(&r, 1);
	raw_expect(fd, "there", -1);
	e.until = on_close;
	close(fd);		/* a Unix peer that closes is gone both ways */
	rig_run(&r);
	assert_int_equal(e.eofs, 1);
	assert_int_equal(e.why, ERR_UP_RESET);
	listen_close(&r.listen);
	assert_int_equal(stat(path, &st), -1);
	/* A file that is no socket is never removed. */
	FILE *f = fopen(path, "w");
	fclose(f);
	assert_null(listen_open(r.loop, slice_str(addr), NULL, on_unix_accept, &e, why, sizeof(why)));
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	rmdir(dir);
	end_done(&e);
	rig_done(&r);
}

/* Closing from within on_accept, with more connections waiting. */
static void on_accept_close(void *arg, struct stream *s)
{
	struct door *d = arg;
	d->n++;
	stream_abort(&s, true);
	listen_close(&d->r.listen);
}

static void test_close_inside(void **state)
{
	struct door d = { 0 };
	rig_init(&d.r);
	rig_listen(&d.r, "127.0.0.1:0", NULL, on_accept_close, &d);
	int a = raw_connect(d.r.port), b = raw_connect(d.r.port);
	rig_run(&d.r);
	assert_int_equal(d.n, 1);
	assert_null(d.r.listen);
	close(a);
	close(b);
	rig_done(&d.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_starved),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_close_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
