/* Splitting and checking URLs.  Knows http and https only; resolves nothing, normalises nothing. */
#include "codec/url.h"

static bool refuse(const char **out_why, const char *why)
{
	if (out_why)
		*out_why = why;
	return false;
}

static bool take_scheme(struct slice *s, struct url *out)
{
	static const struct slice names[] = { { "http://", 7 }, { "https://", 8 } };
	for (size_t i = 0; i < 2; i++) {
		if (s->n < names[i].n || !slice_case_eq(slice_of(s->p, names[i].n), names[i]))
			continue;
		out->tls = i == 1;
		*s = slice_of(s->p + names[i].n, s->n - names[i].n);
		return true;
	}
	return false;
}

static bool is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.'
		|| c == '_';
}

static bool is_v6_byte(char c)
{
	return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

/* Takes the host off the front of *s: a name, an IPv4 address, or an IPv6 address in brackets. */
static bool take_host(struct slice *s, struct url *out)
{
	bool v6 = s->n && s->p[0] == '[';
	size_t from = v6, n = from;
	while (n < s->n && (v6 ? is_v6_byte(s->p[n]) : is_host_byte(s->p[n])))
		n++;
	out->host = slice_of(s->p + from, n - from);
	if (out->host.n == 0 || (v6 && (n == s->n || s->p[n] != ']' || slice_find(out->host, ':') == out->host.n)))
		return false;
	*s = slice_of(s->p + n + v6, s->n - n - v6);
	return true;
}

static bool take_port(struct slice *s, struct url *out)
{
	uint64_t port;
	out->port = out->tls ? 443 : 80;
	if (s->n == 0 || s->p[0] != ':')
		return true;
	size_t n = slice_find(*s, '/');
	if (!slice_u64(slice_of(s->p + 1, n - 1), &port) || port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	*s = slice_of(s->p + n, s->n - n);
	return true;
}

static const char *bad_byte(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c <= ' ' || c >= 0x7f)
			return "has a space, a control character or a letter outside ASCII";
		if (c == '?')
			return "must not have a query";
		if (c == '#')
			return "must not have a fragment";
		if (c == '\\')
			return "has a backslash";
	}
	return NULL;
}

bool url_parse(struct slice text, struct url *out, const char **out_why)
{
	struct url u = { 0 };
	struct slice s = text;
	const char *bad = bad_byte(text);

	if (bad)
		return refuse(out_why, bad);
	if (!take_scheme(&s, &u))
		return refuse(out_why, "must start with http:// or https://");
	size_t authority = slice_find(s, '/');
	if (slice_find(slice_of(s.p, authority), '@') < authority)
		return refuse(out_why, "must not have a user name or password");
	if (!take_host(&s, &u))
		return refuse(out_why, "has no valid host name");
	if (!take_port(&s, &u))
		return refuse(out_why, "has no valid port (1 to 65535)");
	if (s.n && s.p[0] != '/')
		return refuse(out_why, "has no valid host name");
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	u.path = s.n ? s : SLICE("");
	*out = u;
	return true;
}

struct slice url_path(struct slice target, struct slice *out_query)
{
	size_t n = slice_find(target, '?');
	*out_query = n < target.n ? slice_of(target.p + n + 1, target.n - n - 1) : SLICE_EMPTY;
	return slice_of(target.p, n);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F'
		? c - 'A' + 10 : -1;
}

bool url_decode(struct arena *a, struct slice in, struct slice *out)
{
	char *p = arena_take(a, in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '%') {
			p[n++] = in.p[i];
			continue;
		}
		int high = in.n - i > 2 ? hex(in.p[i + 1]) : -1, low = in.n - i > 2 ? hex(in.p[i + 2]) : -1;
		if (high < 0 || low < 0 || high + low == 0)
			return false;
		p[n++] = (char)(high * 16 + low);
		i += 2;
	}
	*out = slice_of(p, n);
	return true;
}

void url_encode(struct buf *out, struct slice segment)
{
	for (size_t i = 0; i < segment.n; i++) {
		char c = segment.p[i];
		bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (is_alnum || c == '-' || c == '.' || c == '_' || c == '~')
			buf_add_char(out, c);
		else
			buf_addf(out, "%%%02X", (unsigned char)c);
	}
}

struct slice url_authority(struct arena *a, const struct url *u)
{
	bool v6 = slice_find(u->host, ':') < u->host.n;
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";

	if (u->port == (u->tls ? 443 : 80))
		return arena_printf(a, "%s%.*s%s", open, SLICE_ARG(u->host), close);
	return arena_printf(a, "%s%.*s%s:%u", open, SLICE_ARG(u->host), close, u->port);
}
