/* Ids of stream entries: "milliseconds-sequence" (redis.io/docs/data-types/streams, "Entry IDs"); they only ever
 * grow. */
#ifndef STORE_REDIS_ID_H
#define STORE_REDIS_ID_H

#include "base/slice.h"

/* Two numbers of 64 bits, a dash and a NUL. */
#define REDIS_ID_TEXT 42

struct redis_id {
	uint64_t ms, seq;		/* both 0: before the first entry */
};

/* False when `text` is no id; *out may be half written then. */
bool redis_id_parse(struct slice text, struct redis_id *out);
/* The text lies in `text`. */
struct slice redis_id_print(struct redis_id id, char text[REDIS_ID_TEXT]);

static inline bool redis_id_before(struct redis_id a, struct redis_id b)
{
	return a.ms < b.ms || (a.ms == b.ms && a.seq < b.seq);
}

static inline bool redis_id_is_zero(struct redis_id id)
{
	return id.ms == 0 && id.seq == 0;
}

#endif
