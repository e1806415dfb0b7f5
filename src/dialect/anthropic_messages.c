#include "dialect/anthropic_messages.h"

#include "dialect/anthropic_build.h"
#include "dialect/anthropic_collect.h"
#include "dialect/anthropic_decode.h"
#include "dialect/anthropic_encode.h"
#include "dialect/anthropic_error.h"
#include "dialect/anthropic_parse.h"
#include "dialect/anthropic_read.h"
#include "dialect/anthropic_write.h"

const struct dialect anthropic_messages = {
	.name = "anthropic-messages",
	.op = REQUEST_CHAT,
	.family = DIALECT_ANTHROPIC,
	.tag = 'a',
	.path = "/messages",
	.fields = "anthropic-version: 2023-06-01\r\n",
	.id_field = "request-id",
	.ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n",
	.put_fields = anthropic_build_fields,
	.parse = anthropic_parse,
	.build = anthropic_build,
	.read = anthropic_read,
	.write = anthropic_write,
	.decode_event = anthropic_decode_event,
	.decode_whole = anthropic_decode_whole,
	.fault = anthropic_error_fault,
	.encode_event = anthropic_encode_event,
	.encode_end = anthropic_encode_end,
	.collect = anthropic_collect,
	.collected = anthropic_collect_write,
	.error_status = anthropic_error_status,
	.error_body = anthropic_error_body,
	.error_event = anthropic_error_event,
};
