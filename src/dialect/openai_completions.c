#include "dialect/openai_completions.h"

#include "dialect/completions_decode.h"
#include "dialect/completions_encode.h"
#include "dialect/completions_parse.h"
#include "dialect/completions_read.h"
#include "dialect/completions_write.h"
#include "dialect/openai_build.h"
#include "dialect/openai_error.h"

const struct dialect openai_completions = {
	.name = "openai-completions",
	.op = REQUEST_CHAT,
	.family = DIALECT_OPENAI,
	.tag = 'l',
	.id_field = "x-request-id",
	/* as in openai-chat, whose SDKs read these streams */
	.ping = ": ping\n",
	.path = "/completions",
	.parse = completions_parse,
	.build = openai_build,
	.read = completions_read,
	.write = completions_write,
	.decode_event = completions_decode_event,
	.decode_whole = completions_decode_whole,
	.fault = openai_error_fault,
	.encode_event = completions_encode_event,
	.encode_end = completions_encode_end,
	.collect = completions_encode_collect,
	.collected = completions_encode_collected,
	.error_body = openai_error_body,
	.error_event = openai_error_event,
};
