/* What a provider says of its rate limits in header fields, and the same for a client in its own dialect's fields
 * (protocols.md 1.7 and 4.6: OpenAI counts down in durations, Anthropic names moments). */
#ifndef UPSTREAM_QUOTA_H
#define UPSTREAM_QUOTA_H

#include "codec/http1.h"
#include "dialect/dialect.h"

enum quota_of { QUOTA_REQUESTS, QUOTA_TOKENS, QUOTA_KINDS };

/* -1 in a field: not said. */
struct quota {
	struct {
		int64_t limit, remaining, reset_ms;	/* reset: from when the head came */
	} of[QUOTA_KINDS];
};

/* False when the head says nothing of the kind.  `wall_s`: Unix seconds now. */
bool quota_read(const struct http1_head *head, uint64_t wall_s, struct quota *out);
/* Header fields for clients of this family, each with CRLF; Gemini's have none. */
void quota_write(const struct quota *q, enum dialect_family family, uint64_t wall_s, struct buf *out);

#endif
