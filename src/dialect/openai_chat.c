#include "dialect/openai_chat.h"

#include "dialect/openai_build.h"
#include "dialect/openai_collect.h"
#include "dialect/openai_decode.h"
#include "dialect/openai_encode.h"
#include "dialect/openai_error.h"
#include "dialect/openai_parse.h"
#include "dialect/openai_read.h"
#include "dialect/openai_write.h"

const struct dialect openai_chat = {
	.name = "openai-chat",
	.op = REQUEST_CHAT,
	.family = DIALECT_OPENAI,
	.tag = 'c',
	.id_field = "x-request-id",
	/* One newline, no blank line: `: ping\n\n` makes openai-python raise once any id: was seen
	 * (users.md 4.1). */
	.ping = ": ping\n",
	.path = "/chat/completions",
	.parse = openai_parse,
	.build = openai_build,
	.read = openai_read,
	.write = openai_write,
	.decode_event = openai_decode_event,
	.decode_whole = openai_decode_whole,
	.fault = openai_error_fault,
	.encode_event = openai_encode_event,
	.encode_end = openai_encode_end,
	.collect = openai_collect,
	.collected = openai_collect_write,
	.error_body = openai_error_body,
	.error_event = openai_error_event,
};
