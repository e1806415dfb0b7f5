/* A dial owns its tries; the first try that connects wins and the others are closed. */
#include "loop/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/must.h"
#include "loop/alarm.h"
#include "loop/dns.h"
#include "loop/loop.h"

/* RFC 8305 section 5, "Connection Attempt Delay": 250 ms recommended. */
#define BESIDE_MS 250

struct try {
	struct dial *dial;
	struct watch *watch;		/* NULL: over */
	size_t addr;			/* which address */
};

struct dial {
	struct loop *loop;
	dial_on_done *on_done;
	void *arg;
	struct dns_wait wait;
	struct dns_addrs addrs;
	size_t next;			/* first address not tried yet */
	size_t open;			/* tries in progress */
	struct try tries[DNS_ADDRS_MAX];
	struct alarm beside;
	struct task give_up;
	struct grave grave;
	enum err why;
	char detail[IP_TEXT + 80];
	uint16_t port;
	char name[DNS_NAME_MAX + 1];	/* "" for an address */
};

static void on_dig(struct grave *g)
{
	free(CONTAINER(g, struct dial, grave));
}

void dial_close(struct dial **dp)
{
	struct dial *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	dns_forget(&d->wait);
	alarm_clear(&d->beside);
	loop_unpost(d->loop, &d->give_up);
	for (size_t i = 0; i < d->next; i++)
		watch_close(&d->tries[i].watch);
	loop_bury(d->loop, &d->grave, on_dig);
}

static void finish(struct dial *d, enum err why, struct watch *w, const struct ip *ip)
{
	struct dial *over = d;
	dial_on_done *on_done = d->on_done;
	void *arg = d->arg;

	dial_close(&over);	/* frees at the end of the turn: ip and detail live on until then */
	on_done(arg, why, w, ip, d->detail);
}

static void on_give_up(struct task *t)
{
	struct dial *d = CONTAINER(t, struct dial, give_up);
	finish(d, d->why, NULL, NULL);
}

static enum err err_of(int sys)
{
	/* Our own shortage says nothing about the provider. */
	if (sys == EMFILE || sys == ENFILE || sys == ENOBUFS || sys == ENOMEM || sys == EADDRNOTAVAIL)
		return ERR_UP_NO_SOCKET;
	return sys == ETIMEDOUT ? ERR_UP_CONNECT_TIMEOUT : ERR_UP_REFUSED;
}

static void note_failure(struct dial *d, const struct ip *ip, int sys)
{
	char text[IP_TEXT];

	d->why = err_of(sys);
	snprintf(d->detail, sizeof(d->detail), "%s: %s", ip_print(ip, text), strerror(sys));
}

static void try_next(struct dial *d);

static void on_try_ready(void *arg, unsigned ready)
{
	struct try *t = arg;
	struct dial *d = t->dial;
	struct ip *ip = &d->addrs.ip[t->addr];
	int sys = 0;
	socklen_t len = sizeof(sys);

	must(getsockopt(watch_fd(t->watch), SOL_SOCKET, SO_ERROR, &sys, &len) == 0);
	if (sys == 0) {
		struct watch *w = t->watch;
		t->watch = NULL;
		/* Else each dial would wait for a dead address again until the name is looked up anew. */
		if (t->addr > 0 && d->name[0])
			dns_prefer(d->loop, slice_str(d->name), ip);
		finish(d, ERR_OK, w, ip);
		return;
	}
	note_failure(d, ip, sys);
	watch_close(&t->watch);
	d->open--;
	try_next(d);
}

