#include "dialect/anthropic_count.h"

#include "dialect/anthropic_build.h"
#include "dialect/anthropic_collect.h"
#include "dialect/anthropic_decode.h"
#include "dialect/anthropic_error.h"
#include "dialect/anthropic_parse.h"
#include "dialect/anthropic_read.h"
#include "dialect/anthropic_write.h"

/* Counts are not streamed: the answer is the one event. */
static void encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	anthropic_collect(e, ev);
}

static void encode_end(struct dialect_encode *e, struct buf *out)
{
	if (buf_room(out, 64) == NULL) {
		e->err = ERR_TOO_BIG;
		return;
	}
	buf_add(out, SLICE("data: "));
	anthropic_collect_write_count(e, out);
	buf_add(out, SLICE("\n\n"));
}

const struct dialect anthropic_count = {
	.name = "anthropic-count",
	.op = REQUEST_COUNT,
	.family = DIALECT_ANTHROPIC,
	.tag = 'n',
	.path = "/messages/count_tokens",
	.fields = "anthropic-version: 2023-06-01\r\n",
	.id_field = "request-id",
	.put_fields = anthropic_build_fields,
	.parse = anthropic_parse_count,
	.build = anthropic_build_count,
	.read = anthropic_read,
	.write = anthropic_write_count,
	.decode_event = anthropic_decode_count_event,
	.decode_whole = anthropic_decode_count,
	.fault = anthropic_error_fault,
	.encode_event = encode_event,
	.encode_end = encode_end,
	.collect = anthropic_collect,
	.collected = anthropic_collect_write_count,
	.error_status = anthropic_error_status,
	.error_body = anthropic_error_body,
	.error_event = anthropic_error_event,
};
