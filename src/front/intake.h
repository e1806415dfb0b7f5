/* What a connection knows of the request it is reading or answering, and how that is read from a head. */
#ifndef FRONT_INTAKE_H
#define FRONT_INTAKE_H

#include "dialect/dialect.h"
#include "front/endpoint.h"
#include "front/front.h"

struct intake {
	const struct endpoint *endpoint;
	const struct dialect *dialect;	/* in which it is answered, refusals too; NULL: OpenAI's */
	const char *label;		/* for the record */
	struct request_door door;	/* calls only; texts in `texts` */
	struct slice client;		/* the configured name of its key, in `texts`; mostly empty */
	struct arena texts;		/* empty for most requests */
	bool anthropic;			/* the client names a version of Anthropic's API: for lists of models */
	enum err refused;		/* before or instead of an exchange */
	uint64_t start_ns, wall_ms;
	uint64_t timeout_ms;
	int64_t length;			/* Content-Length; -1: chunked */
	unsigned hops;
	bool complete;			/* its last byte has been read */
	char id[65];
	char path[200];			/* cut for the record; with a name behind a prefix it is whole, or refused */
	uint8_t rest_at;		/* in `path`: what stands behind a prefix path */
};

/* A first byte has come: times and an id of our own. */
void intake_begin(struct intake *q, const struct front *f);
/* Frees its texts; harmless when there are none. */
void intake_end(struct intake *q);
/* Reads the head: id, options, endpoint.  An error is the refusal; whether the request may still be read to its end
 * (nothing follows its head) is intake_is_bare(). */
enum err intake_head(struct intake *q, const struct front *f, const struct http1_head *head, bool admin) MUST_CHECK;
static inline bool intake_is_bare(const struct intake *q)
{
	return q->length == 0;
}

#endif
