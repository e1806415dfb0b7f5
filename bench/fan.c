/*
 * weir-fan: the least that serving one answer to many clients can cost. It asks the provider once, keeps the
 * bytes of the answer and writes them to every client as they come: no parsing, no checks, no limits, no log.
 * bench/caches compares weir's shared flights with it. One answer at a time; clients that come when it is over
 * begin the next one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "due.h"
#include "pail.h"
#include "plug.h"

#define CLIENTS 65536
#define REQUEST_BYTES 65536

struct client {
	int fd;
	size_t sent;            /* of the answer; SIZE_MAX: it has not asked */
	bool blocked;
};

static struct client *clients[CLIENTS];
static unsigned n_clients;
static struct pail request, answer;
static struct sockaddr_in provider;
static int epoll_fd, listener, upstream = -1;
static char buffer[REQUEST_BYTES];

static void drop(struct client *c)
{
	for (unsigned i = 0; i < n_clients; i++)
		if (clients[i] == c)
			clients[i] = clients[--n_clients];
	close(c->fd);
	free(c);
}

/* Writes what the client has not got yet. */
static void serve(struct client *c)
{
	while (c->sent != SIZE_MAX && c->sent < answer.len) {
		ssize_t n = send(c->fd, answer.at + c->sent, answer.len - c->sent, MSG_NOSIGNAL);
		if (n < 0) {
			c->blocked = errno == EAGAIN;
			return;
		}
		c->sent += (size_t)n;
	}
	c->blocked = false;
}

static void ask_provider(void)
{
	answer.len = 0;
	upstream = plug_connect(&provider, 0);
	plug_watch(epoll_fd, EPOLL_CTL_ADD, upstream, EPOLLIN | EPOLLOUT, &upstream);
}

static void on_client(struct client *c, uint32_t events)
{
	if (events & EPOLLIN) {
		ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);
		if (n <= 0) {
			drop(c);
			return;
		}
		if (upstream < 0) {
			request.len = 0;
			pail_add(&request, buffer, (size_t)n);
			ask_provider();
		}
		c->sent = 0;
	}
	serve(c);
}

static bool is_over(void)
{
	return answer.len > 5 && memcmp(answer.at + answer.len - 5, "0\r\n\r\n", 5) == 0;
}

static void on_upstream(uint32_t events)
{
	if (request.len && (events & EPOLLOUT)) {
		if (send(upstream, request.at, request.len, MSG_NOSIGNAL) < 0)
			return;
		request.len = 0;
		plug_watch(epoll_fd, EPOLL_CTL_MOD, upstream, EPOLLIN, &upstream);
	}
	ssize_t n = recv(upstream, buffer, sizeof(buffer), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		pail_add(&answer, buffer, (size_t)n);
	for (unsigned i = 0; i < n_clients; i++)
		if (!clients[i]->blocked)
			serve(clients[i]);
	if (n > 0 && !is_over())
		return;
	for (unsigned i = 0; i < n_clients; i++)
		if (!clients[i]->blocked)
			clients[i]->sent = SIZE_MAX;
	close(upstream);
	upstream = -1;
}

static void on_listener(void)
{
	for (int fd; (fd = plug_accept(listener)) >= 0 && n_clients < CLIENTS;) {
		struct client *c = malloc(sizeof(*c));
		if (c == NULL)
			exit(1);
		*c = (struct client){ .fd = fd, .sent = SIZE_MAX };
		clients[n_clients++] = c;
		plug_watch(epoll_fd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLET, c);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	struct epoll_event events[512];
	unsigned port;

	if (argc != 3 || !plug_address(argv[1], &at) || !plug_address(argv[2], &provider)) {
		fputs("usage: weir-fan LISTEN PROVIDER    both 127.0.0.1:PORT\n", stderr);
		return 2;
	}
	plug_files(CLIENTS);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listener = plug_listen(&at, &port);
	if (listener < 0) {
		perror("weir-fan");
		return 1;
	}
	plug_watch(epoll_fd, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
	for (;;) {
		int n = plug_wait(epoll_fd, events, 512, DUE_NEVER);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				on_listener();
			else if (events[i].data.ptr == &upstream)
				on_upstream(events[i].events);
			else
				on_client(events[i].data.ptr, events[i].events);
		}
	}
}
