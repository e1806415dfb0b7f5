/* Plain blocking sockets: a peer that does exactly what the test says. */
#ifndef TESTS_RAW_H
#define TESTS_RAW_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit.h"

static inline struct sockaddr_in raw_addr(const char *ip, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	assert_int_equal(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	return a;
}

static inline uint16_t raw_port(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

/* A bound socket of `type`; port 0: the kernel picks. */
static inline int raw_bind(int type, const char *ip, uint16_t port)
{
	struct sockaddr_in a = raw_addr(ip, port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static inline uint16_t raw_closed_port(void)
{
	int fd = raw_bind(SOCK_STREAM, "127.0.0.1", 0);
	uint16_t port = raw_port(fd);
	close(fd);
	return port;
}

static inline int raw_connect(uint16_t port)
{
	struct sockaddr_in a = raw_addr("127.0.0.1", port);
	struct timeval limit = { .tv_sec = 10 };	/* a peer that is never answered is a failed test, not a hang */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* "127.0.0.1:40312" of this side. */
static inline const char *raw_name(int fd)
{
	static char text[32];
	snprintf(text, sizeof(text), "127.0.0.1:%u", raw_port(fd));
	return text;
}

static inline void raw_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void raw_reset(int *fd)
{
	struct linger rst = { .l_onoff = 1, .l_linger = 0 };
	assert_int_equal(setsockopt(*fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst)), 0);
	close(*fd);
	*fd = -1;
}

/* Reads `text`, and after it: `end` 0 an orderly end, an errno that error, -1 nothing is looked at. */
static inline void raw_expect(int fd, const char *text, int end)
{
	char got[4096];
	size_t have = 0, want = strlen(text);
	assert_true(want < sizeof(got));
	while (have < want) {
		ssize_t n = recv(fd, got + have, want - have, 0);
		if (n <= 0)
			fail_msg("after %zu bytes: %s", have, n ? strerror(errno) : "end");
		have += (size_t)n;
	}
	assert_memory_equal(got, text, want);
	if (end < 0)
		return;
	ssize_t n = recv(fd, got, 1, 0);
	if (end == 0)
		assert_int_equal(n, 0);
	else
		assert_true(n < 0 && errno == end);
}

#endif
