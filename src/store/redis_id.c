#include "store/redis_id.h"

#include <inttypes.h>
#include <stdio.h>

bool redis_id_parse(struct slice text, struct redis_id *out)
{
	size_t dash = slice_find(text, '-');

	return slice_u64(slice_of(text.p, dash), &out->ms) && slice_u64(slice_skip(text, dash + 1), &out->seq);
}

struct slice redis_id_print(struct redis_id id, char text[REDIS_ID_TEXT])
{
	int n = snprintf(text, REDIS_ID_TEXT, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);

	return slice_of(text, (size_t)n);
}
