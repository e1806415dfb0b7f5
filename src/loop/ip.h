/* An IP address with its port, as the system takes it and as people write it. */
#ifndef LOOP_IP_H
#define LOOP_IP_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/slice.h"

struct ip {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* "[" + 45 + "]:65535" and a NUL. */
#define IP_TEXT 56

/* "127.0.0.1", "::1", "[::1]", "fe80::1%eth0".  False when `s` is no literal; *out is untouched then. */
bool ip_parse(struct slice s, uint16_t port, struct ip *out);
/* From an answer of the system; false for other families. */
bool ip_from(const struct sockaddr *sa, struct ip *out);
socklen_t ip_len(const struct ip *ip);
uint16_t ip_port(const struct ip *ip);
void ip_set_port(struct ip *ip, uint16_t port);
bool ip_eq(const struct ip *a, const struct ip *b);
/* "127.0.0.1:80", "[::1]:80"; an IPv4 address that came in through an IPv6 socket is shown as IPv4.  Returns out. */
const char *ip_print(const struct ip *ip, char out[IP_TEXT]);
/* What every TCP socket of ours gets: TCP_NODELAY (a turn's output is one write, nothing is gained by waiting) and
 * keep-alive, so that a peer that vanished is noticed within two minutes.  Accepted sockets inherit it. */
void ip_tune(int fd);

#endif
