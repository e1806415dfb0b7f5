/* HTTP/1.1 as the scripted peers read it: one message at a time, split anywhere.  Written apart from src/codec on
 * purpose, so that a mistake there is not made twice, and strict: it refuses what a careful client or provider
 * would refuse. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum sim_http_at { SIM_HTTP_HEAD, SIM_HTTP_SIZED, SIM_HTTP_UNTIL_EOF, SIM_HTTP_CHUNK_SIZE, SIM_HTTP_CHUNK,
	SIM_HTTP_CHUNK_END,
	SIM_HTTP_TRAILER, SIM_HTTP_DONE, SIM_HTTP_BAD };

struct sim_http {
	bool response, no_body;		/* no_body: the answer to a HEAD */
	enum sim_http_at at;
	struct buf head;		/* start line and fields, each with CRLF, the empty line included */
	struct buf body;		/* chunk framing taken off */
	struct buf line;		/* chunk size or trailer line under way */
	uint64_t left;			/* bytes of the body or chunk still to come */
	bool chunked;
	int64_t length;			/* Content-Length, -1 when absent */
	int status;			/* responses */
	int n_interim;			/* 1xx answers before the final one */
	struct slice method, target;	/* requests; in `head` */
	const char *bad;		/* what is wrong with the message; NULL */
};

void sim_http_init(struct sim_http *h, bool response);
void sim_http_done(struct sim_http *h);
/* Bytes used: fewer than given when the message ends within them or is bad. */
size_t sim_http_feed(struct sim_http *h, struct slice bytes);
/* The connection ended.  True when the message is complete, also by this. */
bool sim_http_eof(struct sim_http *h);
static inline bool sim_http_head_done(const struct sim_http *h)
{
	return h->at != SIM_HTTP_HEAD && h->head.n > 0;
}
/* First field with this name; p NULL when absent. */
struct slice sim_http_field(const struct sim_http *h, const char *name);
size_t sim_http_count(const struct sim_http *h, const char *name);
/* True when `needle` occurs in `hay`. */
bool sim_http_has(struct slice hay, const char *needle);

#endif
