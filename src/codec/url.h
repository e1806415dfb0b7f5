/* URLs of providers and paths of requests. */
#ifndef CODEC_URL_H
#define CODEC_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

struct url {
	bool tls;		/* https */
	struct slice host;	/* lower case not forced; IPv6 without brackets */
	uint16_t port;		/* 80 / 443 when absent */
	struct slice path;	/* with leading '/', without trailing '/', "" for none; no query, no fragment */
};

/* Absolute http(s) URL without userinfo, query or fragment.  Slices point into `text`.  False with a sentence in
 * *out_why. */
bool url_parse(struct slice text, struct url *out, const char **out_why);
/* Path of a request target without its query; *out_query without '?'. */
struct slice url_path(struct slice target, struct slice *out_query);
/* Percent-decodes into the arena; false on a bad escape or %00. */
bool url_decode(struct arena *a, struct slice in, struct slice *out);
/* The opposite, for one segment of a path: all but unreserved bytes (RFC 3986 2.3) is escaped. */
void url_encode(struct buf *out, struct slice segment);
/* "host" or "host:port" or "[v6]:port" for a Host field; the default port is left out. */
struct slice url_authority(struct arena *a, const struct url *u);

#endif
