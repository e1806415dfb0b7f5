#include "loop/probe.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 3	/* Docker's default health time-out is 30 s; a live weir answers in microseconds */

static int dial(const char *host, uint16_t port)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo *all = NULL;
	char service[8];
	int fd = -1;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &want, &all) != 0)
		return -1;
	for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(all);
	return fd;
}

bool probe_http(struct slice host, uint16_t port, struct slice path, const char **out_why)
{
	char name[256], request[512], answer[32] = "";
	int n = snprintf(request, sizeof(request), "GET %.*s HTTP/1.1\r\nhost: weir\r\nconnection: close\r\n\r\n",
		SLICE_ARG(path));
	int fd = n < (int)sizeof(request) ? dial(slice_copy(host, name, sizeof(name)), port) : -1;

	*out_why = "not ready: nobody listens there";
	if (fd < 0)
		return false;
	bool answered = write(fd, request, (size_t)n) == n && read(fd, answer, sizeof(answer) - 1) > 12;
	close(fd);
	*out_why = answered ? "not ready" : "not ready: no answer";
	return answered && strncmp(answer + 9, "200", 3) == 0;
}
