/* Clock, sockets and epoll. Knows nothing of HTTP. */
#include "plug.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t plug_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * PLUG_S + (uint64_t)t.tv_nsec;
}

bool plug_address(const char *text, struct sockaddr_in *out)
{
	char host[64] = "127.0.0.1";
	const char *colon = strrchr(text, ':');
	const char *port = text;
	if (colon) {
		size_t n = (size_t)(colon - text);
		if (n >= sizeof host)
			return false;
		memcpy(host, text, n);
		host[n] = 0;
		port = colon + 1;
	}
	char *end;
	errno = 0;
	unsigned long number = strtoul(port, &end, 10);
	if (errno || end == port || *end || *port == '-' || number > 65535)
		return false;
	*out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
	if (inet_pton(AF_INET, host, &out->sin_addr) != 1)
		return false;
	return ntohl(out->sin_addr.s_addr) >> 24 == 127;
}

static void no_delay(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int plug_listen(const struct sockaddr_in *at, unsigned *out_port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	struct sockaddr_in bound = *at;
	socklen_t len = sizeof bound;
	/* 4096: Linux' default maximum (net.core.somaxconn), so that a burst of thousands is not refused */
	if (bind(fd, (const struct sockaddr *)at, sizeof *at) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&bound, &len) < 0) {
		close(fd);
		return -1;
	}
	*out_port = ntohs(bound.sin_port);
	return fd;
}

int plug_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		no_delay(fd);
	return fd;
}

int plug_connect(const struct sockaddr_in *to, int receive_buffer_bytes)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	no_delay(fd);
	if (receive_buffer_bytes > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int plug_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

void plug_reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

bool plug_files(size_t need)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur >= need;
}

void plug_exact_timers(void)
{
	prctl(PR_SET_TIMERSLACK, 1UL);
}

static bool spinning;

void plug_spin(void)
{
	spinning = true;
}

static int spin_wait(int epoll, struct epoll_event *events, int max, uint64_t until_ns)
{
	/* a bounded number of turns, so that the caller sees a signal that only set a flag */
	for (unsigned i = 0; i < 1024; i++) {
		int n = epoll_wait(epoll, events, max, 0);
		if (n != 0 || plug_now_ns() >= until_ns)
			return n < 0 ? 0 : n;
		sched_yield();
	}
	return 0;
}

int plug_wait(int epoll, struct epoll_event *events, int max, uint64_t until_ns)
{
	struct timespec left = {0};
	if (spinning)
		return spin_wait(epoll, events, max, until_ns);
	if (until_ns != UINT64_MAX) {
		uint64_t now = plug_now_ns();
		uint64_t ns = until_ns > now ? until_ns - now : 0;
		left.tv_sec = (time_t)(ns / PLUG_S);
		left.tv_nsec = (long)(ns % PLUG_S);
	}
	/* epoll_pwait2 (Linux 5.11) waits to the nanosecond in one call, where a timerfd would cost three */
	int n = epoll_pwait2(epoll, events, max, until_ns == UINT64_MAX ? NULL : &left, NULL);
	if (n < 0 && errno != EINTR) {
		fprintf(stderr, "epoll_pwait2: %s (Linux 5.11 or newer is needed)\n", strerror(errno));
		exit(2);
	}
	return n < 0 ? 0 : n;
}

void plug_watch(int epoll, int op, int fd, uint32_t events, void *tag)
{
	struct epoll_event e = {.events = events, .data.ptr = tag};
	if (epoll_ctl(epoll, op, fd, &e) < 0) {
		fprintf(stderr, "epoll_ctl: %s\n", strerror(errno));
		abort();
	}
}

uint64_t plug_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < min || value > max) {
		fprintf(stderr, "--%s: \"%s\" is not a number from %llu to %llu\n", option, text,
			(unsigned long long)min, (unsigned long long)max);
		exit(2);
	}
	return value;
}
