/* Owns the listening socket and the accepted streams whose TLS handshake is not over yet.  One timer-driven pause when
 * the process is out of descriptors: connections wait in the kernel's backlog meanwhile. */
#include "loop/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/must.h"
#include "loop/alarm.h"
#include "loop/loop_priv.h"
#include "loop/stream_priv.h"
#include "loop/tls.h"

/* Connections taken in one turn, so that streams in progress get theirs. */
#define BURST 64
/* nginx waits 500 ms after EMFILE (accept_mutex_delay); descriptors come back sooner than that here. */
#define STARVED_MS 100
#define SHAKE_MS 10000
#define SHAKES_MAX 1024
/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

struct listen {
	struct loop *loop;
	struct watch *watch;
	struct tls_server *tls;
	listen_on_accept *on_accept;
	void *arg;
	struct list shakes;		/* struct shake, oldest first */
	size_t shake_n;
	struct alarm again;		/* set while out of descriptors */
	struct grave grave;
	uint64_t starved;
	bool paused;
	bool closed;
	bool unlink;			/* addr is a Unix socket of ours */
	char addr[sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* A handshake in progress. */
struct shake {
	struct list node;
	struct listen *listen;
	struct stream *stream;
	struct grave grave;
};

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

/* --- accepting --- */

static void on_dig_shake(struct grave *g)
{
	free(CONTAINER(g, struct shake, grave));
}

/* The stream has a new owner or is dead. */
static void end_shake(struct shake *k)
{
	list_remove(&k->node);
	k->listen->shake_n--;
	loop_bury(k->listen->loop, &k->grave, on_dig_shake);
}

static void on_shake_open(void *arg)
{
	struct shake *k = arg;
	struct listen *li = k->listen;

	end_shake(k);
	li->on_accept(li->arg, k->stream);
}

static void on_shake_close(void *arg, enum err why)
{
	end_shake(arg);
}

static const struct stream_events shake_events = { .on_open = on_shake_open, .on_close = on_shake_close };

static void abort_shake(struct shake *k)
{
	stream_abort(&k->stream, true);
	end_shake(k);
}

static void start_shake(struct listen *li, struct watch *w, const char *peer)
{
	struct shake *k = calloc(1, sizeof(*k));

	must(k != NULL);
	/* The oldest has had the longest time: a crowd of silent peers does not keep honest ones out. */
	if (li->shake_n == SHAKES_MAX)
		abort_shake(LIST_ITEM(li->shakes.next, struct shake, node));
	k->listen = li;
	list_push_back(&li->shakes, &k->node);
	li->shake_n++;
	k->stream = stream_accepted(li->loop, w, peer, li->tls, SHAKE_MS, &shake_events, k);
}

static void welcome(struct listen *li, int fd, const struct sockaddr *sa)
{
	static const struct stream_events nobody;
	char peer[IP_TEXT] = "unix";
	struct ip ip;
	struct watch *w = watch_new(li->loop, fd, NULL, NULL);

	if (w == NULL) {
		close(fd);
		li->starved++;
		return;
	}
	if (ip_from(sa, &ip))
		ip_print(&ip, peer);
	if (li->tls)
		start_shake(li, w, peer);
	else
		li->on_accept(li->arg, stream_accepted(li->loop, w, peer, NULL, 0, &nobody, NULL));
}

static void want(struct listen *li)
{
	watch_set(li->watch, li->paused || alarm_is_set(&li->again) ? WATCH_NOTHING : WATCH_READ);
}

static void starve(struct listen *li)
{
	li->starved++;
	alarm_set(&li->again, STARVED_MS);
	want(li);
}

static void on_again(struct alarm *a)
{
	want(CONTAINER(a, struct listen, again));
}

static void on_ready(void *arg, unsigned ready)
{
	struct listen *li = arg;
	union any_addr from;

	if (ready & WATCH_GONE) {
		starve(li);
		return;
	}
	for (int i = 0; i < BURST && !li->closed && !li->paused; i++) {
		socklen_t len = sizeof(from);
		from.sa.sa_family = AF_UNSPEC;
		int fd = accept4(watch_fd(li->watch), &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			welcome(li, fd, &from.sa);
			continue;
		}
		/* accept(2): errors of the one connection that is gone again are no news. */
		if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO)
			continue;
		if (errno != EAGAIN) {
			starve(li);
		}
		return;
	}
}

/* --- opening --- */

static bool complain(char *why, size_t cap, struct slice addr, const char *what)
{
	snprintf(why, cap, "%.*s: %s", (int)MIN_OF(addr.n, (size_t)200), addr.n ? addr.p : "", what);
	return false;
}

static bool parse_unix(struct slice addr, union any_addr *out, socklen_t *out_len, char *why, size_t cap)
{
	struct slice path = slice_skip(addr, strlen("unix:"));

	if (path.n == 0 || path.n >= sizeof(out->un.sun_path) || memchr(path.p, 0, path.n))
		return complain(why, cap, addr, "a socket path has 1 to 107 bytes");
	out->un.sun_family = AF_UNIX;
	slice_copy(path, out->un.sun_path, sizeof(out->un.sun_path));
	*out_len = sizeof(out->un);
	return true;
}

static bool parse_addr(struct slice addr, union any_addr *out, socklen_t *out_len, char *why, size_t cap)
{
	size_t colon = addr.n;
	uint64_t port;
	struct ip ip;

	memset(out, 0, sizeof(*out));
	if (slice_starts(addr, SLICE("unix:")))
		return parse_unix(addr, out, out_len, why, cap);
	while (colon > 0 && addr.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || !slice_u64(slice_skip(addr, colon), &port) || port > 65535)
		return complain(why, cap, addr, "expected address:port, like 127.0.0.1:80 or [::]:80, or unix:/path");
	if (!ip_parse(slice_of(addr.p, colon - 1), (uint16_t)port, &ip))
		return complain(why, cap, addr, "the part before the port must be an IP address, not a name");
	memcpy(out, &ip, ip_len(&ip));
	*out_len = ip_len(&ip);
	return true;
}

/* A socket file that nobody listens on is left over from a process that was killed. */
static void unlink_left_over(const struct sockaddr_un *un)
{
	struct stat st;

	if (lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) != 0 && errno == ECONNREFUSED)
		unlink(un->sun_path);
	close(fd);
}