/* A socket on its way to `ip`, or -1 with errno. */
static int connect_to(const struct ip *ip)
{
	int fd = socket(ip->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -1;
	ip_tune(fd);
	if (connect(fd, &ip->sa, ip_len(ip)) == 0 || errno == EINPROGRESS)
		return fd;
	int sys = errno;
	close(fd);
	errno = sys;
	return -1;
}

static bool watch_try(struct dial *d, size_t addr, int fd)
{
	struct try *t = &d->tries[addr];
	struct ip *ip = &d->addrs.ip[addr];

	t->dial = d;
	t->addr = addr;
	t->watch = watch_new(d->loop, fd, on_try_ready, t);
	if (t->watch == NULL) {
		close(fd);
		note_failure(d, ip, ENOBUFS);
		return false;
	}
	watch_set(t->watch, WATCH_WRITE);
	d->open++;
	return true;
}

static bool start_try(struct dial *d, size_t addr)
{
	struct ip *ip = &d->addrs.ip[addr];
	int fd;

	ip_set_port(ip, d->port);
	if ((fd = connect_to(ip)) < 0) {
		note_failure(d, ip, errno);
		return false;
	}
	return watch_try(d, addr, fd);
}

/* Starts the next address that does not fail at once; with none left and none in progress, gives up in a task. */
static void try_next(struct dial *d)
{
	alarm_clear(&d->beside);
	while (d->next < d->addrs.n) {
		if (!start_try(d, d->next++))
			continue;
		if (d->next < d->addrs.n)
			alarm_set(&d->beside, BESIDE_MS);
		return;
	}
	if (d->open == 0)
		loop_post(d->loop, &d->give_up);
}

static void on_beside(struct alarm *a)
{
	try_next(CONTAINER(a, struct dial, beside));
}

/* Families take turns (RFC 8305 section 4), so that one broken family costs one delay and no more. */
static void interleave(struct dns_addrs *a)
{
	for (size_t i = 1; i < a->n; i++) {
		size_t j = i;
		while (j < a->n && a->ip[j].sa.sa_family == a->ip[i - 1].sa.sa_family)
			j++;
		if (j == a->n)
			return;
		struct ip other = a->ip[j];
		memmove(&a->ip[i + 1], &a->ip[i], (j - i) * sizeof(other));
		a->ip[i] = other;
	}
}

static void on_answer(struct dns_wait *w, const struct dns_addrs *found)
{
	struct dial *d = CONTAINER(w, struct dial, wait);

	if (found == NULL || found->n == 0) {
		loop_post(d->loop, &d->give_up);
		return;
	}
	d->addrs = *found;
	interleave(&d->addrs);
	try_next(d);
}

/* Addresses that need no look-up: literals, and localhost, which always means this machine (RFC 6761 section
 * 6.3) even where /etc/hosts does not say so. */
static bool known_here(struct slice host, struct dns_addrs *out)
{
	const struct slice local = SLICE(".localhost");
	bool is_local = slice_case_eq(host, SLICE("localhost"))
		|| (host.n > local.n && slice_case_eq(slice_skip(host, host.n - local.n), local));

	out->n = is_local ? 2 : 1;
	if (!is_local)
		return ip_parse(host, 0, &out->ip[0]);
	return ip_parse(SLICE("127.0.0.1"), 0, &out->ip[0]) && ip_parse(SLICE("::1"), 0, &out->ip[1]);
}

/* A Unix socket has one address, which is no IP: its place in the table stays 0.0.0.0. */
static void start_path(struct dial *d, struct slice path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = -1;

	must(ip_parse(SLICE("0.0.0.0"), 0, &d->addrs.ip[0]));
	d->next = d->addrs.n = 1;
	errno = ENAMETOOLONG;
	if (path.n < sizeof(un.sun_path)) {
		slice_copy(path, un.sun_path, sizeof(un.sun_path));
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	}
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0 && watch_try(d, 0, fd))
		return;
	d->why = err_of(errno);
	snprintf(d->detail, sizeof(d->detail), "%.*s: %s", (int)MIN_OF(path.n, (size_t)80), path.p, strerror(errno));
	if (fd >= 0)
		close(fd);
	loop_post(d->loop, &d->give_up);
}

struct dial *dial_open(struct loop *l, struct slice host, uint16_t port, dial_on_done *on_done, void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));
	struct dns_addrs found = { .n = 0 };

	must(d != NULL);
	d->loop = l;
	d->on_done = on_done;
	d->arg = arg;
	d->port = port;
	d->why = ERR_UP_DNS;
	d->give_up.go = on_give_up;
	alarm_init(&d->beside, l, on_beside);
	dns_wait_init(&d->wait, on_answer);
	snprintf(d->detail, sizeof(d->detail), "%.*s: no address found", (int)MIN_OF(host.n, (size_t)80), host.p);
	if (host.n && host.p[0] == '/') {
		start_path(d, host);
		return d;
	}
	if (known_here(host, &found)) {
		on_answer(&d->wait, &found);
		return d;
	}
	slice_copy(host, d->name, sizeof(d->name));
	switch (dns_ask(l, host, &d->wait, &found)) {
	case DNS_KNOWN:
		on_answer(&d->wait, &found);
		break;
	case DNS_NONE:
		on_answer(&d->wait, NULL);
		break;
	case DNS_LATER:
		break;
	}
	return d;
}
