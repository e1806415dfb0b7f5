#include "loop/ip.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "base/must.h"

static bool parse_v6(const char *text, struct ip *ip)
{
	char addr[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	const char *zone = strchr(text, '%');

	slice_copy(slice_of(text, zone ? (size_t)(zone - text) : strlen(text)), addr, sizeof(addr));
	if (inet_pton(AF_INET6, addr, &ip->v6.sin6_addr) != 1)
		return false;
	ip->v6.sin6_family = AF_INET6;
	if (zone) {
		uint64_t number;
		ip->v6.sin6_scope_id = if_nametoindex(zone + 1);
		if (ip->v6.sin6_scope_id == 0) {
			if (!slice_u64(slice_str(zone + 1), &number) || number == 0 || number > UINT32_MAX)
				return false;
			ip->v6.sin6_scope_id = (uint32_t)number;
		}
	}
	return true;
}

bool ip_parse(struct slice s, uint16_t port, struct ip *out)
{
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	struct ip ip = { 0 };

	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = slice_of(s.p + 1, s.n - 2);
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, 0, s.n))
		return false;
	slice_copy(s, text, sizeof(text));
	if (inet_pton(AF_INET, text, &ip.v4.sin_addr) == 1)
		ip.v4.sin_family = AF_INET;
	else if (!parse_v6(text, &ip))
		return false;
	ip_set_port(&ip, port);
	*out = ip;
	return true;
}

bool ip_from(const struct sockaddr *sa, struct ip *out)
{
	struct ip ip = { 0 };

	if (sa->sa_family == AF_INET)
		memcpy(&ip.v4, sa, sizeof(ip.v4));
	else if (sa->sa_family == AF_INET6)
		memcpy(&ip.v6, sa, sizeof(ip.v6));
	else
		return false;
	*out = ip;
	return true;
}

socklen_t ip_len(const struct ip *ip)
{
	return ip->sa.sa_family == AF_INET ? sizeof(ip->v4) : sizeof(ip->v6);
}

uint16_t ip_port(const struct ip *ip)
{
	return ntohs(ip->sa.sa_family == AF_INET ? ip->v4.sin_port : ip->v6.sin6_port);
}

void ip_set_port(struct ip *ip, uint16_t port)
{
	if (ip->sa.sa_family == AF_INET)
		ip->v4.sin_port = htons(port);
	else
		ip->v6.sin6_port = htons(port);
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	if (a->sa.sa_family != b->sa.sa_family || ip_port(a) != ip_port(b))
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0 &&
		a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

const char *ip_print(const struct ip *ip, char out[IP_TEXT])
{
	char text[INET6_ADDRSTRLEN];

	out[0] = 0;
	if (ip->sa.sa_family == AF_INET) {
		if (inet_ntop(AF_INET, &ip->v4.sin_addr, text, sizeof(text)))
			snprintf(out, IP_TEXT, "%s:%u", text, ip_port(ip));
	} else if (IN6_IS_ADDR_V4MAPPED(&ip->v6.sin6_addr)) {
		if (inet_ntop(AF_INET, &ip->v6.sin6_addr.s6_addr[12], text, sizeof(text)))
			snprintf(out, IP_TEXT, "%s:%u", text, ip_port(ip));
	} else if (inet_ntop(AF_INET6, &ip->v6.sin6_addr, text, sizeof(text))) {
		snprintf(out, IP_TEXT, "[%s]:%u", text, ip_port(ip));
	}
	return out;
}

/* First probe after 60 s (well below the 350 s after which cloud load balancers forget a connection), then 4 in 15 s
 * steps. */
void ip_tune(int fd)
{
	int on = 1, idle_s = 60, step_s = 15, probes = 4;

	/* A refusal (a Unix socket) changes nothing that matters. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s, sizeof(step_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}