/* The listening socket, or -1 with errno. */
static int bind_to(const union any_addr *a, socklen_t len)
{
	int on = 1, off = 0, fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (a->sa.sa_family == AF_UNIX) {
		unlink_left_over(&a->un);
	} else {
		/* Without it a restart would have to wait for old connections to leave TIME_WAIT. */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		ip_tune(fd);
	}
	/* [::] takes IPv4 too, whatever the system's default says. */
	if (a->sa.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, &a->sa, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int sys = errno;
	close(fd);
	errno = sys;
	return -1;
}

static void name_it(struct listen *li, int fd, struct slice addr)
{
	union any_addr bound = { 0 };
	socklen_t len = sizeof(bound);
	struct ip ip;

	slice_copy(addr, li->addr, sizeof(li->addr));
	if (getsockname(fd, &bound.sa, &len) == 0 && ip_from(&bound.sa, &ip))
		ip_print(&ip, li->addr);
}

struct listen *listen_open(struct loop *l, struct slice addr, struct tls_server *tls, listen_on_accept *on_accept,
	void *arg, char *why, size_t why_cap)
{
	union any_addr a;
	socklen_t len;
	struct listen *li;
	int fd;

	if (!parse_addr(addr, &a, &len, why, why_cap))
		return NULL;
	if ((fd = bind_to(&a, len)) < 0) {
		complain(why, why_cap, addr, strerror(errno));
		return NULL;
	}
	li = calloc(1, sizeof(*li));
	must(li != NULL);
	li->watch = watch_new(l, fd, on_ready, li);
	if (li->watch == NULL) {
		close(fd);
		free(li);
		complain(why, why_cap, addr, "the system cannot watch one more socket");
		return NULL;
	}
	li->loop = l;
	li->on_accept = on_accept;
	li->arg = arg;
	li->unlink = a.sa.sa_family == AF_UNIX;
	list_init(&li->shakes);
	alarm_init(&li->again, l, on_again);
	listen_set_tls(li, tls);
	name_it(li, fd, addr);
	want(li);
	return li;
}

void listen_set_tls(struct listen *li, struct tls_server *tls)
{
	struct tls_server *old = li->tls;

	li->tls = tls ? tls_server_ref(tls) : NULL;
	tls_server_unref(&old);
}

void listen_pause(struct listen *li, bool paused)
{
	li->paused = paused;
	want(li);
}

const char *listen_addr(const struct listen *li)
{
	return li->addr;
}

uint64_t listen_starved(const struct listen *li)
{
	return li->starved;
}

static void on_dig(struct grave *g)
{
	free(CONTAINER(g, struct listen, grave));
}

void listen_close(struct listen **lp)
{
	struct listen *li = *lp;

	if (li == NULL)
		return;
	*lp = NULL;
	li->closed = true;
	alarm_clear(&li->again);
	while (!list_empty(&li->shakes))
		abort_shake(LIST_ITEM(li->shakes.next, struct shake, node));
	watch_close(&li->watch);
	tls_server_unref(&li->tls);
	if (li->unlink)
		unlink(li->addr + strlen("unix:"));
	loop_bury(li->loop, &li->grave, on_dig);
}
